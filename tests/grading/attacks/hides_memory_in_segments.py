"""Keeps its memory in shared segments of System V, which outlive even processes."""
import ctypes
import time


def attack():
    library = ctypes.CDLL(None, use_errno=True)
    library.shmat.restype = ctypes.c_void_p
    for number in range(60):
        segment = library.shmget(0, 10**7, 0o1600)
        if segment < 0:
            raise OSError(ctypes.get_errno(), "no segment")
        place = library.shmat(segment, None, 0)
        ctypes.memset(place, 1, 10**7)
        library.shmdt(ctypes.c_void_p(place))
    time.sleep(600)
