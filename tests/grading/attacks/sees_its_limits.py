"""No attack: says what a student's code is given."""
import os
import sys


def attack():
    with open("/proc/self/status", encoding="ascii") as file:
        lines = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    return {"environment": sorted(os.environ), "argv": list(sys.argv), "order": "".join({"a", "b", "c", "d", "e"}),
            "no_new_privileges": lines["NoNewPrivs"], "capabilities": lines["CapBnd"] + lines["CapEff"],
            "folders": sorted(os.listdir("/")), "path": list(sys.path), "cwd": os.getcwd()}
