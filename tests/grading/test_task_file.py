"""A task file says everything about a task, and what it says wrongly is named by file, table and key."""
import dataclasses
import importlib
import inspect
import pathlib
import random
import subprocess
import sys

import pytest

from npfl_kit import data, errors, home
from npfl_kit.data import manifest
from npfl_kit.grading import shown_text
from npfl_kit.grading.judging import answers, detection_answers
from npfl_kit.grading.tasks import inputs, known_data, task, task_file

EXAMPLES = sorted((pathlib.Path(__file__).parent / "task_files").glob("*.toml"))
FUNCTIONS, PREDICTIONS, RUNS, WEIGHTS = (path.read_text(encoding="utf-8")
                                         for path in sorted(EXAMPLES))

MINIMAL = '''title = "T"
kind = "runs"
[[cases]]
id = "a"
points = 1
flags = ["--epochs=1"]
expect.loss = { at_most = 1 }
'''
SECOND = '''[[cases]]
id = "b"
points = 1
flags = ["--epochs=2"]
expect.loss = { at_most = 1 }
'''
CALLED = MINIMAL.replace('"runs"', '"functions"').replace('flags = ["--epochs=1"]', 'call = "area"').replace(
    "expect.loss = { at_most = 1 }\n", "")
FILED = MINIMAL.replace('"runs"', '"predictions"').replace('flags = ["--epochs=1"]\n', "").replace("loss", "accuracy")
DATA = '[data]\ndataset = "mnist"\nmetric = "accuracy"\n'


def parse(text, lab="lab"):
    return task_file.parse(manifest.load_toml(text), lab, "lab.toml")


def error(text):
    with pytest.raises(errors.DataError) as caught:
        parse(text)
    return str(caught.value)


def keys_used(table):
    return {key for key in table} | {key for value in table.values() if isinstance(value, dict)
                                     for key in keys_used(value)}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_task_files(path):
    found = task_file.read(path, calibrated=False)

    assert found.lab == path.stem and found.kind == path.stem.split("_")[0] and len(found.version) == 64


def test_the_examples_use_every_field_of_every_part():
    tables = [manifest.load_toml(text) for text in (FUNCTIONS, PREDICTIONS, RUNS, WEIGHTS)]
    cases = set().union(*(case for table in tables for case in table["cases"]))

    assert {field.name for field in dataclasses.fields(task.Case)} == cases
    for name, part in (("limits", task.Limits), ("data", task.Data), ("board", task.Board), ("late", task.Late)):
        used = set().union(*(table.get(name, {}) for table in tables))
        assert {field.name for field in dataclasses.fields(part)} == used
    top = {field.name for field in dataclasses.fields(task.Task)} - {"lab", "version"}
    assert top == set().union(*tables)
    assert {field.name for field in dataclasses.fields(task.Expectation)} == keys_used(
        manifest.load_toml(RUNS)["cases"][0]["expect"]["val_accuracy"])


def test_values_are_those_of_the_file():
    found = parse(FUNCTIONS, "functions_example")

    assert found.limits == task.Limits(60, 3 * 2**29, 256, 2**16, 2**27, 20, 20 * 10**6)
    assert found.late == task.Late("2026-12-01T23:59:00+01:00", "2026-12-08T23:59:00+01:00", 0.5)
    assert found.case("iou").depends == ("area",) and found.case("iou").points == 2.5
    assert found.points == 4.5 and found.threshold == 2 and found.team == 2
    assert parse(RUNS).case("one_epoch").expect["val_accuracy"] == task.Expectation(0.2, 1, True)
    assert parse(WEIGHTS).late.due == "2026-12-01T23:59:00+00:00"


def test_what_is_left_out_is_as_in_the_dataclasses():
    found = parse(MINIMAL)

    assert found == task.Task("lab", "runs", "", "T", found.cases, ("lab.py",))
    assert found.cases == (task.Case("a", 1, flags=("--epochs=1",), expect={"loss": task.Expectation(at_most=1)}),)
    assert parse(FILED + DATA).files == ("predictions.txt",)


