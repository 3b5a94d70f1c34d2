"""Submissions that are known to be wrong: the solution with a mistake in it, or its files, spoiled.

    [[mutants]]
    name = "x_before_y"
    old = "[..., ::1]"                  of a script: what is replaced, once, by what
    new = "[..., ::-1]"
    fails = ["to_fast_rcnn"]            cases that must not have points; else some case has none

    [[mutants]]
    name = "constant"
    spoil = "constant"                  of predictions or weights: one of `spoiled_files.WAYS`

A task whose mutants have full marks tests nothing; `npfl-kit grade selftest LAB` shows it.
"""
from __future__ import annotations

import ast
import dataclasses
from collections.abc import Mapping
from pathlib import Path

from npfl_kit import errors
from npfl_kit.data import manifest
from npfl_kit.grading.proofs import spoiled_files
from npfl_kit.grading.tasks import task_file, toml_table
from npfl_kit.grading.tasks.task import Task
from npfl_kit.scoring import bounded_file

MOST_BYTES = 2**20
REPLACED = """old = "return x + y"         # stands in the solution, once
new = "return x - y"         # takes its place
"""
SPOILED = """spoil = "constant"
"""


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A wrong submission.

    Args:
      name: which mistake it makes.
      old, new: of a script, a text that it has exactly once, and what takes its place.
      spoil: of data, what is done to the file.
      file: which file of the upload; the first one that the task asks for.
      fails: cases that must have no points.
    """

    name: str
    old: str = ""
    new: str = ""
    spoil: str = ""
    file: str = ""
    fails: tuple[str, ...] = ()


def path_of(task: Task) -> Path:
    """Where the mutants of a task are described."""
    place = task_file.find(task.lab)
    return place.with_name(f"{place.stem}.mutants.toml")


def invitation(task: Task) -> str:
    """Where the first mutants of a task go, and what one looks like."""
    mistake = SPOILED if task.data else REPLACED
    return (f'No mutants yet. Write some into {path_of(task)}, such as:\n\n[[mutants]]\nname = "a_mistake"\n{mistake}'
            f'fails = ["{task.cases[0].id}"]\n')


def read(task: Task) -> list[Mutant]:
    """The mutants of a task; none if there is no file of them.

    Raises: DataError that names file, table and key.
    """
    path = path_of(task)
    if not path.is_file():
        return []
    text = toml_table.text()
    schema: toml_table.Schema = {
        "name": toml_table.text(task_file.ID, "letters, digits, _ and -"), "old": text,
        "new": toml_table.text("(?s).*"),
        "spoil": toml_table.one_of(tuple(spoiled_files.WAYS), "way to spoil a file"), "file": text,
        "fails": toml_table.texts(task_file.ID, "ids of cases")}
    try:
        table = manifest.load_toml(bounded_file.read(path, MOST_BYTES, errors.DataError).decode("utf-8"))
    except ValueError as problem:
        raise errors.DataError(f"{path}: expected a text in TOML: {problem}.") from None
    found = toml_table.read(table, {"mutants": task_file.list_of_tables}, str(path), required=("mutants",))["mutants"]
    mutants = [Mutant(**toml_table.read(each, schema, f"{path}, [[mutants]] number {place}", required=("name",)))
               for place, each in enumerate(found, 1)]
    for mutant in mutants:
        if bool(mutant.old) == bool(mutant.spoil):
            raise errors.DataError(f"{path}, [[mutants]] {mutant.name}: expected old and new, or spoil.")
        for name in mutant.fails:
            if name not in [case.id for case in task.cases]:
                raise errors.DataError(f"{path}, [[mutants]] {mutant.name}, fails: "
                                       f"{errors.unknown('case', name, [case.id for case in task.cases])}")
    return mutants


def spoiled(task: Task, mutant: Mutant, files: Mapping[str, bytes], others: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of the solution with the mistake of a mutant.

    Args:
      files: of the solution, by name.
      others: its files for the home split, by the names that they have in an upload.
    Raises: DataError if the text to replace is not there once, or what comes out is no Python.
    """
    name = mutant.file or task.files[0]
    if name not in files:
        raise errors.DataError(f"mutant {mutant.name} of {task.lab}: {errors.unknown('file', name, files)}")
    if mutant.spoil:
        return {**files, name: spoiled_files.WAYS[mutant.spoil](files[name], others.get(name, b""))}
    text = files[name].decode("utf-8")
    if text.count(mutant.old) != 1:
        raise errors.DataError(f"mutant {mutant.name} of {task.lab}: expected its old text once in {name}, found it "
                               f"{text.count(mutant.old)} times. Make it longer, or change it as the lab was.")
    changed = text.replace(mutant.old, mutant.new)
    try:
        ast.parse(changed)
    except SyntaxError as problem:
        raise errors.DataError(f"mutant {mutant.name} of {task.lab} is no Python: {problem}.") from None
    return {**files, name: changed.encode("utf-8")}
