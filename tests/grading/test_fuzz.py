"""A thousand damaged files for every reader; `benchmarks/fuzz_readers.py` has a hundred thousand."""
import importlib.util
import json
import pathlib
import warnings

import pytest

PATH = pathlib.Path(__file__).parents[2] / "benchmarks" / "fuzz_readers.py"
SPEC = importlib.util.spec_from_file_location("fuzz_readers", PATH)
fuzz_readers = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(fuzz_readers)
COUNT = 1000


@pytest.mark.parametrize("name", fuzz_readers.TARGETS)
def test_no_damage_is_a_traceback_or_takes_long(name):
    found = fuzz_readers.fuzz(name, first=10**6, count=COUNT // 5 if name == "h5" else COUNT)

    assert not found["faults"] and found["slowest_ms"] < 1000 * fuzz_readers.SLOW
    assert found["read"] > COUNT / 50


@pytest.mark.parametrize("name", fuzz_readers.TARGETS)
def test_the_number_alone_says_what_an_input_is(name):
    files = fuzz_readers.TARGETS[name]().files

    one, other = (fuzz_readers.changed(files, fuzz_readers.random.Random("zip 7")) for _ in range(2))

    assert one == other


def test_a_reader_that_breaks_is_found(monkeypatch, capsys):
    monkeypatch.setitem(fuzz_readers.TARGETS, "broken", lambda: fuzz_readers.Target([b'{"a": 1}'], json.loads))

    found = fuzz_readers.fuzz("broken", 0, 100)

    assert found["faults"] and "JSONDecodeError" in capsys.readouterr().err


def test_a_warning_is_a_fault(monkeypatch, capsys):
    def warn(data):
        warnings.warn("odd", RuntimeWarning)

    monkeypatch.setitem(fuzz_readers.TARGETS, "warning", lambda: fuzz_readers.Target([], warn))
    monkeypatch.setattr(fuzz_readers, "changed", lambda files, chance: b"")

    assert fuzz_readers.fuzz("warning", 0, 1)["faults"] == [0]
