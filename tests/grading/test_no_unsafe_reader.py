"""Nothing in the grader reads what could run: no pickle, no eval, no archive that unpacks itself, no saved model."""
import pathlib
import re

import pytest

import npfl_kit

GRADING = pathlib.Path(npfl_kit.__file__).parent / "grading"
UNSAFE = {
    "pickle": r"\b(c?pickle|shelve|marshal|joblib|cloudpickle|allow_pickle\s*=\s*True)\b", "dill": r"\bdill\b",
    "eval": r"(?<![.\w])eval\s*\(", "exec": r"(?<![.\w])exec\s*\(", "yaml": r"\byaml\b",
    "extractall": r"\bextract(all)?\s*\(", "load_model": r"\bload_model\b", "shell": r"shell\s*=\s*True|os\.system\(",
    "clamp": r"max\(\s*0(\.0)?\s*,\s*min\(\s*1(\.0)?\s*,",       # turns NaN into full marks
}
ALLOWED = {     # the child itself imports the student's script by importlib, and needs no `exec(`
    ("file_names.py", "pickle"): "a list of names that an upload may not have",
    ("file_names.py", "dill"): "the same list",
}


def code(path: pathlib.Path) -> str:
    """The source without comments and docstrings, which may speak of what is not done."""
    text = re.sub(r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'', "", path.read_text(encoding="utf-8"))
    return re.sub(r"(?m)#.*$", "", text)


@pytest.mark.parametrize("kind", UNSAFE)
def test_no_module_of_the_grader_reads_what_could_run(kind):
    found = {path.name for path in GRADING.rglob("*.py") if re.search(UNSAFE[kind], code(path))}

    assert found - {name for name, other in ALLOWED if other == kind} == set()


@pytest.mark.parametrize("kind, line", [
    ("pickle", "import pickle"), ("pickle", "np.load(x, allow_pickle=True)"), ("dill", "import dill"),
    ("eval", "x = eval(text)"), ("exec", "exec (text)"), ("yaml", "yaml.load(x)"), ("extractall", "z.extractall(y)"),
    ("load_model", "tf.keras.models.load_model(x)"), ("shell", "run(x, shell=True)"),
    ("clamp", "max(0.0, min(1.0, x))")])
def test_the_search_finds_what_it_is_for(tmp_path, kind, line):
    (tmp_path / "a.py").write_text(f'"""Harmless."""\n{line}\n', encoding="utf-8")
    (tmp_path / "b.py").write_text(f'"""Never: {line}"""\n# {line}\nspec.loader.exec_module(x)\n', encoding="utf-8")

    assert re.search(UNSAFE[kind], code(tmp_path / "a.py"))
    assert not re.search(UNSAFE[kind], code(tmp_path / "b.py"))
