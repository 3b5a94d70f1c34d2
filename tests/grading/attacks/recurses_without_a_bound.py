"""Takes the bound of recursion away, and recurses in C until the stack is full."""
import sys


def attack():
    sys.setrecursionlimit(10**9)
    nested = []
    for _ in range(10**6):
        nested = [nested]
    return repr(nested)
