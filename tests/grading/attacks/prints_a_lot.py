"""Prints a hundred megabytes, and returns a value."""
import sys


def attack():
    print("the beginning")
    for _ in range(1000):
        sys.stderr.write("x" * 100_000)
    print("the end")
    return 1
