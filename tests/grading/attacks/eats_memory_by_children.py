"""Takes memory in four processes, none of which has much."""
import os
import time


def attack():
    for _ in range(4):
        if os.fork() == 0:
            kept = b"x" * (120 * 10**6)
            time.sleep(600)
            return len(kept)
    time.sleep(600)
