"""Ends Python with the exit code of success."""
import sys


def attack():
    sys.exit(0)
