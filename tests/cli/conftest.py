"""A kit with labs and data sets made for a test, and commands run in this process."""
import sys

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
