"""A process is gone only if that is sure."""
import os
import subprocess
import sys

import pytest

from npfl_kit.grading.stores import process_identity

CODE = ("from npfl_kit.grading.stores import process_identity; "
        "print(process_identity.new(), flush=True); input()")


@pytest.fixture
def other():
    """Another process, and its name."""
    process = subprocess.Popen([sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process, process.stdout.readline().strip()
    process.communicate()


def test_each_name_is_another_one():
    assert len({process_identity.new() for _ in range(100)}) == 100


def test_a_process_that_runs_is_not_gone_and_one_that_ended_is(other):
    process, name = other
    before = process_identity.is_gone(name)
    process.communicate("\n")

    assert not before and process_identity.is_gone(name)


def test_a_killed_process_is_gone_even_if_nobody_looked_yet(other):
    process, name = other
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)      # it has ended and is a zombie

    assert process_identity.is_gone(name)


def test_another_process_with_the_same_number_is_not_taken_for_it():
    where, pid, started, token = process_identity.new().rsplit(" ", 3)

    assert process_identity.is_gone(f"{where} {pid} {int(started) - 1} {token}")


@pytest.mark.parametrize("place", ["elsewhere - -", "another machine some-boot pid:[1]"])
def test_nothing_is_known_of_other_machines(place):
    assert not process_identity.is_gone(f"{place} 4000000 1 token")
