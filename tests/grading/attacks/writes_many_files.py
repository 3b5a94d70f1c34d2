"""Fills the disk with files, none of which is large, and waits."""
import time


def attack():
    for number in range(100):
        with open(f"file_{number}", "wb") as file:
            file.write(b"x" * 10**6)
    time.sleep(600)
