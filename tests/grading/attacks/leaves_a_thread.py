"""Returns while a thread goes on."""
import threading
import time


def attack():
    threading.Thread(target=time.sleep, args=[600]).start()
    return 1