def test_all_ways_of_inputs_in_the_example_can_be_made():
    case = parse(FUNCTIONS).case("every_way")

    assert set(inputs.arrays(case, 1, 0)) == set(case.inputs) - {"sizes"}


@pytest.mark.parametrize("text, words", [
    # unknown keys, with the nearest that there are
    (MINIMAL.replace("title", "titel"), ["lab.toml: ", "no key 'titel'", "did you mean title"]),
    (MINIMAL.replace("points", "point"), ["[[cases]] a: ", "no key 'point'", "did you mean points"]),
    (MINIMAL + "[limit]\nseconds = 1", ["no key 'limit'", "did you mean limits"]),
    (MINIMAL + "[limits]\nsecond = 1", ["[limits]: ", "no key 'second'", "seconds"]),
    (MINIMAL.replace("at_most", "most"), ["[[cases]] a, expect.loss: ", "no key 'most'", "at_most"]),
    (MINIMAL + "tolerance.absolute = 1", ["[[cases]] a, tolerance: ", "no key 'absolute'", "abs"]),
    (MINIMAL + "[board]\nmetrics = 'loss'", ["[board]: ", "no key 'metrics'", "metric"]),
    (MINIMAL.replace('"runs"', '"run"'), [
        "lab.toml, kind: ", "no kind 'run'", "did you mean runs? Known: functions, predictions, runs, weights."]),
    (MINIMAL.replace("points", 'visibility = "hiden"\npoints'), ["[[cases]] a, visibility", "hidden"]),
    # missing ones
    (MINIMAL.replace('title = "T"', ""), ["lab.toml: ", "'title'"]),
    (MINIMAL.replace('id = "a"', ""), ["[[cases]] number 1: ", "'id'"]),
    (MINIMAL.replace("points = 1", ""), ["[[cases]] a: ", "'points'"]),
    ('title = "T"\nkind = "runs"', ["'cases'"]),
    ('title = "T"\nkind = "runs"\ncases = []', ["cases: ", "one table [[cases]] or more", "got []"]),
    (MINIMAL + "[board]\npublic = 0.5", ["[board]: ", "'metric'"]),
    (FILED + "[data]\ndataset = 'mnist'", ["[data]: ", "'metric'"]),
    (CALLED.replace('call = "area"', ""), ["[[cases]] a, call: ", "call = "]),
    (MINIMAL.replace("expect.loss = { at_most = 1 }", ""), ["[[cases]] a, expect: "]),
    (FILED.replace("expect.accuracy = { at_most = 1 }", "") + DATA, ["[[cases]] a, expect: "]),
    (FILED, ["[data]: ", "predictions"]),
    # wrong types and ranges
    (MINIMAL.replace("points = 1", "points = -1"), ["[[cases]] a, points: ", "from 0 to 1000", "got -1"]),
    (MINIMAL.replace("points = 1", "points = true"), ["points: ", "number", "got true"]),
    (MINIMAL.replace("points = 1", "points = nan"), ["points: ", "got nan"]),
    (MINIMAL.replace("points = 1", "points = inf"), ["points: ", "got inf"]),
    (MINIMAL.replace("points = 1", "points = '1'"), ["points: ", "got '1'"]),
    (MINIMAL.replace('id = "a"', 'id = "a b"'), ["[[cases]] number 1, id: ", "letters, digits", "got 'a b'"]),
    (MINIMAL.replace('id = "a"', "id = 7"), ["[[cases]] number 1, id: ", "got 7"]),
    (MINIMAL.replace('["--epochs=1"]', '"--epochs=1"'), ["flags: ", "list of flags", "got '--epochs=1'"]),
    (MINIMAL.replace('["--epochs=1"]', '["--seed={sed}"]'), ["flags: ", "{seed}", "'--seed={sed}'"]),
    (MINIMAL.replace("{ at_most = 1 }", "1"), ["expect.loss: ", "expected a table", "got 1"]),
    (MINIMAL.replace("{ at_most = 1 }", "{ at_most = nan }"), ["expect.loss, at_most: ", "got nan"]),
    (MINIMAL.replace("{ at_most = 1 }", "{ band = 1 }"), ["expect.loss, band: ", "true or false", "got 1"]),
    (MINIMAL.replace("{ at_most = 1 }", "{ }"), ["expect.loss: ", "at_least, at_most or band"]),
    (MINIMAL.replace("{ at_most = 1 }", "{ at_most = 1, at_least = 2 }"), ["expect.loss: ", "got 2 and 1"]),
    (MINIMAL.replace("points", "depends = 'b'\npoints"), ["depends: ", "list of", "got 'b'"]),
    (MINIMAL.replace("points", "seconds = 0\npoints"), ["seconds: ", "above 0", "got 0"]),
    (MINIMAL.replace("title", "team = 0\ntitle"), ["team: ", "from 1", "got 0"]),
    (MINIMAL.replace("title", "threshold = 2\ntitle"), ["threshold: ", "at most the 1 points", "got 2"]),
    (MINIMAL.replace("title", "forbidden = ['tf GradientTape']\ntitle"), ["forbidden: ", "dotted names"]),
    (MINIMAL.replace("title", "files = ['../a.py']\ntitle"), ["files: ", "without folders"]),
    (MINIMAL.replace("title", "files = ['a.py', 'a.py']\ntitle"), ["files: ", "each once"]),
    (MINIMAL + "[limits]\nmemory = '1.5 GiBi'", ["[limits], memory: ", "1.5 GiB", "got '1.5 GiBi'"]),
    (MINIMAL + "[limits]\nmemory = 1", ["[limits], memory: ", "bytes", "got 1"]),
    (MINIMAL + "[limits]\nprocesses = 1.0", ["[limits], processes: ", "whole number", "got 1.0"]),
    (MINIMAL.replace("title", "limits = 5\ntitle"), ["[limits]: ", "expected a table", "got 5"]),
    (MINIMAL + "[board]\nmetric = 'loss'\npublic = 1.5", ["[board], public: ", "to 1", "got 1.5"]),
    (MINIMAL + "[board]\nmetric = 'loss'\norder = 'up'", ["[board], order: ", "asc, desc"]),
    (MINIMAL + "[late]\ndue = 2026-12-01T23:59:00", ["[late], due: ", "time zone"]),
    (MINIMAL + "[late]\ndue = 2026-12-01", ["[late], due: ", "time zone"]),
    (MINIMAL + "[late]\ndue = 'tomorrow'", ["[late], due: ", "2026-12-01T23:59:00+01:00", "got 'tomorrow'"]),
    # cases that do not fit together
    (MINIMAL + SECOND.replace('"b"', '"a"'), ["[[cases]] a, id: ", "a second time"]),
    (MINIMAL.replace("points", "depends = ['b']\npoints") + SECOND, ["depends: ", "'b', which stands later"]),
    (MINIMAL.replace("points", "depends = ['a']\npoints"), ["depends: ", "'a' itself"]),
    (MINIMAL + SECOND + "depends = ['aa']", ["[[cases]] b, depends: ", "no case 'aa'", "did you mean a"]),
    (MINIMAL.replace("points", "depends = ['x']\npoints"), ["depends: ", "no case 'x'"]),
    (MINIMAL.replace("points", "visibility = 'hidden'\npoints") + SECOND + "depends = ['a']",
     ["[[cases]] b, depends: ", "run at home", "hidden"]),
    (MINIMAL + SECOND + "differs_from = 'c'", ["[[cases]] b, differs_from: ", "no case 'c'"]),
    (MINIMAL + SECOND.replace("=2", "=1") + "differs_from = 'a'", ["differs_from: ", "other flags"]),
    (MINIMAL.replace("points = 1", "points = 0"), ["[[cases]]: ", "cases without points"]),
    # keys of other kinds
    (CALLED + "flags = ['--a']", ["[[cases]] a, flags: ", "got both"]),
    (CALLED + "differs_from = 'a'", ["differs_from: ", "of the kind functions"]),
    (CALLED + "expect.loss = { at_most = 1 }", ["expect: ", "of the kind functions"]),
    (MINIMAL + "call = 'area'", ["[[cases]] a, flags: ", "got both"]),
    (MINIMAL + "repeats = 2", ["repeats: ", "functions", "of the kind runs"]),
    (MINIMAL + "inputs.x = { value = 2 }", ["inputs: ", "functions", "of the kind runs"]),
    (MINIMAL + "tolerance.abs = 1", ["tolerance: ", "functions", "of the kind runs"]),
    (MINIMAL + DATA, ["[data]: ", "predictions or weights", "of the kind runs"]),
    (CALLED + "[board]\nmetric = 'loss'", ["[board]: ", "functions"]),
    ("title = 'T'\n[limits]\nkind = 'runs'\n[[cases]]\nid = 'a'\npoints = 1",
     ["expected a key 'kind'", "inside of [limits]", "above all tables"]),
    # data, board, deadlines
    (FILED.replace("title", "files = ['a.txt']\ntitle") + DATA, ["files: ", "'predictions.txt'", "got a.txt"]),
    (FILED + DATA + "home_file = 'predictions.txt'", ["[data], home_file: ", "another name"]),
    (FILED + DATA + "home_split = 'test'", ["[data], home_split: ", "another split"]),
    (FILED.replace('points = 1', 'points = 1\nvisibility = "hidden"') + DATA + "[board]\nmetric = 'accuracy'",
     ["[[cases]] a, visibility: ", "public or after_due", "got hidden"]),
    (FILED.replace("{ at_most = 1 }", "{ band = true }") + DATA,
     ["expect.accuracy.band: ", "kind runs", "predictions"]),
    (FILED + DATA + "[board]\nmetric = 'f1'", ["[board], metric: ", "'accuracy'", "got 'f1'"]),
    (FILED + DATA.replace("mnist", "minst"), ["[data], dataset: ", "no data set 'minst'", "did you mean mnist"]),
    (FILED + DATA.replace("mnist", "tiny_shakespeare"), ["[data], dataset: ", "no predictions", "tiny_shakespeare"]),
    (FILED + DATA.replace('"accuracy"', '"acuracy"'), ["[data], metric: ", "no metric of mnist 'acuracy'",
                                                       "did you mean accuracy"]),
    (FILED.replace("accuracy", "f1") + DATA, ["[[cases]] a, expect.f1: ", "no metric of mnist 'f1'"]),
    # keys in another table than theirs
    (MINIMAL.replace("title", "due = 2026-12-01T23:59:00Z\ntitle"), ["lab.toml: due belongs into [late]."]),
    (MINIMAL.replace("title", "deadline = 2026-12-01T23:59:00Z\ntitle"),
     ["lab.toml: deadline is called due, and belongs into [late]."]),
    (MINIMAL.replace("title", "metric = 'loss'\ntitle"), ["lab.toml: metric belongs into [data] or [board]."]),
    (MINIMAL.replace("title", "public = 0.3\ntitle"), ["lab.toml: public belongs into [board]."]),
    (MINIMAL.replace("title", "seconds = 5\ntitle"), ["lab.toml: seconds belongs into [limits] or [[cases]]."]),
    (MINIMAL.replace("title", "memory = '1 GiB'\ntitle"), ["lab.toml: memory belongs into [limits]."]),
    (MINIMAL.replace("title", "dataset = 'mnist'\ntitle"), ["lab.toml: dataset belongs into [data]."]),
    (MINIMAL + "threshold = 1", ["[[cases]] a: threshold belongs to the top of the file, above all tables."]),
    (MINIMAL + "[late]\nper_day = 1", ["[late]: per_day belongs to the top of the file"]),
    (FILED.replace('"predictions"', '"weights"') + DATA, ["[data], file: ", ".safetensors"]),
    (MINIMAL + "[late]\nuntil = 2026-12-01T23:59:00Z", ["[late], until: ", "due"]),
    (MINIMAL + "[late]\ndue = 2026-12-01T23:59:00Z\nleast = 0.5",
     ["[late], least: ", "until = 2026-12-08T23:59:00+00:00"]),
    (MINIMAL + "[late]\nleast = 0.5", ["[late], least: ", "Add", "due"]),
    (MINIMAL + "[late]\ndue = 2026-12-02T00:00:00Z\nuntil = 2026-12-01T23:59:00Z", ["[late], until: ", "after"]),
])
def test_a_mistake_is_named_by_file_table_and_key(text, words):
    found = error(text)

    assert found.startswith("lab.toml")
    assert [word for word in words if word not in found] == [], found


