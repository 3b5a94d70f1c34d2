"""One grader for all labs of a store, by the engine itself; predictions need no sandbox."""
import dataclasses
import io
import zipfile

import pytest

from npfl_kit import errors
from npfl_kit.grading import environment, record
from npfl_kit.grading.course import course_grader
from npfl_kit.grading.grader import engine
from npfl_kit.grading.sandbox import isolation
from npfl_kit.grading.stores import batch
from npfl_kit.grading.stores import store as stores

TASK = """
title = "A first task"
kind = "functions"
[[cases]]
id = "only"
points = 2
call = "area"
inputs.side = { uniform = [], low = 1, high = 2 }
"""


@pytest.fixture
def store(tmp_path, monkeypatch):
    topic = tmp_path / "home" / "labs" / "01_start"
    topic.mkdir(parents=True)
    (tmp_path / "home" / "datasets").mkdir()
    (topic / "first.py").write_text("def area(side):\n    return side * side\n")
    (topic / "first.toml").write_text(TASK)
    monkeypatch.setenv("NPFL_KIT_HOME", str(tmp_path / "home"))
    with stores.Store(tmp_path / "store", make=True) as made:
        yield made


def archive(text, name="first.py"):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr(name, text)
    return stream.getvalue()


def grade(store, **parts):
    tasks, _ = course_grader.read_tasks(store)
    grader = course_grader.CourseGrader(store, tasks, isolation.L0, trusted=True, **parts)
    return batch.run(store, 2, grader.grade, grader.versions, environment.versions())


def test_honest_wrong_and_unreadable_archives(store):
    for person, data in (("ada", archive("def area(side):\n    return side * side\n")),
                         ("bob", archive("def area(side):\n    return side + side\n")),
                         ("eve", b"no archive"), ("carl", archive("", "other.py"))):
        store.submit("first", data, person)

    grade(store)

    assert {number: (run.state, run.score) for number, run in store.latest().items()} == {
        1: ("graded", 2.0), 2: ("graded", 0.0), 3: ("ungradable", 0.0), 4: ("ungradable", 0.0)}
    assert {run.max for run in store.latest().values()} == {2.0}


def test_code_of_strangers_is_not_run_without_a_sandbox(store):
    store.submit("first", archive(""), "ada")
    tasks, _ = course_grader.read_tasks(store)

    with pytest.raises(errors.UsageError, match="--i-trust-these-files"):
        course_grader.CourseGrader(store, tasks, isolation.L0)


def test_what_our_fault_was_is_in_the_log_and_not_in_the_record(store, monkeypatch):
    def judge(*given):
        raise ValueError("the answer is forty-two")
    store.submit("first", archive(""), "ada")
    monkeypatch.setitem(engine.JUDGES, "functions", judge)

    grade(store)

    assert store.latest()[1].state == "grader_error"
    assert "forty" not in record.canonical(store.latest()[1].result.as_json())
    assert any("the answer is forty-two" in line["text"] for line in store.log(1))


def test_a_task_that_cannot_be_read_leaves_the_others(store, tmp_path):
    store.submit("first", archive(""), "ada")
    store.submit("gone", archive(""), "ada")

    tasks, broken = course_grader.read_tasks(store)

    assert list(tasks) == ["first"] and list(broken) == ["gone"]
    with pytest.raises(errors.UsageError, match="did you mean first"):
        course_grader.read_tasks(store, "frist")


def test_functions_see_no_data_and_runs_only_what_is_named(store, tmp_path, monkeypatch):
    store.submit("first", archive(""), "ada")
    description = course_grader.read_tasks(store)[0]["first"]
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path))

    assert course_grader.data_dirs(description) == ()
    assert course_grader.data_dirs(dataclasses.replace(description, kind="runs")) == (tmp_path,)


def stale(tmp_path):
    """Reference results of another version of the task."""
    path = tmp_path / "home" / "labs" / "01_start" / "first.reference.json"
    path.write_text('{"cases": {"only": {"fingerprint": "0", "values": []}}}', encoding="utf-8")


def test_a_lab_whose_reference_results_are_stale_waits_and_others_do_not(store, tmp_path):
    topic = tmp_path / "home" / "labs" / "01_start"
    for name in ("py", "toml"):
        (topic / f"second.{name}").write_text((topic / f"first.{name}").read_text())
    for lab in ("first", "second"):
        store.submit(lab, archive("def area(side):\n    return side * side\n", f"{lab}.py"), "ada")
    stale(tmp_path)

    tasks, broken = course_grader.ready_tasks(store)

    assert list(tasks) == ["second"] and list(course_grader.read_tasks(store)[0]) == ["first", "second"]
    assert "The case only of first was changed" in broken["first"]
    assert "npfl-kit grade calibrate first" in broken["first"]
    with pytest.raises(errors.DataError, match="grade calibrate first"):
        course_grader.ready_tasks(store, "first")
