"""The page on tasks, labs/tasks.md, has every key, every generator and every way to spoil, and their defaults."""
import dataclasses
import re

import pytest

from npfl_kit import errors, home, lab_files
from npfl_kit.data import manifest
from npfl_kit.grading.proofs import mutants, spoiled_files
from npfl_kit.grading.tasks import input_checks, inputs, task, task_file, toml_table

PAGE = (home.folder("labs") / "tasks.md").read_text(encoding="utf-8")
BLOCKS = [manifest.load_toml(block) for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)]
TABLES = {"Limits": task.Limits, "Data": task.Data, "Board": task.Board, "Late": task.Late, "Cases": task.Case,
          "Top of the file": task.Task, "Mutants": mutants.Mutant}
CHECKED_ELSEWHERE = {"lab", "version", "limits", "data", "board", "late", "tolerance", "inputs", "expect"}


def section(title):
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title):
    """The cells of each row of the section's tables, by each name in the first cell."""
    found = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
             for line in section(title).splitlines() if line.startswith("|")]
    return {name: cells for cells in found for name in re.findall(r"`(\w+)`", cells[0])}


def fields(part):
    return {field.name for field in dataclasses.fields(part)} - {"lab", "version"}


def default(field):
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def meant(cell):
    """The value of a cell such as `"1.5 GiB"`; a text with a unit is a size."""
    value = manifest.load_toml(f"value = {cell.strip('`')}")["value"]
    if isinstance(value, str) and toml_table.SIZE.fullmatch(value):
        return toml_table.size(0, 2**42)(value)
    return tuple(value) if isinstance(value, list) else value


def test_the_page_has_a_whole_task_of_each_kind_and_each_is_one():
    found = [task_file.parse(block, "lab", "tasks.md") for block in BLOCKS if "kind" in block]

    assert tuple(each.kind for each in found) == task.KINDS


def test_the_other_blocks_are_mutants_of_known_keys_and_ways():
    found = [mutants.Mutant(**each) for block in BLOCKS if "kind" not in block for each in block["mutants"]]

    assert found and {each.spoil for each in found} <= {"", *spoiled_files.WAYS}


@pytest.mark.parametrize("title", TABLES)
def test_every_key_of_a_table_has_a_row(title):
    assert fields(TABLES[title]) <= set(rows(title))


@pytest.mark.parametrize("title", ["Limits", "Data", "Board", "Late"])
def test_these_tables_have_no_rows_of_other_keys(title):
    assert set(rows(title)) == {"Limits": task_file.LIMITS, "Data": task_file.DATA, "Board": task_file.BOARD,
                                "Late": task_file.LATE}[title].keys()


def test_tolerances_and_expectations_have_their_keys():
    assert set(rows("Right and wrong")) == {*task_file.TOLERANCE, *task_file.EXPECTATION}


@pytest.mark.parametrize("title, part", [*TABLES.items(), ("Right and wrong", task.Tolerance)])
def test_defaults_are_those_of_the_program(title, part):
    for field in dataclasses.fields(part):
        if field.name in CHECKED_ELSEWHERE:
            continue
        cell = rows(title)[field.name][2]
        if cell.startswith("`"):
            assert meant(cell) == default(field), field.name
        else:
            assert default(field) in (None, dataclasses.MISSING, ()), field.name


def test_every_generator_of_inputs_has_a_row_with_its_keys_and_an_example_that_can_be_made():
    found = rows("Inputs")

    assert set(found) == set(inputs.WAYS)
    for way, (_, _, keys, example) in found.items():
        options = {cell.split(" = ")[0]: cell for cell in re.findall(r"`([^`]*)`", keys)}
        assert set(options) == set(inputs.WAYS[way])
        for key, value in inputs.WAYS[way].items():
            assert (value is None) is ("=" not in options[key])
            assert value is None or manifest.load_toml(options[key]) == {key: value}
        table = manifest.load_toml(f"sizes = {{ n = [0, 5] }}\narray = {example.strip('`')}")
        assert way in table["array"]
        input_checks.check(table)


def test_every_way_to_spoil_a_file_is_told():
    assert set(re.findall(r"`(\w+)`: ", section("Mutants"))) == set(spoiled_files.WAYS)


def test_links_within_the_page_lead_to_headings():
    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in PAGE.splitlines() if line.startswith("## ")}

    assert set(re.findall(r"\]\(#([^)]*)\)", PAGE)) <= headings


def test_the_page_is_no_lab_and_no_task():
    assert "tasks" not in [path.stem for path in lab_files.paths()]
    with pytest.raises(errors.UsageError, match="tasks"):
        task_file.find("tasks")