@pytest.mark.parametrize("text, word", [
    ("inputs = 5", "inputs: expected a table"),
    ("inputs.x = { boxs = [5] }", "x: expected a table with exactly one of boxes"),
    ("inputs.x = { boxes = [5], normal = [5] }", "x: expected a table with exactly one of"),
    ("inputs.x = { boxes = [5], hihg = 7 }", "did you mean high"),
    ("inputs.x = { boxes = ['n'] }", "inputs.sizes = { n = [0, 5] }"),
    ("inputs.x = { boxes = ['n'] }\ninputs.sizes = { m = [0, 5] }", "no size 'n'"),
    ("inputs.x = { boxes = 5 }", "x: expected a shape"),
    ("inputs.x = { boxes = [-1] }", "x: expected sizes or letters"),
    ("inputs.x = { boxes = [true] }", "x: expected sizes or letters"),
    ("inputs.x = { normal = [1000, 1000, 1000] }", "at most 250,000 elements"),
    ("inputs.x = { normal = ['n', 'n'] }\ninputs.sizes = { n = [0, 1000] }", "at most 250,000 elements"),
    ("inputs.sizes = { n = [5, 0] }", "sizes.n: expected least and largest size"),
    ("inputs.sizes = { n = 5 }", "sizes.n: expected least and largest size"),
    ("inputs.sizes = 5", "sizes: expected a table"),
    ("inputs.x = { integers = [5] }", "x.high: expected a whole number"),
    ("inputs.x = { integers = [5], high = 0 }", "low below high"),
    ("inputs.x = { integers = [5], high = 1.5 }", "x.high: expected a whole number"),
    ("inputs.x = { integers = [5], high = 1000, dtype = 'int8' }", "x.dtype: expected a type for numbers up to 1000"),
    ("inputs.x = { integers = [5], high = 10, dtype = 'int33' }", "no dtype 'int33'"),
    ("inputs.x = { normal = [5], dtype = 'int32' }", "x.dtype: expected a type of floats"),
    ("inputs.x = { normal = [5], scale = -1 }", "x.scale: "),
    ("inputs.x = { normal = [5], scale = nan }", "x.scale: "),
    ("inputs.x = { uniform = [5], low = 1 }", "low below high"),
    ("inputs.x = { boxes = [5], least = 100 }", "at least `least`"),
    ("inputs.x = { choice = [] }", "x.choice: expected a list of values"),
    ("inputs.x = { choice = 5 }", "x.choice: expected a list of values"),
    ("inputs.x = { value = 'a', dtype = 'int32' }", "x.value: "),
    ("inputs.x = { value = 2026-12-01 }", "x.value: "),
    ("inputs.1 = { value = 2 }", "positions from 0"),
    ("inputs.class = { value = 2 }", "name or the position of an argument"),
    ("inputs.'a b' = { value = 2 }", "name or the position of an argument"),
])
def test_a_mistake_in_inputs_is_named_by_argument_and_key(text, word):
    found = error(CALLED + text)

    assert found.startswith("lab.toml, [[cases]] a, inputs: ") and word in found, found


