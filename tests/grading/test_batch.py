"""A batch ends with the same table however often it is killed, and no submission can stop it."""
import io
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from npfl_kit import errors
from npfl_kit.grading import record
from npfl_kit.grading.stores import batch, batch_progress, leases
from npfl_kit.grading.stores import store as stores
from tests.grading import quick_grader

COUNT, DISTINCT = 40, 33


@pytest.fixture
def store(tmp_path):
    with stores.Store(tmp_path / "store", make=True) as made:
        yield made


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """The table of a batch that nobody disturbed."""
    with stores.Store(tmp_path_factory.mktemp("unbroken") / "store", make=True) as made:
        quick_grader.fill(made, COUNT, DISTINCT)
        run(made, jobs=1)
        return quick_grader.table(made)


def run(store, jobs=3, grade=quick_grader.grade, versions=quick_grader.VERSIONS, progress=None, **parts):
    return batch.run(store, jobs, grade, versions, quick_grader.ENVIRONMENT, progress, **parts)


def start(store, jobs=3, seconds=0.02):
    """Another process that grades; it has opened the store when this returns."""
    process = subprocess.Popen([sys.executable, quick_grader.__file__, store.folder, str(jobs), str(seconds)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "open\n"
    return process


def settled(store):
    return [run.submission.id for run in store.runs() if run.settled]


@pytest.mark.parametrize("jobs", [1, 4])
def test_the_table_does_not_depend_on_the_number_of_workers(store, unbroken, jobs):
    quick_grader.fill(store, COUNT, DISTINCT)

    summary = run(store, jobs)

    assert quick_grader.table(store) == unbroken and store.pending() == []
    assert (summary.graded, summary.copied, summary.left) == (DISTINCT, COUNT - DISTINCT, 0)


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_batch_goes_on_and_ends_with_the_same_table(store, unbroken, seed):
    quick_grader.fill(store, COUNT, DISTINCT)
    kills = 0
    while store.pending():
        process = start(store)
        try:
            process.wait(random.Random(100 * seed + kills).uniform(0, 0.25 + kills / 50))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()

    assert kills and quick_grader.table(store) == unbroken
    assert sorted(settled(store)) == list(range(1, COUNT + 1))


def test_what_a_killed_batch_held_is_graded_at_once_by_the_next(store):
    quick_grader.fill(store, 3, 3)
    process = start(store, jobs=3, seconds=60)
    wait_for(lambda: len(store.rows("SELECT 1 FROM work WHERE owner IS NOT NULL")) == 3)
    process.kill()
    process.communicate()
    started = time.monotonic()

    summary = run(store)

    assert summary.graded == 3 and time.monotonic() - started < leases.SECONDS / 4
    assert len(store.rows("SELECT 1 FROM events WHERE kind = 'lost'")) == 3


def test_two_batches_at_once_grade_nothing_twice(store, unbroken):
    quick_grader.fill(store, COUNT, DISTINCT)
    both = [start(store, jobs=2), start(store, jobs=2)]

    said = [process.communicate(timeout=60) for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    assert quick_grader.table(store) == unbroken and sorted(settled(store)) == list(range(1, COUNT + 1))
    assert len(store.runs()) == COUNT


def test_ctrl_c_ends_cleanly_and_the_rest_waits(store, unbroken):
    quick_grader.fill(store, COUNT, DISTINCT)
    process = start(store, jobs=2, seconds=1)
    wait_for(lambda: store.runs())
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)

    assert process.returncode == 130 and err == ""
    assert store.pending() and not store.rows("SELECT 1 FROM work WHERE owner IS NOT NULL")
    run(store)
    assert quick_grader.table(store) == unbroken


def test_a_result_that_comes_after_the_stop_is_not_kept(store):
    quick_grader.fill(store, 1, 1)
    work = batch.Batch(leases.Leases(store, quick_grader.VERSIONS, {}), lambda *_: quick_grader.grade(*_),
                       batch_progress.Progress())
    claimed, _ = work.leases.claim()
    work.stop.set()

    work._grade(claimed)

    assert store.runs() == [] and store.pending() == [1]


def test_identical_uploads_are_graded_once_even_at_the_same_time(store):
    for person in "abcdefgh":
        store.submit("cnn", b"the same", person)
    calls = []

    summary = run(store, 8, lambda work, archive: calls.append(work) or quick_grader.grade(work, archive, 0.05))

    assert len(calls) == 1 and (summary.graded, summary.copied) == (1, 7)
    assert len({run.score for run in store.latest().values()}) == 1
    assert [run.copied_from for run in store.runs()] == [None] + 7 * [1]


def test_equal_content_in_other_archives_is_graded_once_and_each_record_names_its_own(store):
    first, second = (store.submit("cnn", archive, "ada", content=64 * "a") for archive in (b"packed", b"repacked"))

    summary = run(store)

    assert (summary.graded, summary.copied) == (1, 1)
    assert [each.result.submission for each in store.runs()] == [first.sha256, second.sha256]


def test_another_task_or_environment_is_graded_anew(store):
    store.submit("cnn", b"the same", "ada")
    run(store)
    store.submit("cnn", b"the same", "bob")
    run(store, versions={"cnn": "v2"})
    store.submit("cnn", b"the same", "eve")
    batch.run(store, 1, quick_grader.grade, quick_grader.VERSIONS, {"python": "3.9.1"})

    assert [each.copied_from for each in store.runs()] == [None, None, None]
    assert [each.task_version for each in store.runs()] == ["v1", "v2", "v1"]


def test_a_regrade_grades_again_keeps_history_and_changes_nothing(store, unbroken):
    quick_grader.fill(store, COUNT, DISTINCT)
    run(store)
    before = len(store.runs())

    store.ask(range(1, COUNT + 1), "regrade")
    summary = run(store)

    assert (summary.graded, summary.copied) == (DISTINCT, COUNT - DISTINCT)
    assert quick_grader.table(store) == unbroken and len(store.runs()) == before + COUNT


@pytest.mark.parametrize("fault", [ValueError("odd"), MemoryError(), SystemExit(0), RecursionError(),
                                   errors.DataError("No data.")], ids=lambda fault: type(fault).__name__)
def test_our_fault_is_tried_three_times_and_stops_nobody_else(store, fault):
    def grade(work, archive):
        if work.submission.id == 2:
            raise fault
        return quick_grader.grade(work, archive)
    quick_grader.fill(store, 5, 5)

    summary = run(store, 2, grade)

    assert [each.attempt for each in store.runs(2)] == [1, 2, 3] and store.pending() == []
    assert store.latest()[2].state == "grader_error" and store.latest()[2].score == 0
    assert type(fault).__name__ in store.latest()[2].result.rationale
    assert len(store.latest()) == 5 and summary.left == 0


@pytest.mark.parametrize("odd", [None, "10", {"score": 10}, float("inf")])
def test_what_is_no_record_is_our_fault_and_has_no_points(store, odd):
    quick_grader.fill(store, 1, 1)

    run(store, 1, lambda work, archive: odd)

    assert store.latest()[1].state == "grader_error" and store.latest()[1].score == 0


@pytest.mark.parametrize("actual", [float("nan"), float("-inf"), "x" * 2**23, {1, 2}])
def test_row_14_a_record_that_is_no_json_is_our_fault_and_has_no_points(store, actual):
    def grade(work, archive):
        case = record.CaseRecord("a", "graded", 1.0, 1.0, actual=actual)
        return record.Record("cnn", "v1", work.submission.sha256, "graded", (case,))
    quick_grader.fill(store, 1, 1)

    run(store, 1, grade)

    assert store.latest()[1].state == "grader_error" and store.latest()[1].score == 0


def test_a_fault_that_passes_is_mended_by_the_next_attempt(store):
    def grade(work, archive):
        if work.attempt < 3:
            raise OSError("no memory")
        return quick_grader.grade(work, archive)
    quick_grader.fill(store, 4, 4)

    run(store, 2, grade)

    assert "grader_error" not in {each.state for each in store.latest().values()}
    assert len(store.runs()) == 12


def test_a_fault_of_ours_is_not_taken_over_by_an_equal_submission(store):
    calls = []

    def grade(work, archive):
        calls.append(work)
        if len(calls) <= leases.ATTEMPTS:
            raise OSError("no memory")
        return quick_grader.grade(work, archive)
    store.submit("cnn", b"the same", "ada")
    run(store, 1, grade)
    store.submit("cnn", b"the same", "bob")
    run(store, 1, grade)

    assert store.latest()[1].state == "grader_error" and store.latest()[2].state != "grader_error"


def test_a_slow_submission_keeps_no_other_waiting(store):
    free = threading.Event()

    def grade(work, archive):
        if work.submission.id == 1:
            assert free.wait(30)
        elif len(store.latest()) == 4:
            free.set()
        return quick_grader.grade(work, archive)
    quick_grader.fill(store, 6, 6)

    run(store, 2, grade)

    assert [each.submission.id for each in store.runs()][-1] in (1, 6) and len(store.latest()) == 6


def test_what_stopped_a_batch_comes_last_the_next_time(store):
    quick_grader.fill(store, 3, 3)
    clock = [0.0]
    leases.Leases(store, quick_grader.VERSIONS, {}, clock=lambda: clock[0]).claim()
    clock[0] += leases.SECONDS + 1
    later = leases.Leases(store, quick_grader.VERSIONS, {}, clock=lambda: clock[0])

    assert [later.claim()[0].submission.id for _ in range(3)] == [2, 3, 1]


def test_a_lease_that_is_renewed_does_not_end_and_one_that_ended_brings_no_result(store):
    quick_grader.fill(store, 1, 1)
    clock = [0.0]
    slow, other = (leases.Leases(store, quick_grader.VERSIONS, {}, clock=lambda: clock[0]) for _ in range(2))
    work, _ = slow.claim()
    clock[0] += leases.SECONDS - 1
    slow.renew()
    clock[0] += 2
    taken_early = other.claim()
    clock[0] += leases.SECONDS
    taken, _ = other.claim()

    assert taken_early == (None, []) and taken.request == work.request
    assert not slow.finish(work, quick_grader.grade(work, b""), store.clock()) and store.runs() == []
    assert other.finish(taken, quick_grader.grade(taken, b""), store.clock()) and len(store.runs()) == 1


def test_a_batch_keeps_its_leases_while_it_grades(store, monkeypatch):
    monkeypatch.setattr(batch, "SECONDS_BETWEEN_RENEWALS", 0.01)

    def expires():
        return store.rows("SELECT expires FROM work")[0]["expires"]

    def grade(work, archive):
        first = expires()
        wait_for(lambda: expires() > first)
        return quick_grader.grade(work, archive)
    quick_grader.fill(store, 1, 1)

    run(store, 1, grade)

    assert store.latest()[1].state != "grader_error"


def test_other_labs_are_left_alone(store):
    store.submit("tagger", b"archive", "ada")

    assert run(store).graded == 0 and store.pending() == [1]


def test_only_those_that_are_named_are_graded(store):
    quick_grader.fill(store, 5, 5)

    run(store, only=[4, 2])

    assert sorted(store.latest()) == [2, 4] and store.pending() == [1, 3, 5]


def test_a_damaged_archive_is_our_fault_and_stops_nobody(store):
    quick_grader.fill(store, 2, 2)
    for path in (store.folder / "objects").rglob(store.submission(1).sha256):
        path.write_bytes(b"")

    run(store)

    assert [each.state for each in store.latest().values()][0] == "grader_error" and len(store.latest()) == 2


def test_a_full_disk_stops_the_batch_with_a_sentence(store, monkeypatch):
    quick_grader.fill(store, 2, 2)

    def fail(self, work, result, started):
        raise errors.DataError("Cannot write to the store: database or disk is full.")
    monkeypatch.setattr(leases.Leases, "finish", fail)

    with pytest.raises(errors.DataError, match="disk is full"):
        run(store)


def test_lines_tell_what_was_done_and_the_time_left(store):
    quick_grader.fill(store, 3, 2)
    stream = io.StringIO()

    run(store, 1, progress=batch_progress.of(stream))

    lines = stream.getvalue().splitlines()
    assert [line.split("  ")[0] for line in lines] == ["1/3", "2/3", "3/3"]
    assert sorted(line.split()[1] for line in lines) == ["#1", "#2", "#3"]
    assert any("as an equal submission" in line for line in lines)


def test_a_name_that_a_terminal_cannot_write_stops_nothing(store):
    store.submit("cnn", b"archive", "\u5f20\u4f1f")
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    run(store, 1, progress=batch_progress.of(stream))

    stream.seek(0)
    assert "#1 cnn ??:" in stream.read() and store.pending() == []


def test_a_bar_is_drawn_on_a_terminal(store):
    class Terminal(io.StringIO):
        def isatty(self):
            return True
    quick_grader.fill(store, 6, 6)
    stream = Terminal()

    run(store, 1, progress=batch_progress.of(stream))

    assert "6/6" in stream.getvalue() and stream.getvalue().count("#") >= sum(
        each.state != "graded" for each in store.latest().values())


def wait_for(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
