"""Who may import whom inside npfl_kit. A package may use only what stands above it in this list, as named."""
import ast
import pathlib

import pytest

MAY_USE = {
    "core": "",
    "scoring": "core",
    "layers": "core scoring", "losses": "core scoring", "metrics": "core scoring",
    "backbones": "core layers", "models": "core layers backbones",
    "data": "core scoring",
    "train": "core scoring data",
    "grading": "core scoring data train",
    "cli": "core scoring data train grading",
}
GRADING = {     # the packages of npfl_kit.grading among themselves; below all are record, environment, shown_text
    "wire": "", "tasks": "wire", "sandbox": "wire tasks", "uploads": "tasks", "judging": "wire tasks uploads",
    "grader": "wire tasks sandbox uploads judging", "proofs": "wire tasks uploads judging grader",
    "stores": "tasks", "marks": "tasks stores", "pages": "tasks uploads judging stores marks",
    "course": "tasks sandbox uploads judging grader stores marks",
}
BOTTOM = {"errors", "files", "home", "lab_files", "version"}     # modules of the kit itself, which any package may use
NO_TENSORFLOW = {"scoring", "cli"}                  # not even inside a function, except where named:
DOCTOR = "cli/doctor.py"
KIT = pathlib.Path(__file__).parents[1] / "npfl_kit"
LABS = KIT.parent / "labs"


def imported(path: pathlib.Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: import by full name, not by dots"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages(path: pathlib.Path):
    return {name.split(".")[1] for name in imported(path) if name.startswith("npfl_kit.")}


@pytest.mark.parametrize("path", sorted(KIT.glob("*/**/*.py")), ids=lambda path: str(path.relative_to(KIT)))
def test_imports_go_down(path):
    own = path.relative_to(KIT).parts[0]

    for package in packages(path) - BOTTOM - {own, "__version__"}:
        assert package in MAY_USE[own].split(), f"npfl_kit.{own} must not import npfl_kit.{package}"


@pytest.mark.parametrize("path", sorted((KIT / "grading").glob("*/*.py")), ids=lambda path: path.stem)
def test_imports_inside_the_grader_go_down(path):
    used = {name.split(".")[2] for name in imported(path) if name.startswith("npfl_kit.grading.")}

    assert used & set(GRADING) <= {path.parent.name, *GRADING[path.parent.name].split()}


@pytest.mark.parametrize("path", sorted(KIT.glob("*.py")), ids=lambda path: path.name)
def test_the_bottom_imports_no_floor(path):
    if path.stem in BOTTOM:
        assert packages(path) <= BOTTOM


def test_the_list_has_no_circle():
    seen = set()
    for package, allowed in MAY_USE.items():
        assert seen.issuperset(allowed.split())
        seen.add(package)


@pytest.mark.parametrize("package", sorted(NO_TENSORFLOW))
def test_quick_packages_never_name_tensorflow(package):
    for path in sorted((KIT / package).glob("*.py")):
        if str(path.relative_to(KIT)) != DOCTOR:
            assert not any(name.split(".")[0] in ("tensorflow", "keras") for name in imported(path)), path


@pytest.mark.parametrize("path", sorted(LABS.glob("*/*.py")), ids=lambda path: path.stem)
def test_a_lab_imports_the_kit_and_no_lab(path):
    names = {lab.stem for lab in LABS.glob("*/*.py")}

    assert not names & {name.split(".")[0] for name in imported(path)}
    assert "npfl_kit" in {name.split(".")[0] for name in imported(path)}


def test_every_package_is_on_the_list():
    folders = {path.name for path in KIT.iterdir() if path.is_dir() and any(path.glob("*.py"))}

    assert folders - {"__pycache__"} <= set(MAY_USE)
