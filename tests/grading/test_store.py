"""The store: what came and what was found is never changed, no score leaves its range, time is the store's own."""
import datetime
import io
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import zipfile

import pytest

from npfl_kit import errors
from npfl_kit.grading import record
from npfl_kit.grading.stores import leases, objects, schema
from npfl_kit.grading.stores import store as stores

VERSIONS, ENVIRONMENT = {"cnn": "v1"}, {"python": "3.11.7"}


@pytest.fixture
def store(tmp_path):
    with stores.Store(tmp_path / "store", make=True) as made:
        yield made


def graded(submission, score=1.0, most=2.0, state="graded", **parts):
    case = record.CaseRecord("a", state, score, most, seconds=0.5, peak_rss=1000, **parts)
    return record.Record("cnn", "v1", submission.sha256, state, (case,))


def grade_next(store, **parts):
    work = leases.Leases(store, VERSIONS, ENVIRONMENT)
    claimed, _ = work.claim()
    assert work.finish(claimed, graded(claimed.submission, **parts), store.clock())
    return claimed.submission.id


def change(store, statement, *parameters):
    with store.writing() as database:
        database.execute(statement, parameters)


def test_a_receipt_has_number_time_and_digest(store):
    before = stores.now()
    receipt = store.submit("cnn", b"archive", "ada")

    assert receipt.id == 1 and receipt.sha256 == objects.sha256(b"archive")
    assert before <= receipt.received_at <= stores.now()
    assert datetime.datetime.fromisoformat(receipt.received_at).utcoffset() == datetime.timedelta(0)
    assert store.archive(store.submission(1)) == b"archive"


def test_row_23_no_time_of_the_archive_counts_and_a_replay_is_a_later_submission(store):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(zipfile.ZipInfo("a.py", (1999, 1, 1, 0, 0, 0)), b'{"received_at": "1999-01-01"}')

    first, again = (store.submit("cnn", archive.getvalue(), "ada") for _ in range(2))

    assert first.received_at > "2026" and again.received_at > first.received_at and again.id > first.id
    assert again.sha256 == first.sha256


@pytest.mark.parametrize("statement", [
    "UPDATE submissions SET received_at = '1999-01-01T00:00:00.000000+00:00'", "DELETE FROM submissions",
    "UPDATE members SET person = 'eve'", "DELETE FROM members", "UPDATE runs SET score = 2", "DELETE FROM runs",
    "UPDATE requests SET reason = 'rerun'", "DELETE FROM requests", "DELETE FROM events",
    "UPDATE events SET text = ''", "UPDATE environments SET versions = ''", "DELETE FROM environments",
    "INSERT OR REPLACE INTO submissions SELECT id, lab, 'eve', received_at, sha256, content FROM submissions",
    "INSERT OR REPLACE INTO runs SELECT * FROM runs"])
def test_row_23_the_past_is_only_ever_added_to(store, statement):
    store.submit("cnn", b"archive", "ada")
    grade_next(store)
    store.note("test", "a line")
    before = list(store._database.iterdump())

    with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
        change(store, statement)

    assert list(store._database.iterdump()) == before


@pytest.mark.parametrize("score, most", [(3, 2), (-1, 2), (float("nan"), 2), (1, float("nan")), ("a", 2),
                                         (None, 2), (float("inf"), float("inf")), (1, float("inf")), (b"1", 2)])
def test_row_14_sqlite_itself_keeps_no_score_out_of_range(store, score, most):
    store.submit("cnn", b"archive", "ada")
    grade_next(store)
    columns = [each["name"] for each in store.rows("PRAGMA table_info(runs)") if each["name"] != "id"]
    values = {**dict.fromkeys(columns), **store.rows("SELECT * FROM runs")[0], "attempt": 2, "settled": 0,
              "state": "grader_error", "score": score, "max": most}

    with pytest.raises(sqlite3.IntegrityError, match="constraint failed"):
        change(store, f"INSERT INTO runs ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
               *(values[name] for name in columns))


