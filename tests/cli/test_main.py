"""The command line as a whole: help at once, mistakes in one sentence, exit codes that scripts can trust."""
import os
import statistics
import subprocess
import sys
import time

import pytest

from npfl_kit import errors, version
from npfl_kit.cli import labs, main

NPFL_KIT = [sys.executable, "-m", "npfl_kit"]


@pytest.mark.parametrize("arguments", [["--help"], *[[verb, "--help"] for verb in main.VERBS]])
def test_each_help_says_what_the_verb_does(command, arguments):
    code, out, _ = command(*arguments)

    assert code == 0 and out.startswith("usage: npfl-kit")


def test_version(command):
    assert command("--version") == (0, f"npfl_kit {version.__version__}\n", "")


@pytest.mark.parametrize("arguments", [[], ["lab"], ["data"], ["labs", "--colour"]])
def test_a_command_that_does_not_parse_ends_with_2(command, arguments):
    code, _, err = command(*arguments)

    assert code == 2 and "usage: npfl-kit" in err


@pytest.mark.parametrize("raised, code, said", [
    (errors.DataError("It is broken. Mend it."), 2, "error: It is broken. Mend it.\n"),
    (KeyboardInterrupt(), 130, ""),
])
def test_what_the_user_can_mend_is_a_sentence_and_an_exit_code(command, monkeypatch, raised, code, said):
    def fail(args):
        raise raised
    monkeypatch.setattr(labs, "run", fail)

    assert command("labs") == (code, "", said)


def test_a_mistake_of_ours_keeps_its_traceback(command, monkeypatch):
    monkeypatch.setattr(labs, "run", lambda args: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        command("labs")


def test_a_reader_that_stops_early_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)

    ended = subprocess.run([*NPFL_KIT, "labs"], stdout=writing, stderr=subprocess.PIPE, text=True)

    os.close(writing)
    assert ended.stderr == "" and ended.returncode == main.BROKEN_PIPE


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["labs"], ["data", "list"]])
def test_quick_commands_import_nothing_heavy(arguments):
    code = ("import sys; from npfl_kit.cli import main\n"
            "try: main.entry(sys.argv[1:])\n"
            "except SystemExit: pass\n"
            "heavy = {'tensorflow', 'keras', 'numpy', 'requests', 'rich', 'filelock', 'PIL'} & set(sys.modules)\n"
            "sys.exit(str(heavy) if heavy else 0)")

    ended = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_help_starts_at_once():
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([*NPFL_KIT, "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)

    assert statistics.median(seconds) < 1.0     # 0.15 s on an idle machine
