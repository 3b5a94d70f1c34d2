"""No attack: four children read what their parent has, which is there once."""
import os
import time


def attack():
    kept = b"x" * (150 * 10**6)
    children = []
    for _ in range(4):
        if (child := os.fork()) == 0:
            time.sleep(0.5)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return len(kept)
