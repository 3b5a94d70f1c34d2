"""Keeps its memory in files that lie nowhere, which is no process's resident memory."""
import os
import time


def attack():
    for number in range(60):
        os.write(os.memfd_create(str(number)), b"x" * 10**7)
    time.sleep(600)
