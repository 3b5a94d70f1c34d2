"""A family of networks: the names that it answers to, and how one of them is built."""
from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Callable, Optional

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.backbones.parts import Parts

DEEPEST = 2_000     # layers; the papers go up to 1,202
WIDEST = 1_024      # width, groups, growth, channels more; the papers go up to a few hundred


@dataclasses.dataclass(frozen=True)
class Family:
    """What `by_name` has to know about a family.

    Args:
      pattern: str, regular expression of the whole name; its named groups are the options.
      form: str, the names as help shows them, such as "wide_resnet-D-K".
      about: str, half a line: the paper and what the letters stand for.
      examples: names of the papers' tables, offered when a name is misspelt.
      smallest: function from options to the smallest height and width.
      graph: function from image `[B, H, W, C]`, options, number of classes and parts to logits `[B, K]`.
      norm: str, normalization of the paper.
      dropout: float, rate of the paper.
      residual: bool, whether there are residual branches that stochastic depth can drop.
    """

    pattern: str
    form: str
    about: str
    examples: tuple[str, ...]
    smallest: Callable[[Mapping[str, str]], int]
    graph: Callable[[tf.Tensor, Mapping[str, str], int, Parts], tf.Tensor]
    norm: str = "batch"
    dropout: float = 0.0
    residual: bool = True

    def options(self, name: str) -> Optional[Mapping[str, str]]:
        """The options that `name` spells, or None if it is not a name of this family.

        Raises: UsageError for a number that no network of a course has.
        """
        match = re.fullmatch(self.pattern, name, re.ASCII)
        if match is None:
            return None
        for key, value in match.groupdict().items():
            most = DEEPEST if key == "depth" else WIDEST
            if value and value.isdigit() and int(value[:9]) > most:     # nine digits say it of longer ones, too
                raise errors.UsageError(f"{name} has the {key} {value}; expected at most {most:,}, as in "
                                        f"{self.examples[-1]}.")
        return {key: value or "" for key, value in match.groupdict().items()}
