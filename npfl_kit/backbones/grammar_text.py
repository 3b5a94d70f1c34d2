"""The course's one-line language for convolutional networks, from text to steps.

    network = step {"," step}
    step    = C-filters-kernel-stride-padding     convolution with bias, ReLU; padding is same or valid
            | CB-filters-kernel-stride-padding    convolution without bias, batch normalization, ReLU
            | M-size-stride                       maximum pooling, valid
            | R-[network]                         the steps inside plus their own input; no R and no F inside
            | F                                   flatten, exactly once
            | H-units                             dense layer, ReLU
            | D-rate | D-units                    dropout below 1; from 1 on a dense layer, the dialect of 2018/19

Spaces between steps do not count. Numbers are bounded, so that a slip of the finger is a sentence and not a full
memory: filters and units up to 65,536, kernels, sizes and strides up to 1,024, and 1,000 steps in all.
"""
from __future__ import annotations

import dataclasses
import re
from typing import NoReturn, Optional

from npfl_kit import errors

FORMS = {"C": "C-filters-kernel-stride-padding, such as C-10-3-1-same",
         "CB": "CB-filters-kernel-stride-padding, such as CB-10-3-2-valid", "M": "M-size-stride, such as M-3-2",
         "R": "R-[steps], such as R-[C-16-3-1-same,C-16-3-1-same]", "F": "F alone", "H": "H-units, such as H-100",
         "D": "D-rate, such as D-0.5, or D-units, such as D-100"}
LARGEST = {"filters": 65_536, "units": 65_536, "kernel": 1_024, "size": 1_024, "strides": 1_024}
MOST_STEPS = 1_000
CONVOLUTION = r"(?P<filters>[1-9]\d*)-(?P<kernel>[1-9]\d*)-(?P<strides>[1-9]\d*)-(?P<padding>same|valid)"
ARGUMENTS = {"C": CONVOLUTION, "CB": CONVOLUTION, "M": r"(?P<size>[1-9]\d*)-(?P<strides>[1-9]\d*)",
             "H": r"(?P<units>[1-9]\d*)", "D": r"(?P<rate>0?\.\d+|0\.?)|(?P<units>[1-9]\d*)(\.0*)?"}


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of a network: its letters, its arguments, the steps inside an R, and where in the text it stands."""

    kind: str
    arguments: dict[str, str]
    position: int
    length: int
    inside: tuple[Step, ...] = ()


def refuse(text: str, position: int, length: int, why: str) -> NoReturn:
    """Raise the UsageError that shows `text` and marks the `length` characters at `position`."""
    mark = " " * position + "^" + "~" * (max(length, 1) - 1)
    raise errors.UsageError(f"{why}\n    {text}\n    {mark}")


def split(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The steps of `text[start:end]` as (start, end), cut at commas outside brackets, without spaces around them."""
    steps, depth, begin = [], 0, start
    for position in range(start, end + 1):
        letter = text[position] if position < end else ","
        depth += (letter == "[") - (letter == "]")
        if depth < 0:
            refuse(text, position, 1, "This ] closes nothing.")
        if letter == "," and (depth == 0 or position == end):
            if depth:
                refuse(text, begin, position - begin, "A [ of this step is not closed; R-[...] ends with ].")
            stripped = text[begin:position].strip()
            first = begin + text[begin:position].index(stripped)
            steps.append((first, first + len(stripped)))
            begin = position + 1
    return steps


def parse(text: str) -> tuple[Step, ...]:
    """The steps that `text` spells; shapes are not looked at.

    Args:
      text: str, in the language above.
    Returns: tuple of steps, with exactly one F.
    Raises: UsageError that shows the text, marks the step and says what was expected.
    Source: the course's task mnist_cnn; see Straka, Deep Learning (NPFL114), 2018 to 2025.

    >>> [step.kind for step in parse("CB-10-3-2-same,R-[C-10-3-1-same],F,H-100,D-0.5")]
    ['CB', 'R', 'F', 'H', 'D']
    """
    steps = parse_steps(text, 0, len(text), inside=False)
    every = [each for step in steps for each in (step, *step.inside)]
    if len(every) > MOST_STEPS:
        extra = every[MOST_STEPS]
        refuse(text, extra.position, extra.length, f"Expected at most {MOST_STEPS:,} steps; these are {len(every):,}.")
    flattens = [step for step in steps if step.kind == "F"]
    if not flattens:
        refuse(text, len(text), 1, "F, which flattens the feature maps, is expected once and is missing.")
    if len(flattens) > 1:
        refuse(text, flattens[1].position, 1, "F is expected exactly once; this is a second one.")
    return steps


def parse_steps(text: str, start: int, end: int, inside: bool) -> tuple[Step, ...]:
    """The steps of `text[start:end]`; `inside` an R there is no R and no F."""
    return tuple(parse_step(text, first, last, inside) for first, last in split(text, start, end))


def parse_step(text: str, start: int, end: int, inside: bool) -> Step:
    """The one step that `text[start:end]` spells."""
    length = end - start
    kind, dash, rest = text[start:end].partition("-")
    if kind not in FORMS:
        what = f"No step is called {kind!r}" if kind else "A step is expected here"
        refuse(text, start, len(kind), f"{what}; expected one of {', '.join(FORMS)}.")
    if inside and kind in "RF":
        refuse(text, start, length, f"There is no {kind} inside R-[...]; expected C, CB, M, H or D.")
    if kind == "F":
        if dash:
            refuse(text, start, length, "F has no arguments; expected F alone.")
        return Step(kind, {}, start, length)
    if kind == "R":
        if not (rest.startswith("[") and rest.endswith("]")):
            refuse(text, start, length, f"Expected {FORMS[kind]}.")
        return Step(kind, {}, start, length, parse_steps(text, start + len("R-["), end - 1, inside=True))
    found: Optional[re.Match[str]] = re.fullmatch(ARGUMENTS[kind], rest, re.ASCII)
    if found is None:
        refuse(text, start, length, f"Expected {FORMS[kind]}.")
    arguments = {key: value for key, value in found.groupdict().items() if value is not None}
    for key, value in arguments.items():
        check_number(text, end - len(rest) + found.start(key), key, value)
    return Step(kind, arguments, start, length)


def check_number(text: str, position: int, key: str, value: str) -> None:
    """Refuse a number that no network of a course has; `value`, all digits, stands at `position`."""
    if key in LARGEST and int(value[:9]) > LARGEST[key]:        # the first nine digits of a longer one are above, too
        refuse(text, position, len(value), f"Expected {key} <= {LARGEST[key]:,}.")
    if key == "rate" and float(value) >= 1:
        refuse(text, position, len(value), "Expected a rate below 1, and this one is rounded to 1.")