@pytest.mark.parametrize("text, got", [
    ("[late]\ndue = 2026-12-01T23:59:00", "got 2026-12-01T23:59:00."),
    ("[late]\ndue = 2026-12-01", "got 2026-12-01."),
    ("[limits]\nseconds = true", "got true."), ("[limits]\nseconds = { a = [1, true] }", "got { a = [1, true] }."),
    ("[limits]\nseconds = 'a'", "got 'a'.")])
def test_a_value_is_shown_as_it_was_typed(text, got):
    assert error(MINIMAL + text).endswith(got), error(MINIMAL + text)


@pytest.mark.parametrize("text", [
    "inputs.x = { boxes = ['n'] }", "inputs.x = { boxes = 5 }", "inputs.x = { boxs = 5 }",
    "inputs.x = { boxes = [5], hihg = 7 }", "visibility = 'hiden'"])
def test_a_mistake_is_said_once(text):
    found = error(CALLED + text)

    assert found.count("got ") <= 1 and "Known: ." not in found and "got {'" not in found, found


def test_the_metrics_that_a_task_may_name_are_those_of_the_judges():
    gold = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "a", "keypoints": ["x"]}]}
    judges = {"mnist": answers.ClassAnswers([], []), "opinions": answers.ClassAnswers([], []),
              "morphology": answers.TagAnswers([]), "iob2": answers.TagAnswers([], entities=True)}

    assert {name: tuple(judge.metrics) for name, judge in judges.items()} == {
        name: known_data.metrics(name) for name in judges}
    assert known_data.metrics("coco") == (*answers.PictureAnswers([]).metrics, *(
        metric for kind in ("bbox", "segm", "keypoints")
        for metric in detection_answers.DetectionAnswers(gold, kind).metrics))
    assert known_data.metrics("text") == ()


