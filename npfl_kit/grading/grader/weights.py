"""A student's weights: looked through before any library opens them, then used by the course's own script in a box.

The file is data, the script and the network are ours. What the script predicts is judged as predictions are, so the
hidden answers stay outside of the box.
"""
from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from npfl_kit import errors
from npfl_kit.grading.grader import reference
from npfl_kit.grading.sandbox import isolation, job, runner
from npfl_kit.grading.tasks.task import Data, Task
from npfl_kit.grading.uploads import h5_scan, intake, safetensors_header
from npfl_kit.grading.uploads.ungradable import OverLimitError, UngradableError

MOST_PREDICTED = 2**26      # bytes
CALL = "predict_by_weights"
SCRIPT = f"""
import importlib, zlib
import numpy as np


def {CALL}(lab, flags, folder, name):
    lab = importlib.import_module(lab)
    lab.main(lab.parser.parse_args(flags))
    with open(folder + "/" + name, "rb") as file:
        packed = zlib.compress(file.read(), 6)
    return [len(packed), np.frombuffer(packed + bytes(-len(packed) % 4), "<u4")]
"""


@dataclasses.dataclass(frozen=True)
class Predicted:
    """What weights predict.

    Args:
      content: of the file of predictions.
      seconds, peak_rss, isolation: as `job.Outcome` has them.
    """

    content: bytes
    seconds: Optional[float]
    peak_rss: Optional[int]
    isolation: str


def scan(name: str, data: bytes) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the arrays in a file of weights, all of them finite.

    Args:
      name: of the file; its ending, `.safetensors` or `.h5`, is that of the format.
    Raises: UngradableError that says what is wrong.
    """
    try:
        if name.endswith(".safetensors"):
            arrays = safetensors_header.read(data, name)
            safetensors_header.require_finite(data, arrays, name)
            shapes = {key: array.shape for key, array in arrays.items()}
        elif name.endswith(".h5"):
            shapes = h5_scan.read(data, name)
        else:
            raise errors.WeightsError(f"{name} ends in neither .safetensors nor .h5, and the ending names the format. "
                                      f"Hand in the file weights.safetensors of a run folder.")
        if not shapes:
            raise errors.WeightsError(f"{name} has no array. Hand in the file weights.safetensors of a run folder.")
    except errors.WeightsError as error:
        raise UngradableError(str(error)) from None
    return shapes


def predict(task: Task, upload: intake.Upload, level: isolation.Level, *, home: bool = False,
            data_dirs: Sequence[Path] = ()) -> Predicted:
    """The predictions that the task's lab makes with the weights in an upload.

    Args:
      home: whether those of the home split are wanted.
      data_dirs: folders with files of data sets; the first is NPFL_KIT_DATA.
    Raises: UngradableError if the weights cannot be read or do not fit, OverLimitError if the network is too large or
      too slow; DataError or KitError for what is no fault of the student.
    """
    data = task.data
    if data is None:
        raise ValueError(f"the task {task.lab} of the kind {task.kind} has no data")
    name = data.home_file if home and data.home_file in upload.files else data.file
    if name not in upload.files:
        raise UngradableError(f"The task {task.lab} asks for a file {name}; got "
                              f"{', '.join(sorted(upload.files)[:5]) or 'none'}. Add it.")
    scan(name, upload.files[name])
    script = reference.script(task.lab)
    sources = {f"{script.stem}.py": script.read_bytes(), f"{CALL}.py": SCRIPT.encode(), name: upload.files[name]}
    predictions = predicted_file(data.dataset, data.metric, home)
    case = job.JobCase("predict", call=CALL, seconds=task.limits.seconds, arguments={
        "0": script.stem, "1": list(flags(data, name)), "2": "run", "3": predictions})
    outcome, = runner.run(sources, [case], task.limits, level, data_dirs=data_dirs,
                          environment={"NPFL_KIT_DATA": str(data_dirs[0])} if data_dirs else {})
    require_ok(outcome, name)
    return Predicted(unpacked(outcome.value), outcome.seconds, outcome.peak_rss, outcome.isolation)


def flags(data: Data, name: str) -> tuple[str, ...]:
    """The arguments of the lab; what the file itself says of the data set is overruled.

    >>> flags(Data("glyphs", "accuracy"), "weights.safetensors")
    ('--predict', '--weights=weights.safetensors', '--logdir=run', '--dataset=glyphs')
    """
    column = (f"--column={data.column}",) if data.column else ()
    return ("--predict", f"--weights={name}", "--logdir=run", f"--dataset={data.dataset}", *column, *data.flags)


def predicted_file(dataset: str, metric: str, home: bool) -> str:
    """How a lab calls its predictions of a data set in its run folder.

    >>> predicted_file("glyphs", "accuracy", home=True), predicted_file("bccd", "ap", home=False)
    ('predictions_dev.txt', 'predictions.json')
    """
    from npfl_kit import data

    is_json = dataset in data.DETECTION and metric != "accuracy"
    return f"predictions{'_dev' if home else ''}.{'json' if is_json else 'txt'}"


def require_ok(outcome: job.Outcome, name: str) -> None:
    """Raise the error for weights that nothing was predicted with."""
    said = outcome.error or {}
    kind, text = _plain(said.get("type", "")), _plain(said.get("text", ""))
    if outcome.state == "limit":
        raise OverLimitError(f"Predicting with {name} took too much: {kind or 'a limit'} {text}. Hand in a smaller "
                             f"network.")
    if outcome.state == "error" and kind != "DataError":
        raise UngradableError(f"The lab cannot predict with {name}: {kind}: {text} Try it at home: add --predict "
                              f"--weights={name} to the command of the lab.")
    if outcome.state != "ok":
        raise errors.KitError(f"Predicting with {name} ended without an answer ({outcome.state} {kind}: {text}).")


def _plain(text: Any) -> str:
    """A text from the box in one line of at most 300 letters, without what moves a cursor.

    >>> _plain("a\\n b\\x1b[2J")
    'a b?[2J'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(str(text).split()))[:300]


def unpacked(value: Any) -> bytes:
    """The file of predictions in a claim: its packed length, and its packed bytes as numbers of 32 bits.

    Raises: KitError if it is none.
    """
    try:
        length, numbers = value
        packed = np.asarray(numbers, "<u4").tobytes()
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(packed[:length], MOST_PREDICTED)
        if unpacker.eof and 0 <= len(packed) - length < 4:
            return content
    except (TypeError, ValueError, OverflowError, zlib.error):
        pass
    raise errors.KitError("The box gave no file of predictions.")
