"""Leaves an answer for the time after the end: `atexit` runs when nobody listens any more."""
import atexit
import os


def answer():
    for descriptor in range(3, 1024):
        try:
            os.write(descriptor, b'{"case":"attack","repeat":0,"value":"forged"}\n')
        except OSError:
            pass


def attack():
    atexit.register(answer)
    raise RuntimeError("now it is atexit's turn")
