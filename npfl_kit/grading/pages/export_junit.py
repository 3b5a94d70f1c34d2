"""Records as JUnit XML, which every continuous integration reads: a suite per submission, a test per case.

A case with all points passes, one with fewer has a `failure`, one that no judge has seen an `error`. Points are
properties of the test: JUnit itself knows none.
"""
from __future__ import annotations

import re
import xml.etree.ElementTree as xml
from collections.abc import Sequence

from npfl_kit.grading import record, shown_text
from npfl_kit.grading.stores import entries

UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")     # for XML 1.0, whatever the escape


def fit(text: str) -> str:
    """The text without what XML cannot hold.

    >>> fit("a\\x00b\\x1b[1mc"), fit("\\ufffe")
    ('a\ufffdbc', '\ufffd')
    """
    return UNFIT.sub("\ufffd", shown_text.plain(text))


def document(runs: Sequence[tuple[entries.Submission, record.Record]]) -> str:
    """The XML of some submissions; their records are written as they are, so give those of `student_view` to students.

    Source: the schema of Apache Ant's JUnit task as Jenkins reads it; `properties` of a test as in its newer form.
    """
    root = xml.Element("testsuites", name="npfl_kit")
    suites = [_suite(root, submission, found) for submission, found in runs]
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml.tostring(root, encoding="unicode")}\n'


def _suite(root: xml.Element, submission: entries.Submission, found: record.Record) -> xml.Element:
    failed = sum(case.state == "graded" and case.score < case.max for case in found.cases)
    broken = sum(case.state != "graded" for case in found.cases)
    suite = xml.SubElement(
        root, "testsuite", name=fit(f"{found.task} submission {submission.id}"), tests=str(len(found.cases)),
        failures=str(failed), errors=str(broken), skipped="0", hostname="npfl_kit", id=str(submission.id),
        timestamp=submission.received_at[:19], time=f"{sum(case.seconds or 0 for case in found.cases):.3f}")
    _properties(suite, {"person": submission.person, "team": ", ".join(submission.team), "state": found.state,
                        "score": repr(float(found.score)), "max": repr(float(found.max)),
                        "sha256": found.submission, "task_version": found.task_version,
                        **{f"environment.{name}": each for name, each in found.environment.items()}})
    for case in found.cases:
        _test(suite, found, case)
    return suite


def _test(suite: xml.Element, found: record.Record, case: record.CaseRecord) -> None:
    test = xml.SubElement(suite, "testcase", name=fit(case.id), classname=fit(found.task),
                          time=f"{case.seconds or 0:.3f}")
    _properties(test, {"score": repr(float(case.score)), "max": repr(float(case.max)), "state": case.state,
                       "visibility": case.visibility})
    if case.state == "graded" and case.score >= case.max:
        return
    kind = "failure" if case.state == "graded" else "error"
    said = {"expected": shown_text.value(case.expected), "got": shown_text.value(case.actual), "next": case.help,
            "again": case.reproduce}
    message = shown_text.line(case.rationale) or f"{case.score:g} of {case.max:g} points"
    xml.SubElement(test, kind, type=case.state, message=fit(message)).text = \
        fit("\n".join(f"{name}: {text}" for name, text in said.items() if text))


def _properties(parent: xml.Element, values: dict[str, str]) -> None:
    properties = xml.SubElement(parent, "properties")
    for name, value in values.items():
        xml.SubElement(properties, "property", name=fit(name), value=fit(value))
