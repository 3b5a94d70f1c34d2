"""Transcripts judged by edit distance: what was said or written, a line per example.

The distance takes time in proportion to the product of both lengths, so that one endless line would hold up a batch.
A prediction that is much longer than the right answer is refused before anything is compared.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from npfl_kit import errors
from npfl_kit.grading.judging.answers import Answers, Part, ratio
from npfl_kit.grading.uploads.ungradable import UngradableError
from npfl_kit.scoring import edit_distance

LONGER, MORE = 3, 100       # the most letters of a prediction: three times those of the right answer, and a hundred
SHOWN = 5                   # bad lines that are named


class TranscriptAnswers(Answers):
    """One text per example.

    The metric "error_rate" is all mistakes divided by all right letters, "edit_distance" the mean over examples of
    those divided by its own letters; both are the better the smaller they are.

    Args:
      texts: `[N]`, without line ends.
    """

    metrics = ("error_rate", "edit_distance")

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = list(texts)

    def __len__(self) -> int:
        return len(self.texts)

    def read(self, content: bytes, name: str, tell: bool) -> list[str]:
        """The texts of a file in UTF-8, one per line, none of them much longer than the right one."""
        try:
            lines = content.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n").split("\n")
        except UnicodeDecodeError as error:
            line = error.object[:error.start].count(b"\n") + 1
            raise UngradableError(f"{name}, line {line:,}: expected text in UTF-8, found bytes that are no text.") \
                from None
        problems = [f"{name}, line {number:,}: expected a text, found one of {len(line):,} letters, which is far too "
                    f"long." for number, (line, text) in enumerate(zip(lines, self.texts), 1)
                    if len(line) > LONGER * len(text) + MORE][:SHOWN]
        if len(lines) != len(self):
            wanted = f"{len(self):,} lines" if tell else "one line per example of the split, in its order"
            problems.append(f"{name}: expected {wanted}, found {len(lines):,}.")
        if problems:
            raise UngradableError("\n".join(problems))
        return lines

    def judge(self, predictions: list[str], metric: str) -> Part:
        """Rows are the mistakes and the letters of each example, or of "edit_distance" their quotient and 1."""
        if len(predictions) != len(self):
            raise errors.PredictionsError("Expected one text per example.")
        wrong = np.array([edit_distance.edit_distance(*pair) for pair in zip(self.texts, predictions)], np.float64)
        letters = np.array([max(1, len(text)) for text in self.texts], np.float64)
        if metric == "edit_distance":
            rows = np.stack([wrong / letters, np.ones(len(self))], axis=-1)
        else:
            rows = np.stack([wrong, [float(len(text)) for text in self.texts]], axis=-1)
        return Part(ratio(rows.reshape(-1, 2)), rows.reshape(-1, 2), wrong / letters)

    def shown(self, predictions: list[str], row: int) -> tuple[str, str]:
        """Both texts."""
        return self.texts[row], predictions[row]
