"""What the parts of a task must be together; a part alone is checked where it is read."""
from __future__ import annotations

import datetime
import fnmatch
import re
from collections.abc import Iterator

from npfl_kit import data, errors
from npfl_kit.grading.tasks import known_data, task

# Keys of cases that only some kinds of tasks have.
KEYS_OF_KINDS = {
    "call": ("functions",), "inputs": ("functions",), "repeats": ("functions",), "tolerance": ("functions",),
    "flags": ("runs",), "differs_from": ("runs",), "expect": ("runs", "predictions", "weights"),
}
DEFAULTS = task.Case("", 0)


def check(whole: task.Task, source: str) -> None:
    """Raise a DataError, which names `source`, table and key, for the first contradiction in a task."""
    for where, problem in problems(whole):
        raise errors.DataError(f"{source}{where and ', '}{where}: {problem}")


def problems(whole: task.Task) -> Iterator[tuple[str, str]]:
    """Contradictions in a task: where, and a sentence."""
    for place, case in enumerate(whole.cases):
        for key, problem in _of_case(whole, case, whole.cases[:place]):
            yield f"[[cases]] {case.id}, {key}", problem
    if not whole.points:
        yield "[[cases]]", "expected points above 0 in one case at least, got cases without points."
    if whole.threshold > whole.points:
        yield "threshold", f"expected at most the {whole.points:g} points of all cases, got {whole.threshold:g}."
    yield from _of_data(whole)
    yield from _of_board(whole)
    yield from _of_late(whole.late)


def refuse_bands(whole: task.Task, source: str) -> None:
    """Raise a DataError if a case needs a calibrated band; called where no reference results are."""
    for case in whole.cases:
        for metric, expectation in case.expect.items():
            if expectation.band:
                raise errors.DataError(
                    f"{source}, [[cases]] {case.id}, expect.{metric}.band: expected reference results in "
                    f"{whole.lab}.reference.json beside the task file, there are none. Type: npfl-kit grade calibrate "
                    f"{whole.lab}")


def _of_case(whole: task.Task, case: task.Case, earlier: tuple[task.Case, ...]) -> Iterator[tuple[str, str]]:
    if case.id in [other.id for other in earlier]:
        yield "id", f"expected an id of its own, got {case.id!r} a second time."
    if case.call and case.flags:
        yield "flags", "expected `call` (a function is called) or `flags` (the script is run), got both."
    for key, kinds in KEYS_OF_KINDS.items():
        if whole.kind not in kinds and getattr(case, key) != getattr(DEFAULTS, key):
            yield key, f"expected in tasks of the kind {' or '.join(kinds)}, this one is of the kind {whole.kind}."
    for key in ("depends", "differs_from"):
        for name in ([case.differs_from] if case.differs_from else []) if key == "differs_from" else case.depends:
            problem = _bad_reference(whole, case, name, earlier)
            if problem:
                yield key, problem
    yield from _of_runs(whole, case) if whole.kind == "runs" else ()
    if whole.kind == "functions" and not case.call:
        yield "call", "expected the name of the function, as call = \"forward\", which must not be left out."
    if whole.kind in ("predictions", "weights") and not case.expect:
        yield "expect", "expected what a metric has to be, as expect.accuracy = { at_least = 0.9 }."
    for metric, expectation in case.expect.items():
        low, high = expectation.at_least, expectation.at_most
        if expectation.band and whole.kind != "runs":
            yield f"expect.{metric}.band", f"expected in tasks of the kind runs, this one is of the kind {whole.kind}."
        if low is None and high is None and not expectation.band:
            yield f"expect.{metric}", "expected at_least, at_most or band = true, got none of them."
        if low is not None and high is not None and low > high:
            yield f"expect.{metric}", f"expected at_least up to at_most, got {low:g} and {high:g}."


def _bad_reference(whole: task.Task, case: task.Case, name: str, earlier: tuple[task.Case, ...]) -> str:
    """What is wrong with a case that names another one; empty if nothing is."""
    ids = [other.id for other in whole.cases]
    if name == case.id:
        return f"expected another case, got {name!r} itself."
    if name not in ids:
        return str(errors.unknown("case", name, [each for each in ids if each != case.id] or ["(no other case)"]))
    other = next((other for other in earlier if other.id == name), None)
    if other is None:
        return f"expected an earlier case, got {name!r}, which stands later. Move it before {case.id!r}."
    if case.visibility == "public" and other.visibility != "public":
        return f"expected a public case, as this one is run at home, got {name!r}, which is {other.visibility}."
    return ""


