"""The environment of a result: from metadata alone, and equal for equal versions."""
import subprocess
import sys

from npfl_kit.grading import environment


def test_it_names_what_numbers_depend_on():
    assert {"python", "npfl_kit", "machine", "numpy", "tensorflow", "keras"} <= set(environment.versions())
    assert all(environment.versions().values())


def test_it_imports_none_of_it():
    code = ("import sys; from npfl_kit.grading import environment; environment.versions();"
            "sys.exit(len({'tensorflow', 'keras', 'numpy'} & set(sys.modules)))")

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_another_version_is_another_environment():
    old = dict(environment.versions())
    new = {**old, "numpy": "1.0"}

    assert environment.identity(old) == environment.identity(dict(reversed(list(old.items()))))
    assert environment.identity(old) != environment.identity(new)
    assert environment.differences(old, new) == [f"numpy {old['numpy']} -> 1.0"]
