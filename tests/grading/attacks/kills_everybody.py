"""Kills all processes that it sees. It runs in a sandbox with processes of its own only."""
import os
import signal


def attack():
    for process in (-1, os.getppid(), 0):
        try:
            os.kill(process, signal.SIGKILL)
        except OSError:
            pass
    return 1
