"""Ends the process with the exit code of success, in the hope that nobody asks for more."""
import os


def attack():
    os._exit(0)
