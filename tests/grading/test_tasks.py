"""The tasks of the course: each is calibrated, tells public from hidden, and has mutants that fit its solution."""
import ast
import secrets

import pytest

from npfl_kit import home, lab_files
from npfl_kit.grading.grader import engine, reference
from npfl_kit.grading.proofs import mutants, selftest, template
from npfl_kit.grading.sandbox import isolation
from npfl_kit.grading.tasks import task_file
from npfl_kit.grading.uploads import forbidden

PATHS = sorted(home.folder("labs").glob("*/*.toml"))
TASKS = [path for path in PATHS if not path.name.endswith(".mutants.toml")]
NAMES = [path.stem for path in TASKS]


@pytest.fixture(params=TASKS, ids=NAMES)
def task(request):
    return task_file.read(request.param)


def test_every_lab_has_a_task():
    assert {path.stem for path in lab_files.paths()} <= set(NAMES)


def test_a_task_has_public_cases_with_reasons_and_others(task):
    public = [case for case in task.cases if case.visibility == "public"]

    assert public and len(public) < len(task.cases)
    assert all(case.why.endswith(".") for case in public) and task.title
    assert 0 <= task.threshold <= task.points


def test_bands_and_values_are_of_the_cases_as_they_are(task):
    stored = reference.read(task)

    for case in task.cases:
        if reference.is_compared(case) and (not case.call or case.visibility == "public"):
            assert stored[case.id]["fingerprint"] == reference.fingerprint(case), case.id


def test_every_case_can_fail(task):
    known = {name for mutant in mutants.read(task) for name in mutant.fails}

    assert len(mutants.read(task)) >= 3
    assert {case.id for case in task.cases if not case.depends} <= known or task.kind != "functions"


def test_mutants_fit_the_solution(task):
    if task.data:
        assert all(mutant.spoil for mutant in mutants.read(task))
        return
    solution = selftest.submission(task, reference.script(task.lab))

    for mutant in mutants.read(task):
        assert mutants.spoiled(task, mutant, solution.files, {}) != solution.files


def test_solution_and_template_use_nothing_forbidden_and_define_what_is_called(task):
    source = reference.script(task.lab).read_text(encoding="utf-8")

    for text in source, template.template(source):
        assert forbidden.uses(text, task.forbidden, forbidden.entries(task, task.files)) == []
        defined = {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
        assert {case.call or "main" for case in task.cases} <= defined


def context():
    return engine.Context(isolation.L0, secret=secrets.token_bytes(32), trusted=True)


def test_boxes_by_hand_pay_for_the_solution_and_not_for_the_template():
    task = task_file.read(task_file.find("bboxes_utils"))
    solution = selftest.submission(task, reference.script(task.lab))

    right, empty = (selftest.tried("", wanted, task, files, context()) for wanted, files in (
        ("4", solution.files), ("0", selftest.templates(task, solution))))

    assert right.ok and right.record.score == 4, right.why
    assert empty.ok and {case.state for case in empty.record.cases} <= {"student_error", "graded"}
    assert "NotImplementedError: bboxes_area: " in empty.record.cases[0].rationale
    assert empty.record.cases[0].help.startswith("Write what is still to do: bboxes_utils.py, line ")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bboxes_utils", "cnn_manual", "batch_norm_manual"])
def test_tasks_of_functions_see_all_mutants(name):
    task = task_file.read(task_file.find(name))

    wrong = [f"{trial.name}: {trial.why}" for trial in selftest.trials(
        task, selftest.submission(task, reference.script(name)), context(), 1) if not trial.ok]

    assert wrong == []
