"""Which parts of a source its called functions reach: what they name, what that names, and so on.

    def bboxes_iou(xs, ys): return helper(xs, ys)       reaches `helper` and all that binds this name in the module
    bboxes_iou = boxes.iou                              binds the name that is called, so it is reached
    globals()["bboxes_iou"] = boxes.iou                 runs at the import and may bind anything, so it is reached
    TRUE = {"iou": boxes.iou}                           is not, while nothing that is reached names TRUE

In doubt a part is reached: names go by their letters, attributes count as names. Nothing is run; what a part names is
read off its compiled code.
"""
from __future__ import annotations

import ast
import dataclasses
import dis
from collections.abc import Collection, Iterator, Sequence
from types import CodeType
from typing import Union

# Ways to change a module, or an object in it, without its name.
TOUCHES = frozenset("""
    globals vars locals setattr delattr exec eval __import__ import_module modules __dict__ __globals__ __builtins__
    __code__ __closure__ __defaults__ __kwdefaults__ __setattr__ _getframe currentframe f_globals f_locals f_back
    get_objects get_referrers ctypes __main__ __npfl_kit__""".split())
LOOK_UPS = ("getattr", "attrgetter", "methodcaller")      # which touch if the name is not a text
MAIN = ast.dump(ast.parse("__name__ == '__main__'", mode="eval").body)
IMPLICIT = "__getattr__"        # a function of this name answers for all names that a module lacks


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """A statement of the module, or what a definition runs when it is made.

    Args:
      binds: names of the module that it gives, or whose objects it changes.
      names: that it uses, functions inside of it too, and attributes.
      loads, stores: names without attributes, that are read, and that are bound or deleted.
      runs: whether it runs at the import.
      mutable: whether what it binds can change without being bound again.
      touches: whether it may change the module in other ways.
    """

    node: ast.stmt
    binds: frozenset[str]
    names: frozenset[str]
    loads: frozenset[str]
    stores: frozenset[str]
    runs: bool
    mutable: bool
    touches: bool


def reached(tree: ast.Module, entries: Collection[str]) -> list[ast.stmt]:
    """The parts of a source that the functions with these names reach.

    Raises: SyntaxError for what Python would refuse, too.

    >>> tree = ast.parse("import b\\ndef f(): return g()\\ndef g(): return b\\nx = b")
    >>> [part.name for part in reached(tree, ["f"])]
    ['f', 'g']
    """
    compile(tree, "source", "exec", dont_inherit=True, optimize=0)
    try:
        parts = list(parts_of(tree))
    except SyntaxError as problem:      # of a part of what is right as a whole
        raise RuntimeError(str(problem)) from None
    by_name: dict[str, list[Part]] = {}
    for part in parts:
        for name in part.binds:
            by_name.setdefault(name, []).append(part)
    found = closure([part for name in [*entries, IMPLICIT] for part in by_name.get(name, ())], by_name)
    running = [(part, closure([part], by_name)) for part in parts if part.runs]
    count = -1
    while len(found) > count:       # what changes what is reached is reached, with all that it names
        count = len(found)
        names = {name for part in found for name in part.binds}.union(entries)
        mutable = {name for part in found if part.mutable for name in part.binds}
        for part, inside in running:
            if part not in found and any(each.touches or each.stores & names or each.loads & mutable
                                         for each in inside if not (each.runs and each in found)):
                found.update(inside)
    return [part.node for part in parts if part in found]


def closure(parts: Sequence[Part], by_name: dict[str, list[Part]]) -> dict[Part, None]:
    """Parts and all that they name, over as many steps as it takes."""
    found, todo = dict.fromkeys(parts), list(parts)
    while todo:
        for name in todo.pop().names:
            new = [part for part in by_name.get(name, ()) if part not in found]
            found.update(dict.fromkeys(new))
            todo += new
    return found