@pytest.mark.parametrize("column, value", [("state", "passed"), ("state", None), ("settled", 2), ("attempt", 0),
                                           ("submission", 99), ("request", 99), ("environment", "0" * 64)])
def test_a_run_is_of_something_that_is_there_and_in_a_known_state(store, column, value):
    store.submit("cnn", b"archive", "ada")
    grade_next(store)
    columns = [each["name"] for each in store.rows("PRAGMA table_info(runs)") if each["name"] != "id"]
    values = {**store.rows("SELECT * FROM runs")[0], "attempt": 2, "settled": 0, "state": "grader_error",
              column: value}

    with pytest.raises(sqlite3.IntegrityError, match="constraint failed"):
        change(store, f"INSERT INTO runs ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
               *(values[name] for name in columns))


def test_a_request_has_one_result(store):
    store.submit("cnn", b"archive", "ada")
    grade_next(store)
    columns = ", ".join(each["name"] for each in store.rows("PRAGMA table_info(runs)")
                        if each["name"] not in ("id", "attempt"))

    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        change(store, f"INSERT INTO runs (attempt, {columns}) SELECT 2, {columns} FROM runs")


def test_the_last_settled_run_is_the_result_and_all_are_kept(store):
    store.submit("cnn", b"archive", "ada", team=["bob"])
    grade_next(store, score=1.0)
    store.ask([1], "rerun")
    waiting = store.pending()
    grade_next(store, score=2.0)

    assert waiting == [1] and store.pending() == []
    assert [run.score for run in store.runs(1)] == [1.0, 2.0] and store.latest()[1].score == 2.0
    assert [run.reason for run in store.runs(1)] == ["submit", "rerun"]
    assert store.latest("cnn")[1].submission.team == ("ada", "bob") and store.latest("tagger") == {}


def test_a_record_comes_back_whole_and_its_measurements_are_not_compared(store):
    store.submit("cnn", b"archive", "ada")
    grade_next(store)

    [run] = store.runs()

    assert run.result == graded(run.submission)
    assert run.result.cases[0].seconds == 0.5 and "0.5" not in run.comparable
    assert store.rows("SELECT record FROM runs")[0]["record"].count('"seconds":null') == 1


def test_half_a_surrogate_pair_in_a_record_is_kept_as_a_question_mark(store):
    store.submit("cnn", b"archive", "ada")
    grade_next(store, actual="\ud800")

    assert store.runs()[0].result.cases[0].actual == "?"


