'''The task file of a lab, `labs/NN_topic/LAB.toml`: what to hand in, how it is judged, what it is worth.

    title = "Boxes"                   for people
    kind = "functions"                functions, runs, predictions or weights
    files = ["bboxes_utils.py"]       what an upload must have; may be left out: LAB.py, or the file of [data]
    optional = ["report.md"]          what it may have besides
    forbidden = ["tf.GradientTape"]   names that its sources may not use
    threshold = 2                     with fewer points of cases there are none
    team = 3                          most members
    per_day = 20                      graded submissions of a person or a team

    [[cases]]                         one table per case, in the order in which they run
    id = "area"
    points = 1
    visibility = "public"             "hidden": only points are shown; "after_due": the rest after the deadline
    depends = []                      earlier cases; this one is not run where one of them failed
    why = "Every overlap is made of areas."
    seconds = 10                      else that of [limits]

    call = "bboxes_area"              functions: what is called
    inputs.bboxes = { boxes = [5] }              with what: see `npfl_kit.grading.tasks.inputs`
    repeats = 20                                 how many times, each with other numbers
    tolerance = { abs = 1e-6, rel = 1e-5 }

    flags = ["--epochs=1", "--seed={seed}"]      runs: flags of the script
    differs_from = "one_epoch"                   an earlier case, from which some metric must differ
    expect.val_accuracy = { at_least = 0.9 }     runs, predictions, weights: at_least, at_most, band = true

    [limits]   seconds = 60, memory = "1.5 GiB", processes = 256, output = "64 KiB", disk = "128 MiB", files = 20,
               upload = "20 MB"
    [data]     dataset, metric, split, home_split, file, home_file, column, flags: of predictions and weights
    [board]    metric, order = "desc", public = 0.3, decimals = 3, order_points = 5
    [late]     due = 2026-12-01T23:59:00+01:00, until = 2026-12-08T23:59:00+01:00, least = 0.5

What the keys mean stands with the classes of `npfl_kit.grading.tasks.task`; beside the file lies
`LAB.reference.json`, which `npfl-kit grade calibrate LAB` writes.
'''
from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from npfl_kit import errors, home, lab_files
from npfl_kit.data import manifest
from npfl_kit.grading import record
from npfl_kit.grading.tasks import input_checks, task, task_checks, toml_table
from npfl_kit.grading.tasks.toml_table import Schema, flag, number, one_of, size, text, texts, whole
from npfl_kit.scoring import bounded_file

MOST_BYTES = 2**20
POLICIES = ("title", "threshold", "team", "per_day", "late")        # which a result does not depend on
POLICIES_OF_BOARD = ("order", "decimals", "order_points")
ID = r"[A-Za-z0-9_-]{1,60}"
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
PATTERN = r"[A-Za-z0-9_*?\[\]-][A-Za-z0-9_.*?\[\]-]*"       # names of files, without a folder
A_METRIC = number(-1e12, 1e12)
DAY, WEEK = 86_400, datetime.timedelta(days=7)

LIMITS: Schema = {
    "seconds": number(0, DAY, above=True), "memory": size(2**24, 2**42), "processes": whole(1, 2**16),
    "output": size(2**8, 2**26), "disk": size(0, 2**40), "files": whole(1, 1000), "upload": size(1, 2**33)}
DATA: Schema = {
    "dataset": text(), "metric": text(), "split": text(), "home_split": text(),
    "file": text(PATTERN, "the name of a file"), "home_file": text(PATTERN, "the name of a file"), "column": text(),
    "flags": texts(r"-.+", "flags such as --epochs=1")}
BOARD: Schema = {
    "metric": text(), "order": one_of(("desc", "asc"), "order"), "public": number(0, 1), "decimals": whole(0, 12),
    "order_points": number(0, 1000)}
LATE: Schema = {"due": toml_table.moment, "until": toml_table.moment, "least": number(0, 1)}
TOLERANCE: Schema = {"abs": number(0, 1e12), "rel": number(0, 1)}
PLACES = {"[limits]": task.Limits, "[data]": task.Data, "[board]": task.Board, "[late]": task.Late,
          "[[cases]]": task.Case}
EXPECTATION: Schema = {"at_least": A_METRIC, "at_most": A_METRIC, "band": flag}


def find(lab: str) -> Path:
    """The task file of a lab by the lab's name, or by its own path or that of the script beside it.

    Raises: UsageError for an unknown lab, which offers the nearest, and for one without a task file.
    """
    if lab.endswith((".toml", ".py")):
        path = Path(lab).with_suffix(".toml")
        if not path.is_file():
            raise errors.UsageError(f"There is no task file {path}.")
        return path
    known = {path.stem: path for path in sorted(home.folder("labs").glob("*/*.toml")) if "." not in path.stem}
    if lab in known:
        return known[lab]
    if lab in [path.stem for path in lab_files.paths()]:
        raise errors.UsageError(f"The lab {lab} has no task file, so it is not graded. Labs that are: "
                                f"{', '.join(known) or 'none'}.")
    raise errors.unknown("task", lab, known)


def reference(path: Path) -> Path:
    """Where the reference results of a task file are, if it has any."""
    return path.with_name(f"{path.stem}.reference.json")


