"""Forks, and both processes return."""
import os


def attack():
    return 1 if os.fork() else 2
