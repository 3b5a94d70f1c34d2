"""Raises what `except Exception` does not catch."""


def attack():
    raise KeyboardInterrupt
