"""Takes memory by tens of megabytes."""
import time


def attack():
    kept = []
    for _ in range(200):
        kept.append(b"x" * 10**7)
        time.sleep(0.002)
    time.sleep(600)