def test_data_sets_with_entities_are_known_as_such():
    readers = {name for name in data.TAGGING if "iob2.read" in inspect.getsource(importlib.import_module(
        f"npfl_kit.data.{name}")) or name == "iob2"}

    assert readers == set(known_data.ENTITY_SETS)


def test_reading_a_task_is_quick():
    code = ("import sys; from npfl_kit.grading.tasks import task_file; task_file.read(task_file.find('tagger'));"
            "print([name for name in ('tensorflow', 'keras', 'PIL', 'sqlite3') if name in sys.modules])")

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def said_to_students(found):
    number = shown_text.number
    least = f", none with fewer than {number(found.threshold)}" if found.threshold else ""
    more = f", and up to {number(found.board.order_points)} more for the final order" if found.board else ""
    return (f"`{found.lab}` is worth {number(found.points)} points{least}{more}. Teams of at most {found.team}; "
            f"at most {found.per_day} graded submissions a day.")


@pytest.mark.parametrize("path", [path for path in sorted(home.folder("labs").glob("*/*.toml"))
                                  if "." not in path.stem], ids=lambda path: path.stem)
def test_what_an_assignment_says_of_points_is_what_its_task_says(path):
    [text] = [each.read_text(encoding="utf-8") for each in path.parent.glob("*.md") if path.stem.startswith(each.stem)]

    assert said_to_students(task_file.read(path, calibrated=False)) in text.split("\n## Handing in\n")[1]


