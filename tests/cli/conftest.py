"""A kit with labs and data sets made for a test, and commands run in this process."""
import json
import sys
import zipfile

import pytest

from npfl_kit.cli import main

LAB = '''"""{idea}

Run:    python3 labs/01_start/{name}.py        20 s on 4 CPU cores, test accuracy 0.97
Try:    --rate=0.1
"""
import argparse

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rate", default=0.5, type=float, help="Learning rate.")


def main(args):
    print("rate", args.rate)
    return {{"accuracy": 0.97}}
'''


@pytest.fixture
def command(capsys, monkeypatch):
    """Run `npfl-kit` with these arguments; gives exit code, standard output and standard error."""
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*arguments):
        capsys.readouterr()
        try:
            code = main.entry([str(each) for each in arguments])
        except SystemExit as ended:
            code = ended.code
        return (code, *capsys.readouterr())
    return run


@pytest.fixture
def lab_folder(tmp_path, monkeypatch):
    """A home with the labs `first` and `second`; gives the folder of their topic."""
    topic = tmp_path / "home" / "labs" / "01_start"
    topic.mkdir(parents=True)
    for name, idea in (("first", "A first idea."), ("second", "Another idea.")):
        (topic / f"{name}.py").write_text(LAB.format(name=name, idea=idea), encoding="utf-8")
    monkeypatch.setenv("NPFL_KIT_HOME", str(tmp_path / "home"))
    return topic


TASK = """
title = "A first task"
kind = "functions"
threshold = 1
per_day = 2
{late}

[[cases]]
id = "area"
points = 2
call = "area"
inputs.side = {{ uniform = [], low = 1, high = 2 }}

[[cases]]
id = "secret"
points = 3
visibility = "{visibility}"
call = "area"
inputs.side = {{ uniform = [], low = 1, high = 2 }}
"""


@pytest.fixture
def course(tmp_path, lab_folder, monkeypatch):
    """A course with a task for the lab `first` and a quick stand-in for the engine; gives its parts.

    The stand-in gives as many points to each case as the first line of `first.py` says, as "# 1.0 graded".
    """
    import types

    from npfl_kit.grading import record
    from npfl_kit.grading.grader import engine
    from npfl_kit.grading.sandbox import isolation

    def write_task(late="", visibility="hidden"):
        (lab_folder / "first.toml").write_text(TASK.format(late=late, visibility=visibility), encoding="utf-8")

    def archive(text="# 1.0 graded", name="first.py", **manifest):
        path = tmp_path / f"{len(list(tmp_path.glob('*.zip')))}.zip"
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr(name, f"{text}\ndef area(side):\n    return side * side\n")
            if manifest:
                packed.writestr("manifest.json", json.dumps(manifest))
        return path

    def grade(task, upload, context):
        _, share, state = upload.files["first.py"].decode().splitlines()[0].split()
        cases = tuple(record.CaseRecord(case.id, state, float(share) * case.points * (state == "graded"), case.points,
                                        case.visibility, expected=4, actual="\x1b[31m5", rationale="It is wrong.",
                                        help="Look again.", seconds=0.25, peak_rss=5_000_000, isolation="L1",
                                        reproduce="npfl-kit check first") for case in task.cases)
        return record.Record(task.lab, task.version, upload.sha256, record.overall(cases), cases, {"numpy": "1.26.4"})
    write_task()
    monkeypatch.setattr(engine, "grade", grade)
    monkeypatch.setattr(engine, "require_sandbox", lambda *given: None)
    monkeypatch.setattr(isolation, "probe", lambda: isolation.L0)
    monkeypatch.setenv("NPFL_KIT_STORE", str(tmp_path / "store"))
    return types.SimpleNamespace(store=tmp_path / "store", archive=archive, write_task=write_task)
