"""The board of a real competition: public for students, final for teachers, as text, JSON and a page."""
import gzip
import json
import pathlib
import zipfile

import numpy as np
import pytest

COUNTS = {"train": 120, "t10k": 400}
LABELS = np.arange(COUNTS["t10k"]) % 10
TASK = """title = "A competition"
kind = "predictions"
{per_day}

[[cases]]
id = "threshold"
points = 4
expect.accuracy = {{ at_least = 0.5 }}

[data]
dataset = "mnist"
metric = "accuracy"

[board]
metric = "accuracy"
order_points = 5
"""


@pytest.fixture
def contest(command, tmp_path, lab_folder, monkeypatch):
    """A graded store: ann and ben are equal but for luck, col is worse, dan is below the threshold."""
    (lab_folder / "second.toml").write_text(TASK.format(per_day="per_day = 20"), encoding="utf-8")
    (lab_folder.parents[1] / "datasets").symlink_to(pathlib.Path(__file__).parents[2] / "datasets")
    (tmp_path / "data").mkdir()
    for part, count in COUNTS.items():
        for kind, shape, values in (("labels-idx1", [count], np.arange(count) % 10),
                                    ("images-idx3", [count, 28, 28], np.zeros([count, 28, 28]))):
            header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">i4").tobytes()
            (tmp_path / "data" / f"{part}-{kind}-ubyte.gz").write_bytes(
                gzip.compress(header + values.astype("u1").tobytes()))
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path / "data"))
    random, base = np.random.default_rng(0), LABELS.copy()
    base[random.permutation(400)[:60]] += 1
    lucky, worse, bad = base % 10, base % 10, (LABELS + 1) % 10
    worse = np.where(random.random(400) < 0.25, (LABELS + 2) % 10, worse)
    lucky = np.where(np.arange(400) == np.flatnonzero(base != LABELS)[5], LABELS, lucky)
    for person, answers in (("ann", base % 10), ("ben", lucky), ("col", worse), ("dan", bad)):
        path = tmp_path / f"{person}.zip"
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("predictions.txt", "".join(f"{each}\n" for each in answers))
        assert command("submit", "second", path, f"--store={tmp_path / 'store'}", f"--person={person}")[0] == 0
    code, out, err = command("grade", "run", tmp_path / "store")
    assert code == 0, out + err
    return tmp_path / "store"


def test_points_and_those_of_order_are_told_apart(command, contest):
    code, out, err = command("grade", "show", contest)

    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "second: A competition, 4 points, and up to 5 more for the final order"
    assert "points  of which order" in lines[1]
    rows = {line.split()[0]: line.split()[1:3] for line in lines[2:6]}
    assert rows == {"ann": ["9", "5"], "ben": ["9", "5"], "col": ["5.66", "1.66"], "dan": ["0", "-"]}
    assert "Points for the final order are as of now: they change with submissions, as [late] due is not set." in out


def test_who_came_late_is_told_why_nobody_stands(command, contest, lab_folder):
    path = lab_folder / "second.toml"
    path.write_text(TASK.format(per_day="per_day = 20") + "[late]\ndue = 2020-01-01T00:00:00Z\n", encoding="utf-8")

    out = board(command, contest)

    assert out.startswith("Nobody stands on the board of second yet. Only submissions in time and within the attempts")
    assert "4 teams have others alone" in out
    assert "as of now" not in command("grade", "show", contest)[1]     # as nobody can come onto the board any more


def board(command, contest, *flags):
    code, out, err = command("grade", "board", contest, "second", *flags)
    assert (code, err) == (0, ""), err
    return out


def test_the_public_board_names_nobody(command, contest):
    out = board(command, contest)

    assert "A competition" in out and "rank" in out.splitlines()[1] and len(out.splitlines()) == 8
    assert not any(person in out for person in ("ann", "ben", "col", "dan"))


def test_ones_own_line_is_marked(command, contest):
    assert board(command, contest, "--person=col").count("(you)") == 1


