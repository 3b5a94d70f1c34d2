"""The students' version of a lab, made from its solution: what a mark in the solution covers is theirs to write.

    def bboxes_area(bboxes):                            def bboxes_area(bboxes):
        # Exercise: height times width.                     # TODO: height times width.
        heights, widths = ...                               raise NotImplementedError("bboxes_area: ...")
        return np.maximum(heights, 0) * ...

A mark covers all that follows it in its block, or up to a line `# End of exercise.`
"""
from __future__ import annotations

import ast
import dataclasses
import re
import textwrap
from collections.abc import Sequence

from npfl_kit import errors

MARK = re.compile(r"( *)# Exercise: (\S.*)")
END = re.compile(r" *# End of exercise\.")
WIDEST = 119


@dataclasses.dataclass(frozen=True)
class Exercise:
    """What students write in one place.

    Args:
      first, last: numbers of the first line, the mark, and of the last one that is theirs, counted from 1.
      text: of the mark.
      within: the function that it is in, or "" for none.
    """

    first: int
    last: int
    text: str
    within: str


def exercises(source: str, name: str = "the lab") -> list[Exercise]:
    """The marked parts of a solution, in their order.

    Raises: DataError that names the line of a mark which covers nothing, lies within another one, or is at the level
      of the module, where all of the rest would go.
    """
    tree, lines = ast.parse(source), source.splitlines()
    found: list[Exercise] = []
    for number, line in enumerate(lines, start=1):
        mark = MARK.fullmatch(line)
        if not mark:
            continue
        if found and number <= found[-1].last:
            raise errors.DataError(f"{name}, line {number}: this exercise lies within that of line {found[-1].first}. "
                                   f"Remove one of the two marks.")
        block, within = innermost_block(tree, number)
        after = [node for node in block if node.lineno > number]
        if not within or not after or after[0].col_offset != len(mark[1]):
            raise errors.DataError(f"{name}, line {number}: expected a mark within a function, above a statement and "
                                   f"as far to the right as it. Move the mark.")
        ends = [place for place in range(number, after[-1].end_lineno or number) if END.fullmatch(lines[place])]
        last = ends[0] + 1 if ends else after[-1].end_lineno or number
        found.append(Exercise(number, last, mark[2], within))
    return found


def innermost_block(tree: ast.Module, line: int) -> tuple[Sequence[ast.stmt], str]:
    """The statements of the smallest block that has a line, and the function or class they are in."""
    block, within = tree.body, ""
    while True:
        node = next((node for node in block if node.lineno < line <= (node.end_lineno or 0)), None)
        owners = [node, *getattr(node, "handlers", [])]
        bodies = [getattr(owner, field, None) for owner in owners for field in ("body", "orelse", "finalbody")]
        inner = [body for body in bodies if isinstance(body, list) and body and line <= last_line(body)]
        if not inner:
            return block, within
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            within = f"{within}.{node.name}".lstrip(".")
        block = min(inner, key=last_line)


def last_line(block: Sequence[ast.stmt]) -> int:
    """Number of the line on which a block of statements ends."""
    return block[-1].end_lineno or 0


def template(source: str, name: str = "the lab") -> str:
    """The students' version of a solution; it parses, as the rest of it does.

    Raises: DataError if there is no mark, or a wrong one.

    >>> print(template('def area(box):\\n    # Exercise: its area.\\n    return box[0] * box[1]\\n'), end="")
    def area(box):
        # TODO: its area.
        raise NotImplementedError("area: its area.")
    """
    parts = exercises(source, name)
    if not parts:
        raise errors.DataError(f"{name} marks nothing for students to write. Put lines such as '# Exercise: what to "
                               f"write.' above what is theirs.")
    lines = source.splitlines()
    for part in reversed(parts):
        indent = MARK.fullmatch(lines[part.first - 1])[1]       # type: ignore[index]
        todo = [f"{indent}# TODO: {part.text}", *raising(f"{part.within}: {part.text}", indent)]
        lines[part.first - 1:part.last] = todo
    text = "\n".join(lines) + "\n"
    ast.parse(text)
    return text


def raising(text: str, indent: str) -> list[str]:
    """The lines that say, when they are reached, what is to be written; more than one where that were too wide."""
    line = f"{indent}raise NotImplementedError({quoted(text)})"
    if len(line) <= WIDEST:
        return [line]
    room = WIDEST - len(f'{indent}    "")') - sum(map(text.count, '\\"'))
    parts = textwrap.wrap(text, max(room, 20), drop_whitespace=False, replace_whitespace=False, expand_tabs=False)
    *first, last = [f"{indent}    {quoted(part)}" for part in parts]
    return [f"{indent}raise NotImplementedError(", *first, f"{last})"]


def quoted(text: str) -> str:
    """A text as Python has it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
