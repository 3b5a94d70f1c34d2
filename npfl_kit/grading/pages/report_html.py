"""A student's report as one static page: points, what to do next, then every case with what it used."""
from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Optional

from npfl_kit.grading import record, shown_text
from npfl_kit.grading.marks import board, lateness, policy, student_view
from npfl_kit.grading.pages import html, report_cases
from npfl_kit.grading.pages.html import element
from npfl_kit.grading.pages.worst_examples import Example
from npfl_kit.grading.stores import entries
from npfl_kit.grading.tasks import task

TITLES = {"ungradable": "The upload cannot be judged; it used no attempt",
          "grader_error": "The grader failed: this is not your fault, and it is graded again"}


def report(found: record.Record, description: task.Task, when: datetime.datetime,
           submission: Optional[entries.Submission] = None, grade: Optional[policy.Grade] = None,
           worst: Sequence[Example] = ()) -> str:
    """The page for the student; what is hidden from students at that moment is not in it.

    Args:
      found: the whole record; see `student_view` for what is taken of it.
      submission: with receipt; None at home.
      grade: what the task is worth to this student, lateness and the best submission considered.
      worst: examples of the home split that were predicted wrongly.
    """
    seen = student_view.visible(found, description, when)
    title = shown_text.line(description.title)
    return html.page(f"{title}: {shown_text.number(seen.score)} of {shown_text.number(seen.max)} points",
                     head(seen, description, grade, student_view.told_later(description, when)), next_step(seen),
                     report_cases.cases(seen, description), pictures(worst),
                     circumstances(seen, description, submission, when))


def head(seen: record.Record, description: task.Task, grade: Optional[policy.Grade], later: str = "") -> html.Markup:
    """The title, and the points in large; `later` is a sentence about those that are not told yet."""
    number, threshold = shown_text.number, student_view.needed(description)
    score = None if board.PUBLIC not in seen.values else element(
        "p", f"Public score ({description.board.metric if description.board else ''}): "
             f"{seen.values[board.PUBLIC]}", class_="quiet")
    return element(
        "header", element("p", f"npfl_kit · {shown_text.line(seen.task)}", class_="quiet small"),
        element("h1", shown_text.line(description.title)),
        element("div", element("div", element("p", number(seen.score),
                                              element("small", f" of {number(seen.max)} points"), class_="points"),
                               report_cases.chip(seen.state, seen.score, seen.max), class_="row"),
                html.bar(seen.score, seen.max, f"{number(seen.score)} of {number(seen.max)} points", full="good"),
                element("p", later) if later else None, score, worth(grade, student_view.more(description)),
                element("p", threshold) if threshold else None, class_="card"))


def worth(grade: Optional[policy.Grade], more: str) -> html.Child:
    """What the submissions so far are worth, in one sentence; `more` is what the final order may add."""
    if grade is None or grade.counted is None:
        return None
    number, counted = shown_text.number, grade.counted
    points = f"{number(grade.points - grade.order_points)} of {number(grade.of_cases)} points{more}"
    text = f"Your grade in this task so far: {points}, from submission {counted.run.submission.id}"
    if counted.factor < 1:
        text += f", which was late: its points count x\u00a0{lateness.shown_factor(counted.factor)}"
    return element("p", text + ".")


def next_step(seen: record.Record) -> html.Markup:
    """What to do next, before anything else is read."""
    case = student_view.next_case(seen.cases)
    if case is None and seen.state == "graded":
        return element("section", element("h2", "Nothing is left to do"),
                       element("p", "All these cases have all points."), class_="card next good")
    help, command = (shown_text.line(case.help, 1000), case.reproduce) if case else ("", "")
    hidden = case is not None and case.visibility != "public" and not help
    if hidden:
        help = "Only cases whose details are hidden lost points: test what the assignment says, also at its edges."
    about = seen.rationale if seen.state == "ungradable" else ""
    return element("section", element("h2", "What to do next"),
                   element("p", element("strong", TITLES[seen.state])) if seen.state in TITLES else None,
                   element("pre", about) if "\n" in about else element("p", about) if about else None,
                   element("p", [f"Case {case.id}: " if case and not hidden else "", help]) if help else None,
                   report_cases.command(command), class_="card next")


def pictures(worst: Sequence[Example]) -> html.Child:
    """What was predicted wrongly on the home split."""
    if not worst:
        return None
    shown = [[each for each in worst if each.png], [each for each in worst if not each.png]]
    return element("section", element("h2", "Predicted wrongly on the split you have at home"),
                   element("div", [picture(each) for each in shown[0]], class_="pictures") if shown[0] else None,
                   [sentence(each) for each in shown[1]])


def picture(example: Example) -> html.Markup:
    """A picture with its right class and the predicted one."""
    text = f"Example {example.place}: it is {example.expected}, predicted {example.actual}"
    return element("figure", html.picture(example.png, text),
                   element("figcaption", element("strong", example.actual), element("br"),
                           element("small", f"is {example.expected} · no. {example.place}")))


def sentence(example: Example) -> html.Markup:
    """A sentence; below its words the right tags, and the predicted ones where they are others."""
    words = [element("span", word.text, element("small", word.expected) if word.expected else None,
                     element("small", f"✗ {word.actual}") if word.actual != word.expected else None,
                     class_="word bad" if word.actual != word.expected else "word") for word in example.words]
    whole = "" if any(word.expected for word in example.words) else \
        f": is {example.expected}, predicted {example.actual}"
    return element("figure", element("p", words, class_="words"),
                   element("figcaption", element("small", f"Sentence {example.place}{whole}")), class_="card")


def circumstances(seen: record.Record, description: task.Task, submission: Optional[entries.Submission],
                  when: datetime.datetime) -> html.Markup:
    """The receipt, and all that numbers depend on."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(seen.environment.items()))
    code = lambda text: element("code", text)
    receipt = [] if submission is None else [
        ("Submission", f"{submission.id}, by {', '.join(map(shown_text.line, submission.team))}"),
        ("Received", lateness.moment(submission.received_at, description.late))]
    return element("section", element("h2", "Receipt and environment"),
                   element("div", html.facts([*receipt, ("Archive, SHA-256", code(seen.submission)),
                                              ("Task version", code(seen.task_version)), ("Environment", versions),
                                              ("Report made", lateness.moment(when.isoformat(), description.late))]),
                           class_="card small"))