def test_luck_is_no_rank_in_the_final_order_and_points_follow_the_formula(command, contest):
    value = json.loads(board(command, contest, "--private", "--json"))

    rows = {row["members"][0]: row for row in value["rows"]}
    assert value["final"] is True and (value["metric"], value["order"]) == ("accuracy", "desc")
    assert {person: row["rank"] for person, row in rows.items()} == {"ann": 1, "ben": 1, "col": 3, "dan": 4}
    assert [rows[person]["tied"] for person in ("ann", "ben", "col")] == [True, True, False]
    assert {person: row["order_points"] for person, row in rows.items()} == {
        "ann": 5.0, "ben": 5.0, "col": 1.66, "dan": 0.0}       # n = 3 over the threshold; col is third of them


def test_the_final_order_is_found_from_the_private_examples_alone(contest):
    from npfl_kit.grading.course import final_order
    from npfl_kit.grading.marks import board
    from npfl_kit.grading.stores import store as stores
    from npfl_kit.grading.tasks import task_file
    task = task_file.read(task_file.find("second"))

    with stores.Store(contest) as store:
        standing = board.standing(task, store.runs(lab="second"))
        rows = final_order.private_rows(store, task, standing)

    assert rows.shape == (4, 280, 2)        # 70 % of 400
    assert [sums[0] / sums[1] for sums in rows.sum(1)] == pytest.approx([entry.private for entry in standing])


def test_the_table_of_grades_has_the_order_points(command, contest):
    out = command("grade", "export", contest, "--to=csv")[1]

    assert [line.split(",")[1:5] for line in out.splitlines()[1:]] == [
        ["ann", "9.0", "9.0", "5.0"], ["ben", "9.0", "9.0", "5.0"], ["col", "5.66", "9.0", "1.66"],
        ["dan", "0.0", "9.0", "0.0"]]


def test_public_json_holds_what_is_documented_and_no_more(command, contest):
    value = json.loads(board(command, contest, "--json"))

    assert set(value) == {"lab", "metric", "order", "final", "updated_at", "rows"}
    assert all(set(row) == {"rank", "tied", "name", "score", "submissions", "own", "final"} for row in value["rows"])


@pytest.mark.parametrize("flags", [[], ["--private"]])
def test_a_page_never_holds_a_name(command, contest, tmp_path, flags):
    out = board(command, contest, f"--html={tmp_path / 'board.html'}", *flags)

    page = (tmp_path / "board.html").read_text(encoding="utf-8")
    assert "4 lines" in out and ("final ranks" in page) == bool(flags)
    assert not any(f">{person}" in page for person in ("ann", "ben", "col", "dan"))


def test_the_help_says_what_is_for_teachers(command):
    assert "for teachers only" in " ".join(command("grade", "board", "--help")[1].split())


def test_a_lab_without_a_board_or_a_task_is_a_sentence(command, contest, course):
    code, out, err = command("grade", "board", contest, "first")

    assert (code, out) == (2, "") and "has no board" in err and err.endswith("or choose one of: second.\n")
    assert command("grade", "board", contest, "frist")[0] == 2


def test_the_gold_is_needed_for_the_final_order_alone(command, contest, tmp_path, monkeypatch):
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path / "gone"))

    assert board(command, contest)


def test_who_grades_by_answers_that_students_may_have_is_told_so_and_hidden_ones_are_used(command, contest):
    assert "students may have" in command("grade", "regrade", contest)[2]
    (contest / "gold" / "second").mkdir(parents=True)
    (contest / "gold" / "second" / "gold.txt").write_text("".join(f"{(each + 1) % 10}\n" for each in LABELS))

    code, out, err = command("grade", "regrade", contest)

    assert (code, err) == (0, "") and "another version of the task" in out
    shown = json.loads(command("grade", "show", contest, "--json")[1])[0]["persons"]
    assert [each["person"] for each in shown if each["points"]] == ["dan"]
