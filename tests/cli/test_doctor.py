"""The doctor tells what is right, what is wrong, and which command mends it."""

import pytest

from npfl_kit import errors, version
from npfl_kit.cli import doctor, machine


@pytest.fixture
def probe(monkeypatch):
    """What TensorFlow's own process answers, without starting it."""
    answer = {"gpus": [], "cuda": True}
    monkeypatch.setattr(machine, "probe_tensorflow", lambda: answer)
    monkeypatch.setattr(machine, "has_driver", lambda: False)
    return answer


def found(out, subject):
    line, = [line for line in out.splitlines() if line.split()[1] == subject]
    return line


def test_a_machine_that_can_run_the_kit_ends_with_0(command, probe):
    code, out, _ = command("doctor")

    assert code == 0 and out.endswith("The kit can run here.\n") and "WRONG" not in out
    assert "2.15" in found(out, "TensorFlow") and "1.26" in found(out, "NumPy")
    assert "NPFL_KIT_OFFLINE" in found(out, "network")
    assert "glyphs" in found(out, "data")


def test_a_wrong_package_ends_with_1_and_the_command(command, probe, monkeypatch):
    def complain():
        raise errors.StackError('npfl_kit needs NumPy below 2. Type: pip install "numpy<2"')
    monkeypatch.setattr(version, "check_stack", complain)

    code, out, _ = command("doctor")

    assert code == 1 and 'pip install "numpy<2"' in found(out, "versions")


def test_a_tensorflow_that_crashes_ends_with_1(command, probe):
    probe.clear()
    probe["error"] = "Illegal instruction"

    code, out, _ = command("doctor")

    assert code == 1 and "Illegal instruction" in found(out, "import")


def test_a_gpu_is_named(command, probe):
    probe["gpus"] = ["NVIDIA H100"]

    _, out, _ = command("doctor")

    assert "NVIDIA H100" in found(out, "GPU")


def test_a_cache_that_cannot_be_written_is_told_and_is_no_hindrance(command, probe, tmp_path, monkeypatch):
    (tmp_path / "occupied").write_text("")
    monkeypatch.setenv("NPFL_KIT_CACHE", str(tmp_path / "occupied" / "cache"))

    code, out, _ = command("doctor")

    assert code == 0 and "NPFL_KIT_CACHE" in found(out, "cache")


def test_a_host_that_is_silent_costs_two_seconds_at_most(monkeypatch):
    monkeypatch.delenv("NPFL_KIT_OFFLINE")
    monkeypatch.setattr(doctor, "ask", lambda url, seconds, answers: __import__("time").sleep(5))

    assert "is silent" in doctor.network(seconds=0.05)


def test_a_tensorflow_that_does_not_start_gives_its_last_words(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho one >&2\necho last words >&2\nexit 1\n")
    python.chmod(0o755)

    assert machine.probe_tensorflow(str(python)) == {"error": "last words"}
    assert "error" in machine.probe_tensorflow(str(tmp_path / "no_python"))


def test_a_tensorflow_that_never_starts_is_given_up(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 60\n")
    python.chmod(0o755)

    assert "timed out" in machine.probe_tensorflow(str(python), seconds=0.1)["error"]


def test_the_tensorflow_that_is_installed_answers():
    answer = machine.probe_tensorflow()

    assert set(answer) == {"gpus", "cuda"}, answer