def test_a_person_sees_what_the_team_handed_in(store):
    store.submit("cnn", b"1", "ada", team=["bob", "ada"])
    store.submit("cnn", b"2", "eve")
    store.submit("tagger", b"3", "bob")

    assert [each.id for each in store.submissions(person="bob")] == [1, 3]
    assert [each.id for each in store.submissions("cnn", "bob")] == [1]
    assert store.submission(1).team == ("ada", "bob") and store.labs() == ["cnn", "tagger"]


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path):
    found = []

    def open_it():
        with stores.Store(tmp_path / "store", make=True) as store:
            found.append(store.secret)
    threads = [threading.Thread(target=open_it) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 24 and len(set(found)) == 1 and len(found[0]) == 32
    assert stat.S_IMODE((tmp_path / "store" / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700


def test_processes_that_make_a_store_at_once_make_one(tmp_path):
    code = ("import sys; from npfl_kit.grading.stores import store\n"
            "with store.Store(sys.argv[1], make=True) as made:\n"
            "    made.submit('cnn', b'archive', 'ada'); print(made.secret.hex())")
    started = [subprocess.Popen([sys.executable, "-c", code, tmp_path / "store"], stdout=subprocess.PIPE, text=True)
               for _ in range(4)]

    said = {each.communicate()[0] for each in started}

    assert [each.returncode for each in started] == [0] * 4 and len(said) == 1
    with stores.Store(tmp_path / "store") as store:
        assert [each.id for each in store.submissions()] == [1, 2, 3, 4]


@pytest.mark.parametrize("spoil", [os.unlink, lambda path: path.write_bytes(bytes(32)),
                                   lambda path: path.write_bytes(b"")], ids=["lost", "another", "empty"])
def test_a_lost_secret_is_said_so_and_never_replaced(store, spoil):
    os.chmod(store.folder / "secret", 0o600)
    spoil(store.folder / "secret")

    left = [path.read_bytes() for path in store.folder.glob("secret")]

    for _ in range(2):
        with pytest.raises(errors.DataError, match="not the secret of this store"):
            stores.Store(store.folder)

    assert [path.read_bytes() for path in store.folder.glob("secret")] == left


def test_a_store_of_a_newer_kit_is_refused_with_what_to_type(store):
    store._database.execute(f"PRAGMA user_version = {schema.VERSION + 1}")

    with pytest.raises(errors.DataError, match="git pull"):
        stores.Store(store.folder)


@pytest.mark.parametrize("make", [False, True])
def test_other_folders_are_refused_in_a_sentence(tmp_path, make):
    (tmp_path / "photo.png").write_bytes(b"")
    (tmp_path / "other").mkdir()
    sqlite3.connect(tmp_path / "other" / "store.sqlite3").execute("CREATE TABLE a (b)").connection.close()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "store.sqlite3").write_bytes(b"no database" * 1000)

    for folder in (tmp_path, tmp_path / "photo.png", tmp_path / "other", tmp_path / "broken"):
        with pytest.raises(errors.DataError):
            stores.Store(folder, make=make)


def test_a_store_is_only_made_when_it_is_wanted(tmp_path):
    with pytest.raises(errors.DataError, match="There is no store in"):
        stores.Store(tmp_path / "typo")

    assert not (tmp_path / "typo").exists()


def test_a_store_is_one_folder_that_can_be_copied(store, tmp_path):
    store.submit("cnn", b"archive", "ada")
    grade_next(store)
    store.close()
    shutil.copytree(store.folder, tmp_path / "copy")

    with stores.Store(tmp_path / "copy") as copy:
        assert copy.latest()[1].score == 1.0 and copy.archive(copy.submission(1)) == b"archive"
        assert copy.secret == store.secret


def test_gold_is_there_if_the_teacher_put_it(store):
    assert store.gold_dir("cnn") is None
    (store.folder / "gold" / "cnn").mkdir(parents=True)

    assert store.gold_dir("cnn") == store.folder / "gold" / "cnn"


@pytest.mark.parametrize("lab, person", [("", "ada"), ("cnn", ""), (None, "ada"), ("cnn", None), (b"cnn", "ada")])
def test_a_submission_has_a_lab_and_a_person(store, lab, person):
    with pytest.raises(sqlite3.IntegrityError):
        store.submit(lab, b"archive", person)

    assert store.submissions() == [] and store.pending() == []


def test_what_fails_in_the_middle_leaves_nothing(store):
    with pytest.raises(sqlite3.IntegrityError):
        store.submit("cnn", b"archive", "ada", team=["bob", ""])

    assert store.submissions() == [] and not store.rows("SELECT * FROM members") and store.pending() == []


def test_what_waits_already_is_not_asked_for_twice(store):
    store.submit("cnn", b"1", "ada")
    store.submit("cnn", b"2", "bob")
    grade_next(store)

    store.ask([1, 2], "regrade")
    store.ask([1, 2], "regrade")

    assert store.pending() == [1, 2]


def test_a_number_that_is_not_there_is_a_sentence(store):
    with pytest.raises(errors.UsageError, match="no submissions yet"):
        store.submission(1)
    store.submit("cnn", b"archive", "ada")
    with pytest.raises(errors.UsageError, match="There is no submission 7; they are numbered 1 to 1"):
        store.submission(7)
