"""Reads all that can be read, for a text that it knows the beginning of."""
import os
import re
import sys

MARK = re.compile(rb"CANARY-[0-9a-f]{16}")
MOST = 2**20


def files():
    for place, folders, names in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(place, name) not in
                      ("/usr", "/proc", "/etc/alternatives") and name not in ("site-packages", "lib", "lib64")]
        yield from (os.path.join(place, name) for name in names)
    for process in filter(str.isdigit, os.listdir("/proc")):
        yield from (f"/proc/{process}/{name}" for name in ("environ", "cmdline", "mountinfo", "comm", "status"))


def attack(*paths):
    found = set()
    roots = [f"/proc/{process}/{link}" for process in filter(str.isdigit, os.listdir("/proc"))
             for link in ("root", "cwd")]
    tries = [*files(), *paths, *(root + path for root in roots for path in paths)]
    for path in tries:
        try:
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    found.update(MARK.findall(file.read(MOST)))
        except OSError:
            pass
    found.update(MARK.findall(repr((os.environ, sys.argv)).encode()))
    print(found, len(tries))
    return sorted(each.decode() for each in found)
