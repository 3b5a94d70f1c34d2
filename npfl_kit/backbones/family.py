"""A family of networks: the names that it answers to, and how one of them is built."""
from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Callable, Optional

import tensorflow as tf

from npfl_kit.backbones.parts import Parts


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
        """The options that `name` spells, or None if it is not a name of this family."""
        match = re.fullmatch(self.pattern, name)
        return None if match is None else {key: value or "" for key, value in match.groupdict().items()}
