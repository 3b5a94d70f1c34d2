"""Returns while a daemon goes on that has left the session and lost its parent."""
import os
import time


def attack():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setpgid(0, 0)
            os.close(1)
            os.close(2)
            time.sleep(600)
        os._exit(0)
    time.sleep(0.2)
    return 1