def test_the_example_of_the_readme_is_a_task_with_a_deadline():
    readme = (pathlib.Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

    found = parse(readme.split("```toml\n")[1].split("```")[0])

    assert found.late.due == "2026-11-20T23:59:00+01:00" and found.points == 2


def test_a_damaged_task_file_is_an_error_with_its_name_and_never_another():
    generator = random.Random(42)
    pieces = ["", "[", "]", "{", "=", "nan", "1e999", "-1", '"', "true", "\n", "[[cases]]\n", "n",
              "depends = [1]\n"]

    for _ in range(1500):
        text = generator.choice([FUNCTIONS, PREDICTIONS, RUNS, WEIGHTS])
        for _ in range(generator.randint(1, 3)):
            start = generator.randrange(len(text))
            text = text[:start] + generator.choice(pieces) + text[start + generator.randint(0, 9):]
        try:
            table = manifest.load_toml(text)
        except ValueError:
            continue
        try:
            task_file.parse(table, "lab", "lab.toml")
        except errors.DataError as problem:
            assert str(problem).startswith("lab.toml")


def test_a_band_without_reference_results_says_what_to_type(tmp_path):
    path = tmp_path / "lab.toml"
    path.write_text(MINIMAL.replace("at_most = 1", "band = true"), encoding="utf-8")

    with pytest.raises(errors.DataError, match=r"loss\.band: .*lab\.reference\.json.*npfl-kit grade calibrate lab"):
        task_file.read(path)
    assert task_file.read(path, calibrated=False).cases[0].expect["loss"].band
    path.with_name("lab.reference.json").write_text("{}", encoding="utf-8")
    assert task_file.read(path).cases[0].expect["loss"].band


def test_the_version_tells_what_results_follow_from_and_no_policy(tmp_path):
    def version(text, reference=""):
        (tmp_path / "lab.toml").write_text(text, encoding="utf-8")
        (tmp_path / "lab.reference.json").write_text(reference, encoding="utf-8")
        return task_file.read(tmp_path / "lab.toml").version

    board = "[board]\nmetric = 'loss'\n"
    versions = [version(MINIMAL), version(MINIMAL, "{}"), version(MINIMAL.replace("points = 1", "points = 2")),
                version(MINIMAL + board), version(MINIMAL + board + "public = 0.4")]
    assert len(set(versions)) == len(versions) and all(len(each) == 64 for each in versions)
    for policy in ("# a remark", "threshold = 1", "per_day = 2", "team = 1"):
        assert version(f"{policy}\n{MINIMAL}") == versions[0]
    assert version(MINIMAL + "[late]\ndue = 2026-11-21T12:00:00Z") == versions[0]
    assert version(MINIMAL + board + "order_points = 3\ndecimals = 1") == versions[3]


@pytest.mark.parametrize("content, word", [
    (b"title = ", "TOML"), (b"\xff\xfe", "TOML"), (b"title = 'a'\ntitle = 'b'\n\n", "line 2"),
    (b"#" * (2**20 + 1), "bytes"), (b"x = " + b"[" * 100_000, "TOML"), (b"points = " + b"9" * 5000, "TOML")])
def test_a_file_that_is_no_toml_is_named(tmp_path, content, word):
    (tmp_path / "lab.toml").write_bytes(content)

    with pytest.raises(errors.DataError, match="lab.toml") as caught:
        task_file.read(tmp_path / "lab.toml")
    assert word in str(caught.value)


@pytest.fixture
def course(tmp_path, monkeypatch):
    for folder in ("labs/01_a", "datasets"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("graded.py", "graded.toml", "graded.mutants.toml", "free.py"):
        (tmp_path / "labs/01_a" / name).write_text("", encoding="utf-8")
    monkeypatch.setenv("NPFL_KIT_HOME", str(tmp_path))
    return tmp_path / "labs/01_a"


def test_a_task_is_found_by_its_lab_or_by_a_path(course):
    assert task_file.find("graded") == course / "graded.toml"
    assert task_file.find(str(course / "graded.toml")) == course / "graded.toml"
    assert task_file.find(str(course / "graded.py")) == course / "graded.toml"


@pytest.mark.parametrize("lab, words", [("free", "no task file.*graded"), ("no.toml", "no task file no.toml"),
                                        ("garded", "did you mean graded.*Known: graded")])
def test_a_lab_without_a_task_file_is_said_so(course, lab, words):
    with pytest.raises(errors.UsageError, match=words):
        task_file.find(lab)
