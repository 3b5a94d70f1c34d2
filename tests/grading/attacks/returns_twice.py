"""Forks, and both processes return, the wrong one first."""
import os
import time


def attack():
    if os.fork() == 0:
        return 2
    time.sleep(0.3)
    return 1
