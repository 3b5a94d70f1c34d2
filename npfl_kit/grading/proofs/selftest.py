"""Whether a task tells right from wrong: the solution has full marks, the template none, and no mutant passes."""
from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Optional

from npfl_kit import errors
from npfl_kit.grading import record
from npfl_kit.grading.grader import engine
from npfl_kit.grading.grader.context import Context
from npfl_kit.grading.proofs import mutants, template
from npfl_kit.grading.tasks.task import Data, Task
from npfl_kit.grading.uploads import intake
from npfl_kit.scoring import bounded_file

MOST_BYTES = 2**30


@dataclasses.dataclass(frozen=True)
class Trial:
    """A submission whose points are known beforehand, and what became of it.

    Args:
      name: what it is.
      wanted: its points, in words.
      ok: whether it has them.
      why: what is wrong if not.
      seconds: wall time of the grading.
    """

    name: str
    wanted: str
    record: record.Record
    ok: bool
    why: str
    seconds: float


@dataclasses.dataclass(frozen=True)
class Submission:
    """The files of the solution, those of the home split by the same names, and the script."""

    files: Mapping[str, bytes]
    others: Mapping[str, bytes]
    script: Path


def trials(task: Task, solution: Submission, context: Context, repeats: int,
           say: Callable[[str], None] = lambda name: None) -> Iterator[Trial]:
    """Grade the solution some times, the template, and each mutant; `say` is told which is begun.

    Raises: DataError, before anything is graded, if the template or a mutant cannot be made.
    """
    points, empty, wrong = f"{task.points:g}", templates(task, solution), wrong_files(task, solution)
    for name, wanted, files in [*((f"solution {repeat + 1}", points, solution.files) for repeat in range(repeats)),
                                ("template", "0", empty)]:
        say(name)
        yield tried(name, wanted, task, files, context)
    for mutant, files in wrong:
        say(mutant.name)
        yield tried_wrong(task, mutant, files, context)


def wrong_files(task: Task, solution: Submission) -> list[tuple[mutants.Mutant, Mapping[str, bytes]]]:
    """Each mutant and its files."""
    return [(mutant, mutants.spoiled(task, mutant, solution.files, solution.others)) for mutant in mutants.read(task)]


def tried_wrong(task: Task, mutant: mutants.Mutant, files: Mapping[str, bytes], context: Context) -> Trial:
    """Grade a mutant."""
    return tried(mutant.name, f"below {limit(task):g}", task, files, context, mutant.fails)


def tried(name: str, wanted: str, task: Task, files: Mapping[str, bytes], context: Context,
          fails: Sequence[str] = ()) -> Trial:
    """Grade some files, and see whether they have the points that they should."""
    started = time.perf_counter()
    result = engine.grade(task, intake.Upload(files, sha256=intake.content_sha256(files)), context)
    return Trial(name, wanted, result, *expected(task, result, wanted, fails), time.perf_counter() - started)


def expected(task: Task, result: record.Record, wanted: str, fails: Sequence[str]) -> tuple[bool, str]:
    """Whether a record has the points that it should, and if not, why."""
    if result.state == "grader_error":
        return False, result.rationale or next(each.rationale for each in result.cases if each.state == "grader_error")
    if wanted == "0":
        paid = [each.id for each in result.cases if each.score]
        return not result.score, f"{', '.join(paid)} gave points" if paid else ""
    if not wanted.startswith("below"):
        wrong = next((each for each in result.cases if each.score < each.max), None)
        return wrong is None, f"{wrong.id}: {wrong.rationale}" if wrong else ""
    paid = [each.id for each in result.cases if each.id in fails and each.score]
    if paid:
        return False, f"{', '.join(paid)} did not see it"
    if result.score < limit(task):
        return True, ""
    lost = [each.id for each in result.cases if each.score < each.max]
    return False, (f"{', '.join(lost)} saw it, but {result.score:g} points are not below {limit(task):g}" if lost
                   else "no case saw it")


def limit(task: Task) -> float:
    """Points that a mutant must not reach: the threshold of the task, or full marks where it has none."""
    return task.threshold or task.points


def templates(task: Task, solution: Submission) -> dict[str, bytes]:
    """What a student hands in who has written nothing: the template of the script, or empty files."""
    made = {name: b"" for name in solution.files}
    if task.kind in ("functions", "runs"):
        source = solution.script.read_text(encoding="utf-8")
        made[task.files[0]] = template.template(source, solution.script.name).encode("utf-8")
    return made


def submission(task: Task, script: Path, run: Optional[Path] = None) -> Submission:
    """What the course would hand in.

    Args:
      script: the solution.
      run: of tasks about data, the folder of a finished run of it.
    Raises: DataError if the run lacks a file that the task asks for.
    """
    if task.data is None:
        return Submission({task.files[0]: script.read_bytes()}, {}, script)
    assert run is not None
    of_run, of_home = names_in_run(task, task.data)
    files = {name: script.read_bytes() for name in task.files if name != task.data.file and name.endswith(".py")}
    files[task.data.file] = bounded_file.read(run / of_run, MOST_BYTES, errors.DataError)
    others = {task.data.file: bounded_file.read(run / of_home, MOST_BYTES, errors.DataError)}
    return Submission(files, others, script)


def names_in_run(task: Task, data: Data) -> tuple[str, str]:
    """What the file of a task, and that of its home split, are called in the folder of a run."""
    if task.kind == "weights":
        return "weights.safetensors", "weights.safetensors"
    suffix = Path(data.file).suffix
    return f"predictions{suffix}", f"predictions_dev{suffix}"


def train(task: Task, script: Path, folder: Path, data_dir: Optional[Path]) -> Path:
    """Run the solution as its task says; gives the folder of the run. What it prints is shown.

    Raises: DataError if it fails.
    """
    assert task.data is not None
    flags = [f"--logdir={folder}", *flags_of(task.data), *([f"--data_dir={data_dir.absolute()}"] if data_dir else [])]
    if subprocess.run([sys.executable, str(script), *flags]).returncode:
        raise errors.DataError(f"The solution {script} fails; see above.")
    return folder


def flags_of(data: Data) -> list[str]:
    """With what the script of a task about data is run."""
    return [f"--dataset={data.dataset}", *data.flags, *([f"--column={data.column}"] if data.column else [])]
