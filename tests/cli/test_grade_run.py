"""Grading a store from the command line: run, rerun, regrade, and what is said afterwards."""
import subprocess
import sys

import pytest

from npfl_kit.cli import main
from npfl_kit.grading.grader import engine
from npfl_kit.grading.stores import batch
from npfl_kit.grading.stores import store as stores


@pytest.fixture
def three(command, course):
    """Three submissions: right, half right, and one that fails."""
    for person, text in (("ada", "# 1.0 graded"), ("bob", "# 0.5 graded"), ("eve", "# 0 student_error")):
        assert command("submit", "first", course.archive(text), f"--person={person}")[0] == 0
    return course


def results(course):
    with stores.Store(course.store) as store:
        return {number: (run.state, run.score) for number, run in store.latest().items()}


def test_all_that_waits_is_graded(command, three):
    code, out, err = command("grade", "run", three.store, "--jobs=2")

    assert (code, err) == (0, "")
    assert "3 done (2 graded, 1 student_error); 0 wait." in out
    assert f"Type: npfl-kit grade show {three.store}" in out
    assert results(three) == {1: ("graded", 5.0), 2: ("graded", 2.5), 3: ("student_error", 0.0)}


def test_a_second_run_has_nothing_to_do(command, three):
    command("grade", "run", three.store)

    assert "0 done; 0 wait." in command("grade", "run", three.store)[1]


def test_a_regrade_of_everything_changes_nothing_and_keeps_history(command, three):
    command("grade", "run", three.store)
    before = results(three)

    code, out, _ = command("grade", "regrade", three.store)

    assert code == 0 and "3 done" in out and out.endswith("Nothing changed.\n") and results(three) == before
    with stores.Store(three.store) as store:
        assert len(store.runs()) == 6


def test_a_regrade_tells_what_changed_and_why(command, three, monkeypatch):
    command("grade", "run", three.store)
    usual = engine.grade
    better = type("Upload", (), {"files": {"first.py": b"# 0.6 graded"}, "sha256": "0" * 64})
    monkeypatch.setattr(engine, "grade", lambda task, upload, context: usual(
        task, better if b"0.5" in upload.files["first.py"] else upload, context))
    three.write_task("optional = [\"notes.md\"]\n")

    code, out, _ = command("grade", "regrade", three.store, "--lab=first")

    assert code == 0
    lines = [line.split("  ") for line in out.splitlines() if line.startswith("#2")]
    assert [[cell.strip() for cell in line if cell] for line in lines] == [
        ["#2", "first", "bob", "graded 2.5 of 5", "graded 3 of 5", "another version of the task"]]
    assert not any(line.startswith(("#1", "#3")) for line in out.splitlines())


def test_a_result_that_does_not_repeat_is_said_so(command, three, monkeypatch):
    command("grade", "run", three.store)
    usual = engine.grade
    monkeypatch.setattr(engine, "grade", lambda task, upload, context: usual(
        task, type(upload)({"first.py": b"# 0.1 graded"}), context))

    assert "it does not repeat" in command("grade", "rerun", three.store, "1")[1]


def test_a_rerun_grades_only_what_is_named(command, three):
    code, out, _ = command("grade", "rerun", three.store, 2, 2)

    assert code == 0 and list(results(three)) == [2]
    assert command("grade", "rerun", three.store, 9)[0] == 2


def test_a_fault_of_ours_is_named_with_what_to_type(command, three, monkeypatch):
    usual = engine.grade

    def grade(task, upload, context):
        if b"0.5" in upload.files["first.py"]:
            raise OSError("no memory")
        return usual(task, upload, context)
    monkeypatch.setattr(engine, "grade", grade)

    code, out, _ = command("grade", "run", three.store)
    monkeypatch.setattr(engine, "grade", usual)
    mended, _, _ = command("grade", "rerun", three.store, 2)

    assert code == 1 and f"npfl-kit grade rerun {three.store} 2\n" in out
    assert mended == 0 and results(three)[2] == ("graded", 2.5)


def test_ctrl_c_says_how_to_go_on(command, three, monkeypatch):
    def run(*given):
        return batch.Summary({"graded": 1}, left=2, stopped=True)
    monkeypatch.setattr(batch, "run", run)

    code, out, _ = command("grade", "run", three.store)

    assert code == main.INTERRUPTED and f"npfl-kit grade run {three.store}" in out and "2 wait" in out


def test_a_lab_whose_task_is_broken_keeps_no_other_waiting(command, three, lab_folder):
    (lab_folder / "second.toml").write_text((lab_folder / "first.toml").read_text().replace(
        "[[cases]]", 'files = ["first.py"]\n[[cases]]', 1))
    command("submit", "second", three.archive(), "--person=ada")
    (lab_folder / "second.toml").write_text("title = 3")

    code, out, err = command("grade", "run", three.store)

    assert code == 0 and "3 done" in out and err.startswith("second is left out, and its submissions wait: ")


@pytest.mark.parametrize("arguments, said", [
    (["--lab=frist"], "did you mean first?"), (["--jobs=-1"], "--jobs")])
def test_a_mistake_is_a_sentence(command, three, arguments, said):
    code, _, err = command("grade", "run", three.store, *arguments)

    assert code == 2 and said in err


@pytest.mark.parametrize("action", ["run", "show", "regrade", "why", "rerun"])
def test_a_folder_without_a_store_is_a_sentence(command, course, tmp_path, action):
    code, out, err = command("grade", action, tmp_path / "typo", *(["1"] if action in ("why", "rerun") else []))

    assert code == 2 and out == "" and "There is no store in" in err and not (tmp_path / "typo").exists()


def test_policies_are_kept_once_per_change(command, three):
    for late in ("", "", "[late]\ndue = 2099-01-01T00:00:00Z\n"):
        three.write_task(late)
        command("grade", "run", three.store)

    with stores.Store(three.store) as store:
        assert [row["lab"] for row in store.rows("SELECT * FROM policies")] == ["first", "first"]


def test_a_policy_that_changed_afterwards_is_told(command, three):
    command("grade", "run", three.store)
    assert "policy of the task changed" not in command("grade", "why", three.store, 1)[1]
    three.write_task("[late]\ndue = 2099-01-01T00:00:00Z\n")
    command("grade", "run", three.store)

    assert "late.due None -> 2099-01-01T00:00:00+00:00" in command("grade", "why", three.store, 1)[1].splitlines()[-3]


def test_showing_never_imports_tensorflow(three):
    code = ("import sys; from npfl_kit.cli import main; main.entry(sys.argv[1:]);"
            "sys.exit(len({'tensorflow', 'keras'} & set(sys.modules)))")

    ended = subprocess.run([sys.executable, "-c", code, "grade", "show", three.store], capture_output=True, text=True)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_labs_of_which_nothing_is_graded_now_are_not_spoken_of(command, three, lab_folder):
    three.write_task(visibility="after_due")
    (lab_folder / "second.toml").write_text((lab_folder / "first.toml").read_text().replace(
        "[[cases]]", 'files = ["first.py"]\n[[cases]]', 1))

    said = "first: secret is never told"
    first = command("grade", "run", three.store)[2]
    command("submit", "second", three.archive(), "--person=ada")
    errs = [command("grade", *arguments)[2] for arguments in (
        ["run", three.store], ["rerun", three.store, "4"], ["rerun", three.store, "1"], ["regrade", three.store])]

    assert first.startswith(said) and [said in err for err in errs] == [False, False, True, True]
    assert ["second: secret" in err for err in errs] == [True, True, False, True]
