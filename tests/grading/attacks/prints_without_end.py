"""Prints for ever."""


def attack():
    while True:
        print("x" * 10000)