def parts_of(tree: ast.Module) -> Iterator[Part]:
    """The parts of a source, without imports, which give names and do nothing, and without what runs as a script."""
    script = any(isinstance(node, ast.Name) and node.id == "__name__" and not isinstance(node.ctx, ast.Load)
                 or isinstance(node, ast.Constant) and node.value == "__name__" for node in ast.walk(tree))
    todo = list(reversed(tree.body))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and ast.dump(node.test) == MAIN and not script:
            todo += reversed(node.orelse)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield part_of(node, runs=False)
            if nodes := head(node):
                first = ast.copy_location(ast.Tuple(nodes, ast.Load()), node)
                yield part_of(ast.copy_location(ast.Expr(first), node), runs=True, binds=(node.name,))
        elif not isinstance(node, (ast.Import, ast.ImportFrom)):
            yield part_of(node, runs=True)


def head(function: Union[ast.FunctionDef, ast.AsyncFunctionDef]) -> list[ast.expr]:
    """What runs when a function is defined: decorators, defaults and annotations."""
    given = function.args
    annotated = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    nodes = [*function.decorator_list, *given.defaults, *given.kw_defaults, function.returns,
             *(each.annotation for each in annotated if each)]
    return [node for node in nodes if node]


def part_of(node: ast.stmt, runs: bool, binds: Collection[str] = ()) -> Part:
    """A statement as a part; `binds` are names besides those that it stores."""
    code = compile(ast.Module([node], []), "source", "exec", dont_inherit=True, optimize=0)
    used = list(uses_of(code))
    names = frozenset(name for name, _, _ in used)
    own = {name for name, how, outer in used if how == "store" and (outer or runs)}
    targets = [each for each in ast.walk(node) if isinstance(each, (ast.Attribute, ast.Subscript))
               and not isinstance(each.ctx, ast.Load)]
    fixed = isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Constant)
    return Part(
        node, frozenset({*own, *binds, *(root(each) for each in targets if runs)}), names,
        loads=frozenset(name for name, how, _ in used if how == "load"),
        stores=frozenset(name for name, how, outer in used if how == "store" and (runs or not outer)), runs=runs,
        mutable=runs and bool(own) and not fixed,
        touches=bool(names & TOUCHES) or any(isinstance(each, ast.Attribute) and root(each) != "self"
                                             for each in targets) or looks_up(node))


def looks_up(node: ast.AST) -> bool:
    """Whether a statement asks for an attribute whose name is known only when it runs."""
    plain = {id(each.func) for each in ast.walk(node) if isinstance(each, ast.Call) and has_text(each)}
    return any(isinstance(each, (ast.Name, ast.Attribute)) and last(each) in LOOK_UPS and id(each) not in plain
               for each in ast.walk(node))


def has_text(call: ast.Call) -> bool:
    """Whether the name in a call of getattr, attrgetter or methodcaller is a text."""
    place = 1 if last(call.func) == "getattr" else 0
    return len(call.args) > place and isinstance(call.args[place], ast.Constant)


def last(node: ast.AST) -> str:
    """The last part of a dotted name."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def uses_of(code: CodeType, outer: bool = True) -> Iterator[tuple[str, str, bool]]:
    """Each name that code uses, how (load, store or another way), and whether in the outermost code itself."""
    for each in dis.get_instructions(code):
        if "_NAME" in each.opname or "GLOBAL" in each.opname:
            stores = each.opname.startswith(("STORE", "DELETE")) and (outer or "GLOBAL" in each.opname)
            yield str(each.argval), "store" if stores else "load", outer
    for name in [*code.co_names, *(each for each in code.co_consts if isinstance(each, str) and each in TOUCHES)]:
        yield name, "otherwise", outer
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from uses_of(inner, False)


def root(node: ast.AST) -> str:
    """The name that a chain of attributes and indices begins with; empty if there is none.

    >>> root(ast.parse("a.b[0].c", mode="eval").body)
    'a'
    """
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