def read(path: Path, calibrated: bool = True) -> task.Task:
    """The task that a file describes.

    Args:
      path: of the task file.
      calibrated: whether a `band` needs reference results, as it does in grading.
    Raises: DataError that names file, table and key, what was expected there, and what came.
    """
    content = bounded_file.read(path, MOST_BYTES, errors.DataError)
    try:
        table = manifest.load_toml(content.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise errors.DataError(f"{path}: expected a text in TOML: {problem}.") from None
    parsed = parse(table, path.stem, str(path))
    parsed = dataclasses.replace(parsed, version=version(path, table))
    if calibrated and not reference(path).is_file():
        task_checks.refuse_bands(parsed, str(path))
    return parsed


def version(path: Path, table: Mapping[str, Any]) -> str:
    """sha256 of what results follow from: a task file without `POLICIES`, and its reference results."""
    beside = reference(path)
    kept = {name: value for name, value in table.items() if name not in POLICIES}
    if "board" in kept:
        kept["board"] = {name: value for name, value in kept["board"].items() if name not in POLICIES_OF_BOARD}
    parts = [json.dumps(kept, sort_keys=True, default=str).encode(),
             bounded_file.read(beside, 2**28, errors.DataError) if beside.is_file() else b""]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def parse(table: Mapping[str, Any], lab: str, source: str, version: str = "") -> task.Task:
    """The task that a TOML table describes; `source` is named in errors."""
    schema: Schema = {
        "title": text(), "kind": one_of(task.KINDS, "kind"),
        "files": texts(PATTERN, "names of files, without folders"),
        "optional": texts(PATTERN, "names of files, without folders"),
        "forbidden": texts(rf"{NAME}(\.{NAME})*", "dotted names such as tf.GradientTape"),
        "threshold": number(0, 1e6), "team": whole(1, 100), "per_day": whole(1, 10_000), "cases": list_of_tables,
        **{name: (lambda value: value) for name in ("limits", "data", "board", "late")}}
    found = toml_table.read(table, schema, source, ("title", "kind", "cases"), elsewhere)
    for name, kind, part, required in (("limits", task.Limits, LIMITS, ()), ("late", task.Late, LATE, ()),
                                       ("data", task.Data, DATA, ("dataset", "metric")),
                                       ("board", task.Board, BOARD, ("metric",))):
        if name in found:
            found[name] = kind(**toml_table.read(found[name], part, f"{source}, [{name}]", required,  # type: ignore
                                                 elsewhere))
    _require_until(table.get("late", {}), source)
    cases = tuple(_case(case, place, source) for place, case in enumerate(found.pop("cases"), 1))
    data = found.get("data")
    by_default = (f"{lab}.py",) if found["kind"] in ("functions", "runs") or data is None else (data.file,)
    whole_task = task.Task(lab=lab, version=version, cases=cases, **{"files": by_default, **found})
    task_checks.check(whole_task, source)
    return whole_task


def elsewhere(key: str) -> str:
    """A sentence about a key that belongs into another table than it stands in; empty for one that nobody knows.

    >>> elsewhere("due"), elsewhere("deadline"), elsewhere("seconds"), elsewhere("titel")
    ('due belongs into [late].', 'deadline is called due, and belongs into [late].', \
'seconds belongs into [limits] or [[cases]].', '')
    """
    if key == "deadline":
        return "deadline is called due, and belongs into [late]."
    names = {place: [field.name for field in dataclasses.fields(part)] for place, part in PLACES.items()}
    places = [place for place in names if key in names[place]]
    if not places and key in [field.name for field in dataclasses.fields(task.Task)]:
        return f"{key} belongs to the top of the file, above all tables."
    return f"{key} belongs into {' or '.join(places)}." if places else ""


def _require_until(late: Mapping[str, Any], source: str) -> None:
    """Without `until` all that is late has nothing, so `least` would be of no use."""
    if "least" in late and "until" not in late:
        due = datetime.datetime.fromisoformat(toml_table.moment(late["due"]) or "") if "due" in late else None
        add = f"until = {(due + WEEK).isoformat()}" if due else "due and until"
        raise errors.DataError(f"{source}, [late], least: expected `until`, too, when points end that fall from 1 to "
                               f"`least`, there is none. Add {add}, or leave out least.")


def list_of_tables(value: Any) -> list[Any]:
    """One [[cases]] or more."""
    if not isinstance(value, list) or not value:
        raise ValueError("expected one table [[cases]] or more")
    return value


def _case(table: Any, place: int, source: str) -> task.Case:
    named = table.get("id") if isinstance(table, Mapping) else None
    where = f"{source}, [[cases]] {named if isinstance(named, str) and re.fullmatch(ID, named) else f'number {place}'}"
    schema: Schema = {
        "id": text(ID, "letters, digits, _ and -, at most 60"), "points": number(0, 1000),
        "visibility": one_of(record.VISIBILITIES, "visibility"), "depends": texts(ID, "ids of earlier cases"),
        "why": text(), "seconds": number(0, DAY, above=True), "call": text(NAME, "the name of a function"),
        "repeats": whole(1, 1000), "flags": _flags, "differs_from": text(ID, "the id of an earlier case"),
        "inputs": _inputs,
        "tolerance": lambda value: task.Tolerance(**toml_table.read(value, TOLERANCE, f"{where}, tolerance")),
        "expect": toml_table.tables(lambda value, name: task.Expectation(**toml_table.read(value, EXPECTATION, name)),
                                    f"{where}, expect")}
    return task.Case(**toml_table.read(table, schema, where, ("id", "points"), elsewhere))


def _flags(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError('expected a list of flags such as ["--epochs=1", "--seed={seed}"]')
    return tuple(value)


def _inputs(value: Any) -> Mapping[str, Any]:
    try:
        input_checks.check(value)
    except ValueError as problem:       # which says what came
        raise ValueError(f"{str(problem).rstrip('.')}.") from None
    return value
