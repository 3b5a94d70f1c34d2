"""The wrong Python or package is one sentence with the command that mends it, on any Python."""
import pathlib
import shutil
import subprocess
import sys

import pytest

from npfl_kit import errors, version

RIGHT = {"tensorflow": "2.15.1", "keras": "2.15.0", "numpy": "1.26.4", "tensorflow-addons": "0.23.0"}
CLONE = pathlib.Path(version.__file__).parents[1]


def complaint(python=(3, 11), **changed):
    versions = {**RIGHT, **{name.replace("_", "-"): value for name, value in changed.items()}}
    with pytest.raises(errors.StackError) as caught:
        version.check_stack({name: value for name, value in versions.items() if value}.__getitem__, python)
    return str(caught.value)


@pytest.mark.parametrize("python", [(3, 9), (3, 10), (3, 11)])
def test_the_right_stack_passes(python):
    version.check_stack(RIGHT.__getitem__, python)


def test_the_installed_stack_passes():
    version.check_stack()


@pytest.mark.parametrize("name", ["tensorflow-cpu", "tensorflow-macos", "tensorflow-intel"])
def test_tensorflow_under_another_name_passes(name):
    versions = {**RIGHT, name: "2.15.0"}
    del versions["tensorflow"]

    version.check_stack(versions.__getitem__, (3, 11))


@pytest.mark.parametrize("python", [(2, 7), (3, 8), (3, 12), (3, 13), (4, 0)])
def test_a_wrong_python_names_the_commands_for_a_right_one(python):
    message = complaint(python)

    assert f"this is Python {python[0]}.{python[1]}" in message
    assert message.endswith("Type: python3.11 -m venv .venv && .venv/bin/pip install -e .")


@pytest.mark.parametrize("changed, said, command", [
    ({"tensorflow": "2.16.1"}, "TensorFlow 2.15 (found 2.16.1)", 'pip install "tensorflow==2.15.1"'),
    ({"tensorflow": None}, "TensorFlow 2.15 (not installed)", 'pip install "tensorflow==2.15.1"'),
    ({"keras": "3.3.3"}, "Keras 2.15 (found 3.3.3)", 'pip install "keras==2.15.0"'),
    ({"numpy": "2.0.1"}, "NumPy below 2 (found 2.0.1)", 'pip install "numpy<2"'),
    ({"tensorflow_addons": None}, "TensorFlow Addons (not installed)", 'pip install "tensorflow-addons==0.23.0"'),
    ({"keras": "nightly"}, "Keras 2.15 (found nightly)", 'pip install "keras==2.15.0"'),
])
def test_a_wrong_package_names_the_command_that_mends_it(changed, said, command):
    message = complaint(**changed)

    assert said in message and message.endswith(f"Type: {command}")


def test_several_wrong_packages_are_one_sentence_and_one_command():
    message = complaint(keras="3.3.3", numpy="2.0.1")

    assert "Keras 2.15 (found 3.3.3) and NumPy below 2 (found 2.0.1)" in message
    assert message.endswith('Type: pip install "keras==2.15.0" "numpy<2"')


@pytest.mark.parametrize("wanted", ["0", "0.1", "0.1.0"])
def test_an_older_or_equal_kit_may_be_required(wanted):
    version.require_version(wanted)


@pytest.mark.parametrize("wanted", ["0.2", "0.1.1", "1", "0.10"])
def test_a_newer_kit_is_required_with_the_command_that_upgrades(wanted):
    with pytest.raises(errors.StackError, match=f"needs npfl_kit {wanted} or newer.*git pull"):
        version.require_version(wanted)


@pytest.mark.parametrize("wanted", ["", "newest", "v1"])
def test_a_required_version_that_is_none_is_a_usage_error(wanted):
    with pytest.raises(errors.UsageError, match="such as \"0.1\""):
        version.require_version(wanted)


def test_checking_imports_no_package_that_it_checks():
    code = ("import sys; from npfl_kit import version; version.check_stack(); "
            "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'numpy', 'tensorflow_addons')))")

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("python", ["python3.8", "python3.9", "python3.12", "python3.13"])
def test_another_python_gets_the_sentence_and_not_a_traceback(python):
    path = shutil.which(python)
    if not path or subprocess.run([path, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"no {python} here")

    ended = subprocess.run([path, "-c", "import npfl_kit"], cwd=CLONE, capture_output=True, text=True)

    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith("error: npfl_kit needs ") and ended.stderr.count("\n") == 1
