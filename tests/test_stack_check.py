"""The stack is checked at the last moment: before TensorFlow is imported, and only then."""
import subprocess
import sys

FAKE = """
import sys
from npfl_kit import errors, version
def wrong():
    raise errors.StackError("NumPy 2. Type: pip install x")
version.check_stack = wrong
{then}
"""


def run(then):
    return subprocess.run([sys.executable, "-c", FAKE.format(then=then)], capture_output=True, text=True)


def test_a_wrong_stack_is_one_sentence_before_tensorflow_is_imported():
    done = run("import tensorflow")

    assert done.returncode == 2
    assert done.stderr == "error: NumPy 2. Type: pip install x\n"


def test_a_wrong_stack_does_not_stop_what_needs_no_tensorflow():
    done = run("import npfl_kit.data, npfl_kit.cli.main; print('tensorflow' in sys.modules)")

    assert (done.returncode, done.stdout) == (0, "False\n")
