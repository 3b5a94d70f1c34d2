"""What names a Python source uses, by other names, too."""
from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence
from typing import Optional, Union

from npfl_kit.grading.uploads import local_names

Dotted = tuple[str, ...]

SHORT = {"tf": ("tensorflow",), "np": ("numpy",), "keras": ("tensorflow", "keras")}
UNKNOWN = "?"               # where a dotted name begins with what is known only when the code runs
MOST_PARTS, MOST_ROUNDS = 20, 8
IMPORTERS = {("importlib", "import_module"), ("builtins", "__import__")}


def search(tree: ast.AST, names: Sequence[str]) -> list[tuple[str, int]]:
    """The uses of names in a parsed source: name and line, in the order of the lines.

    >>> search(ast.parse("import tensorflow as t\\ng = getattr(t, 'Gradient' + 'Tape')"), ["tf.GradientTape"])
    [('tf.GradientTape', 2)]
    """
    return by_line(used(Scope(tree), ast.walk(tree), names))


def used(scope: Scope, nodes: Iterable[ast.AST], names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The uses of names in some nodes."""
    for node in nodes:
        if isinstance(node, (ast.expr, ast.Import, ast.ImportFrom)):
            yield from ((name, node.lineno) for meant in scope.meanings(node) for name in names if is_use(meant, name))


def by_line(uses: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Uses, each once, in the order of the lines."""
    return sorted(set(uses), key=lambda use: (use[1], use[0]))


def full(name: str) -> Dotted:
    """A name with its module written out.

    >>> full("tf.GradientTape")
    ('tensorflow', 'GradientTape')
    """
    first, *rest = name.split(".")
    return (*SHORT.get(first, (first,)), *rest)


def is_use(meant: Dotted, name: str) -> bool:
    """Whether a dotted name is the forbidden one, lies inside of it, or ends alike elsewhere in the same package.

    The name of a class is recognized after an object that is not known, too, as in `self.tf.GradientTape`.

    >>> is_use(("tensorflow", "compat", "v1", "GradientTape"), "tf.GradientTape"), is_use(("numpy",), "np.linalg.inv")
    (True, False)
    """
    wanted = full(name)
    if len(wanted) == 1:
        return meant[:1] == wanted or meant[:2] == ("builtins", *wanted)
    if wanted[-1] not in meant[1:]:
        return False
    return meant[0] == wanted[0] or meant[0] == UNKNOWN and wanted[-1] in meant[2:] and wanted[-1][0].isupper()


class Scope:
    """What the names of a source stand for, wherever in it they are given; one name may stand for several things.

    Args:
      tree: of the whole source.
    """

    def __init__(self, tree: ast.AST) -> None:
        self.known: dict[str, set[Dotted]] = {}
        self.texts: dict[str, str] = {}
        self.stars: list[Dotted] = []
        self._found: dict[ast.AST, set[Dotted]] = {}
        nodes = list(ast.walk(tree))
        pairs = [pair for node in nodes for pair in assignments(node)]
        for node in nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
        for _ in range(MOST_ROUNDS):      # a name of a name of a name ...
            before = self._size()
            for name, value in pairs:
                if text := self.text(value):
                    self.texts.setdefault(name, text)
                if meanings := {each for each in self.meanings(value) if each[0] != UNKNOWN}:
                    self.known.setdefault(name, set()).update(meanings)
            self._found.clear()
            if self._size() == before:
                break

    def _size(self) -> int:
        return len(self.texts) + sum(len(each) for each in self.known.values())

    def _import(self, node: Union[ast.Import, ast.ImportFrom]) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                first = alias.name.split(".")[0]
                self.known.setdefault(alias.asname or first, set()).add(full(alias.name if alias.asname else first))
            elif alias.name == "*":
                self.stars.append(full(node.module or UNKNOWN))
            else:
                meant = full(f"{node.module or UNKNOWN}.{alias.name}")
                self.known.setdefault(alias.asname or alias.name, set()).add(meant)

    def meanings(self, node: ast.AST) -> set[Dotted]:
        """The dotted names that a node may stand for."""
        if node not in self._found:
            self._found[node] = self._meanings(node)
        return self._found[node]

    def _meanings(self, node: ast.AST) -> set[Dotted]:
        if isinstance(node, ast.Import):
            return {full(alias.name) for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            return {full(f"{node.module or UNKNOWN}.{alias.name}") for alias in node.names}
        if isinstance(node, ast.Name):
            home = "builtins" if hasattr(builtins, node.id) else UNKNOWN
            stars = self.stars if local_names.MARK not in node.id else ()
            return self.known.get(node.id) or {(home, node.id), *((*star, node.id) for star in stars)}
        step = self._step(node)
        if step is None:
            return self._looked_up(node)
        inside = self.meanings(step[0]) or {(UNKNOWN, UNKNOWN)}
        return {(*meant, step[1]) for meant in inside if len(meant) < MOST_PARTS}

    def _step(self, node: ast.AST) -> Optional[tuple[ast.AST, str]]:
        """What is looked into, and the name looked for: of `x.name`, getattr(x, "name"), x.__dict__["name"] ..."""
        inside, name = None, None
        if isinstance(node, ast.Attribute):
            inside, name = node.value, node.attr
        elif isinstance(node, ast.Call) and len(node.args) >= 2 and self._ends(node.func, "getattr"):
            inside, name = node.args[0], self.text(node.args[1])
        elif isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Call) and node.func.args \
                and self._ends(node.func.func, "attrgetter"):
            inside, name = node.args[0], self.text(node.func.args[0])
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) \
                and node.value.attr == "__dict__":
            inside, name = node.value.value, self.text(node.slice)
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call) and node.value.args \
                and self._ends(node.value.func, "vars"):
            inside, name = node.value.args[0], self.text(node.slice)
        return None if inside is None or not name else (inside, name)

    def _looked_up(self, node: ast.AST) -> set[Dotted]:
        """The module that importlib, `__import__` or sys.modules gives, or what globals() holds under a name."""
        if isinstance(node, ast.Call) and node.args and self.meanings(node.func) & IMPORTERS:
            name = self.text(node.args[0])
            return {full(name), full(name)[:1]} if name else set()
        if isinstance(node, ast.Subscript):
            name = self.text(node.slice)
            if name and ("sys", "modules") in self.meanings(node.value):
                return {full(name)}
            if name and isinstance(node.value, ast.Call) and self._ends(node.value.func, "globals"):
                return self.known.get(name, set())
        return set()

    def _ends(self, node: ast.AST, name: str) -> bool:
        return any(meant[-1] == name for meant in self.meanings(node))

    def text(self, node: ast.AST) -> Optional[str]:
        """The text that an expression of constants gives; None for anything else."""
        if isinstance(node, (ast.Constant, ast.Name)):
            found = node.value if isinstance(node, ast.Constant) else self.texts.get(node.id)
            return found if isinstance(found, str) else None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            parts = [self.text(node.left), self.text(node.right)]
        elif isinstance(node, ast.JoinedStr):
            parts = [self.text(each.value if isinstance(each, ast.FormattedValue) else each) for each in node.values]
        else:
            return None
        return None if None in parts else "".join(filter(None, parts))


def assignments(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """The names that a statement or a list of parameters gives, and to what."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from one_by_one(target, node.value)
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        yield from one_by_one(node.target, node.value)
    elif isinstance(node, ast.arguments):
        named = [*node.posonlyargs, *node.args][-len(node.defaults):] if node.defaults else []
        for argument, default in [*zip(named, node.defaults), *zip(node.kwonlyargs, node.kw_defaults)]:
            if default is not None:
                yield argument.arg, default


def one_by_one(target: ast.AST, value: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Name and value in an assignment, one by one if both are tuples of one length."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)) \
            and len(target.elts) == len(value.elts):
        for one, other in zip(target.elts, value.elts):
            yield from one_by_one(one, other)
