"""A fork bomb. It runs in a sandbox with processes of its own only."""
import os


def attack():
    while True:
        os.fork()
