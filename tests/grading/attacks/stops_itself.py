"""Asks the kernel to be stopped, so that it uses no processor time."""
import os
import signal


def attack():
    while True:
        os.kill(os.getpid(), signal.SIGSTOP)
