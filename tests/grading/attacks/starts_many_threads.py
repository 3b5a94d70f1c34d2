"""Starts a thousand threads."""
import threading
import time


def attack():
    threading.stack_size(2**16)
    for _ in range(1000):
        threading.Thread(target=time.sleep, args=[600], daemon=True).start()
    time.sleep(600)
