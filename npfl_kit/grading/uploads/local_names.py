"""Names of their own for the local variables of functions, so that `boxes` in one is not the module `boxes`."""
from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Union

MARK = "@"          # which no name in Python has
Function = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda]
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def separate(tree: ast.AST) -> None:
    """Rename, in place, what functions and comprehensions bind; what they import keeps its name.

    >>> tree = ast.parse("def f(boxes): return boxes, np")
    >>> separate(tree)
    >>> ast.unparse(tree.body[0].body[0])
    'return (boxes@1, np)'
    """
    Renaming().visit(tree)


class Renaming(ast.NodeVisitor):
    """A walk that knows which local names hold where it is."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.scopes = 0

    def visit_Name(self, node: ast.Name) -> None:
        node.id = self.names.get(node.id, node.id)

    def visit_FunctionDef(self, node: Function) -> None:
        given = node.args
        arguments = [each for each in [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
                     if each]
        body: Sequence[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else node.body
        self.visit_all([*getattr(node, "decorator_list", []), *given.defaults, *filter(None, given.kw_defaults),
                        *filter(None, [getattr(node, "returns", None), *(each.annotation for each in arguments)])])
        bound, others = bound_by(body)
        outer = self.enter({*(each.arg for each in arguments), *bound} - others, others - bound_outside(body))
        for each in arguments:
            each.arg = self.names.get(each.arg, each.arg)
        self.visit_all(body)
        self.names = outer

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def visit_ListComp(self, node: Union[ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp]) -> None:
        first = node.generators[0]
        self.visit(first.iter)          # which belongs to what is around
        targets = {each.id for part in node.generators for each in ast.walk(part.target)
                   if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        outer = self.enter(targets, ())
        self.visit_all([*([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]), first.target,
                        *first.ifs, *node.generators[1:]])
        self.names = outer

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def visit_all(self, nodes: Iterable[ast.AST]) -> None:
        """Visit one after the other."""
        for node in nodes:
            self.visit(node)

    def enter(self, own: Iterable[str], unbound: Iterable[str]) -> dict[str, str]:
        """Begin a scope that binds some names and has some of the module; gives the names of the one around."""
        outer, self.scopes = self.names, self.scopes + 1
        inner = {name: new for name, new in outer.items() if name not in unbound}
        self.names = {**inner, **{name: f"{name}{MARK}{self.scopes}" for name in own}}
        return outer


def bound_by(body: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """The names that the body of a function binds, and those that are not its own or that it imports."""
    bound: set[str] = set()
    others: set[str] = set()
    for node in own_nodes(body):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            others.update(node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            others.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
    return bound, others


def bound_outside(body: Iterable[ast.AST]) -> set[str]:
    """The names that a function takes from a function around it."""
    return {name for node in own_nodes(body) if isinstance(node, ast.Nonlocal) for name in node.names}


def own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a body without those in functions, classes and comprehensions, which have their own names."""
    todo = list(body)
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, COMPREHENSIONS):
            todo += [each.target for each in ast.walk(node) if isinstance(each, ast.NamedExpr)]
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            todo += ast.iter_child_nodes(node)
