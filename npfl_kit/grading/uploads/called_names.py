"""What names the called functions of a source use, with all that they reach."""
from __future__ import annotations

import ast
import json
import sys
from collections.abc import Collection, Iterator, Sequence

from npfl_kit.grading.uploads import local_names, reachable, source_names

# What can say any name while the code runs: functions of Python, modules, and attributes.
BUILT_IN = {"eval", "exec", "compile", "globals", "vars", "__import__"}
MODULES = {("importlib",), ("runpy",), ("inspect",), ("gc",), ("ctypes",), ("sys", "modules"), ("sys", "_getframe")}
ATTRIBUTES = {"__dict__", "__globals__", "__builtins__", "__loader__", "__spec__", "__code__", "__closure__",
              "__getattribute__", "__subclasses__", "f_globals", "f_builtins"}


def search(tree: ast.Module, names: Sequence[str], entries: Collection[str]) -> list[tuple[str, int]]:
    """The uses of names in what some functions reach: name and line, in the order of the lines.

    What can say any name, such as eval or globals(), is a use, too, by its own name. A module that is imported there
    and not used is none. The nodes of `tree` are changed.

    >>> source = "from a import b\\ndef f(b): return b.x\\ndef g(): return b.x\\nTRUE = b"
    >>> search(ast.parse(source), ["a"], ["f"]), search(ast.parse(source), ["a"], ["g"])
    ([], [('a', 3)])
    """
    parts = reachable.reached(tree, entries)
    local_names.separate(tree)
    scope = source_names.Scope(tree)
    nodes = [node for part in parts for node in ast.walk(part) if not isinstance(node, (ast.Import, ast.ImportFrom))]
    nodes += [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))
              and any(alias.name == "*" or (alias.asname or alias.name) in entries for alias in node.names)]
    return source_names.by_line([*source_names.used(scope, nodes, names), *unclear(scope, nodes)])


def unclear(scope: source_names.Scope, nodes: Sequence[ast.AST]) -> Iterator[tuple[str, int]]:
    """What can say any name."""
    plain = {id(each.func) for each in nodes if isinstance(each, ast.Call) and reachable.has_text(each)}
    for node in nodes:
        if not isinstance(node, ast.expr):
            continue
        for meant in scope.meanings(node):
            if meant[0] == "builtins" and len(meant) == 2 and meant[1] in BUILT_IN or meant[-1] in ATTRIBUTES:
                yield meant[-1], node.lineno
            elif meant[-1] in reachable.LOOK_UPS and meant[0] in ("builtins", "operator") and id(node) not in plain:
                yield meant[-1], node.lineno
            elif meant[:1] in MODULES or meant[:2] in MODULES:
                yield ".".join(meant[:2]), node.lineno


def main(names: Sequence[str], entries: Sequence[str]) -> None:
    """Search standard input; writes JSON: a list of [name, line], or the text of a SyntaxError."""
    try:
        tree = ast.parse(sys.stdin.buffer.read())
        print(json.dumps(search(tree, names, entries) if entries else source_names.search(tree, names)))
    except (SyntaxError, ValueError) as problem:
        print(json.dumps(str(problem)))