def _of_runs(whole: task.Task, case: task.Case) -> Iterator[tuple[str, str]]:
    for each in case.flags:
        for name in re.findall(r"\{\w*\}", each):
            if name != "{seed}":
                yield "flags", f"expected no name in braces but {{seed}}, got {each!r}."
    if not case.expect:
        yield "expect", "expected what a metric has to be, as expect.val_accuracy = { at_least = 0.9 }."
    for other in whole.cases:
        if other.id == case.differs_from and other.flags == case.flags and "{seed}" not in "".join(case.flags):
            yield "differs_from", f"expected a case with other flags, got {other.id!r} with the same."


def _of_data(whole: task.Task) -> Iterator[tuple[str, str]]:
    needed = whole.kind in ("predictions", "weights")
    if needed and whole.data is None:
        yield "[data]", f"expected this table in a task of the kind {whole.kind}, with dataset and metric."
    if whole.data is None:
        return
    if not needed:
        yield "[data]", f"expected in tasks of the kind predictions or weights, this one is of the kind {whole.kind}."
    yield from _of_metrics(whole, whole.data)
    names = [*whole.files, *whole.optional]
    for key, name in (("file", whole.data.file), ("home_file", whole.data.home_file)):
        if key == "file" and not any(fnmatch.fnmatchcase(name, pattern) for pattern in whole.files):
            yield "files", f"expected the file of [data], {name!r}, to be among them, got {', '.join(names)}."
        if whole.kind == "weights" and not name.endswith((".safetensors", ".weights.h5")):
            yield f"[data], {key}", f"expected a name that ends with .safetensors or .weights.h5, got {name!r}."
    if whole.data.file == whole.data.home_file and whole.kind == "predictions":
        yield "[data], home_file", f"expected another name than that of file, got {whole.data.home_file!r} twice."
    for case in whole.cases if whole.board else ():
        if case.visibility == "hidden":
            yield (f"[[cases]] {case.id}, visibility",
                   "expected public or after_due where there is a board, got hidden: its points would tell a bit of "
                   "private examples with each attempt.")
    if whole.data.split == whole.data.home_split:
        yield "[data], home_split", f"expected another split than {whole.data.split!r}, whose answers students lack."


def _of_metrics(whole: task.Task, given: task.Data) -> Iterator[tuple[str, str]]:
    if given.dataset not in data.NAMES:
        yield "[data], dataset", str(errors.unknown("data set", given.dataset, data.NAMES))
        return
    known = known_data.metrics(given.dataset)
    if not known:
        yield "[data], dataset", f"expected a data set with answers, {given.dataset} has no predictions to judge."
        return
    named = {"[data], metric": given.metric,
             **{f"[[cases]] {case.id}, expect.{metric}": metric for case in whole.cases for metric in case.expect}}
    for where, metric in named.items():
        if metric not in known:
            yield where, str(errors.unknown(f"metric of {given.dataset}", metric, known))


def _of_board(whole: task.Task) -> Iterator[tuple[str, str]]:
    if whole.board is None:
        return
    if whole.kind == "functions":
        yield "[board]", "expected in tasks with a metric: runs, predictions or weights; this one is of functions."
    if whole.data is not None and whole.board.metric != whole.data.metric:
        yield "[board], metric", f"expected that of [data], {whole.data.metric!r}, got {whole.board.metric!r}."


def _of_late(late: task.Late) -> Iterator[tuple[str, str]]:
    if late.until and not late.due:
        yield "[late], until", "expected a deadline `due` before it, there is none."
    if late.until and late.due and moment(late.until) < moment(late.due):
        yield "[late], until", f"expected a time after {late.due}, got {late.until}."


def moment(text: str) -> datetime.datetime:
    """The time that `toml_table.moment` wrote."""
    return datetime.datetime.fromisoformat(text)
