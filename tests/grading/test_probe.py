"""Probing a board: who only climbs the public score gains nothing; who has a better model gains both.

Source: Whitehill 2017, Climbing the Kaggle Leaderboard by Exploiting the Log-Loss Oracle; the attack on an accuracy is
that of Blum and Hardt 2015, The Ladder, Sec. 3: random answers, those that score above the middle win a vote.
"""
import datetime

import numpy as np
import pytest

from npfl_kit.grading import record
from npfl_kit.grading.judging import public_rows
from npfl_kit.grading.marks import board, noise
from npfl_kit.grading.tasks import task
from tests.grading import policy_cases
from tests.grading.policy_cases import NOON, a_record, a_task

EXAMPLES, PROBES = 2000, 500
SECRET = b"of the store"
PUBLIC = public_rows.public_rows(EXAMPLES, SECRET, "first", 0.3)
LABELS = np.random.default_rng(7).integers(2, size=EXAMPLES)
CHANCE_ERROR = (0.25 / (~PUBLIC).sum()) ** 0.5


class Oracle:
    """The course: takes answers, and shows what a board shows."""

    def __init__(self, decimals=3, per_day=PROBES, per_hour=1):
        self.task = a_task(board=task.Board("accuracy", decimals=decimals), per_day=per_day)
        self.course, self.per_hour, self.answers = policy_cases.Course(), per_hour, {}

    def submit(self, answers, person="eve"):
        """Hand in; gives the public score as this person would see it, None if it is one too many of the day."""
        right = answers == LABELS
        result = a_record(public=float(right[PUBLIC].mean()), private=float(right[~PUBLIC].mean()))
        moment = NOON + datetime.timedelta(hours=len(self.course.runs) / self.per_hour)
        run = self.course.hand_in(result, person, at=moment)
        self.answers[run.submission.id] = answers
        used = sum(each.received_at[:10] == run.received_at[:10] for each in self.course.runs)
        return record.rounded_down(result.values["public"], self.task.board.decimals) \
            if used <= self.task.per_day else None

    def final(self, **fixed):
        """Ranks of the final board by person."""
        standing = board.standing(self.task, self.course.runs)
        rows = np.array([(self.answers[each.run.submission.id] == LABELS)[~PUBLIC] for each in standing], float)
        found = board.final_rows(self.task, standing, noise.beyond_bootstrap(rows))
        return {row.entry.team[0]: row.rank for row in found}


def attack(oracle, probes=PROBES, seed=0):
    """Many random answers, and at last the vote of those that scored above the middle; gives the last answers."""
    random = np.random.default_rng(seed)
    tried, scores = [], []
    for _ in range(probes):
        answers = random.integers(2, size=EXAMPLES)
        score = oracle.submit(answers)
        if score is not None:
            tried.append(answers)
            scores.append(score)
    weights = np.array(scores) - np.median(scores)
    votes = weights @ (2 * np.array(tried) - 1)
    return np.where(votes != 0, votes > 0, tried[0]).astype(int)


def accuracy(answers, part):
    return float((answers == LABELS)[part].mean())


@pytest.fixture(scope="module")
def unlimited():
    oracle = Oracle(decimals=6)
    return oracle, attack(oracle)


def test_without_limits_the_public_score_is_climbed(unlimited):
    assert accuracy(unlimited[1], PUBLIC) > 0.65        # the attack does work: the tests below are not vacuous


def test_the_private_score_of_who_climbs_is_chance(unlimited):
    assert abs(accuracy(unlimited[1], ~PUBLIC) - 0.5) < 3 * CHANCE_ERROR


@pytest.mark.parametrize("seed", range(3))
def test_of_all_that_was_tried_the_best_in_public_is_not_better_in_private(seed):
    oracle = Oracle()
    last = attack(oracle, seed=seed)
    oracle.submit(last)

    [entry] = board.standing(oracle.task, oracle.course.runs)

    assert entry.public > 0.62 and abs(entry.private - 0.5) < 3 * CHANCE_ERROR


def test_the_final_rank_is_that_of_chance_and_an_honest_model_has_a_better_one(unlimited):
    oracle, last = Oracle(), unlimited[1]
    random = np.random.default_rng(3)
    honest = np.where(random.random(EXAMPLES) < 0.62, LABELS, 1 - LABELS)
    for person, answers in (("eve", last), ("ones", np.ones_like(LABELS)), ("honest", honest)):
        oracle.submit(answers, person)

    rows = board.public_rows(oracle.task, board.standing(oracle.task, oracle.course.runs))

    assert rows[0].entry.team == ("eve",)               # first in public
    assert oracle.final() == {"honest": 1, "eve": 2, "ones": 2}


def test_honest_work_improves_both_scores():
    oracle, random = Oracle(), np.random.default_rng(5)
    draws = random.random(EXAMPLES)
    scores = []
    for skill in (0.6, 0.7, 0.8, 0.9):
        answers = np.where(draws < skill, LABELS, 1 - LABELS)
        oracle.submit(answers, "honest")
        [entry] = board.standing(oracle.task, oracle.course.runs)
        scores.append((entry.public, entry.private))

    publics, privates = zip(*scores)

    assert all(np.diff(publics) > 0) and all(np.diff(privates) > 3 * CHANCE_ERROR)


def test_a_limit_of_attempts_slows_the_climb_in_public(unlimited):
    oracle = Oracle(per_day=5, per_hour=500)            # all 500 in one hour
    last = attack(oracle)

    assert sum(each.within for each in board.policy.counted(oracle.task, oracle.course.runs)) == 5
    assert accuracy(last, PUBLIC) - 0.5 < (accuracy(unlimited[1], PUBLIC) - 0.5) / 2


def test_rounding_slows_the_climb_in_public(unlimited):
    last = attack(Oracle(decimals=1))

    assert accuracy(last, PUBLIC) < accuracy(unlimited[1], PUBLIC) - 0.02


def test_the_board_shows_the_rounded_score_alone():
    oracle = Oracle(decimals=1)
    first = np.where(np.arange(EXAMPLES) < 0.62 * EXAMPLES, LABELS, 1 - LABELS)
    one_more = first.copy()
    place = np.flatnonzero(PUBLIC & (first != LABELS))[0]
    one_more[place] = LABELS[place]

    assert oracle.submit(first) == oracle.submit(one_more)      # whether that label was right is not told
