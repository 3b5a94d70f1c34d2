"""A data set of pictures with one class each, and the judge of its predictions."""
from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np
from numpy.typing import ArrayLike

from npfl_kit import errors
from npfl_kit.data import split_set
from npfl_kit.data.pictures import Images, in_memory
from npfl_kit.scoring import accuracy

if TYPE_CHECKING:
    import tensorflow as tf

MEAN_PICTURES = 2_000


class Split:
    """Labels, and pictures that are read when they are first asked for; a grader needs the labels alone.

    Args:
      labels: int `[N]`, classes in `[0, K)`.
      read: gives the first so many pictures, uint8 `[count, H, W, C]` or `Pictures`.

    `labels` is int32 `[N]`. `images` is a uint8 array `[N, H, W, C]` if it fits 1 GiB; a larger set is a `Pictures`, a
    sequence with the same indexing (int, slice, int array) that decodes what is asked for.
    """

    def __init__(self, labels: ArrayLike, read: Callable[[int], Images]) -> None:
        self.labels = np.asarray(labels, np.int32)
        self._read = read

    @functools.cached_property
    def images(self) -> Images:
        return in_memory(self._read(len(self.labels)))

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> Split:
        """The first `count` examples; the others are never read."""
        return Split(self.labels[:count], self._read)


class ImageClassification(split_set.SplitSet):
    """Train, dev and test pictures with one class each.

    The pictures are bytes as they lie on the disk; `batches` gives what a network eats. As `tf.data.Dataset`, in
    order, an element of `train`, `dev` or `test` is

        {"image": tf.TensorSpec([H, W, C], tf.uint8), "label": tf.TensorSpec([], tf.int32)}

    Args:
      name: of the data set.
      classes: their names, by label.
      splits: `Split` of "train", "dev" and "test".
      sources: where they come from, for people.
      train_size: int in `[1, N]`, keep the first so many of train; None keeps all.
      auto_augment: what `--augment=auto` means for this set, a name from `augment.by_name`.
    Raises: UsageError if `train_size` is impossible.
    """

    def __init__(self, name: str, classes: Sequence[str], splits: dict[str, Split], sources: str, *,
                 train_size: Optional[int] = None, auto_augment: str = "crop_flip") -> None:
        super().__init__(name, splits, train_size)
        self.classes, self.sources, self.auto_augment = list(classes), sources, auto_augment

    @functools.cached_property
    def image_shape(self) -> tuple[int, int, int]:
        """`(H, W, C)` of every picture."""
        height, width, channels = self.split("train").images.shape[1:]
        return int(height), int(width), int(channels)

    @functools.cached_property
    def mean(self) -> np.ndarray:
        """Mean training pixel, float32 `[C]` in [0, 1], over at most 2,000 pictures spread evenly over train."""
        images = self.split("train").images
        chosen = np.unique(np.linspace(0, len(images) - 1, MEAN_PICTURES).astype(int))
        return (images[chosen].mean((0, 1, 2)) / 255).astype(np.float32)

    def evaluate(self, split_name: str, predictions: Sequence[int]) -> dict[str, float]:
        """The judge: `{"accuracy": share of right answers}`; a PredictionsError if the count is wrong."""
        return {"accuracy": accuracy.accuracy(self.split(split_name).labels, predictions)}

    @functools.cached_property
    def element_spec(self) -> dict[str, tf.TensorSpec]:
        import tensorflow as tf
        return {"image": tf.TensorSpec(self.image_shape, tf.uint8), "label": tf.TensorSpec([], tf.int32)}

    def _examples(self, split_name: str) -> tf.data.Dataset:
        from npfl_kit.data import batches
        return batches.examples(self.split(split_name).images, self.split(split_name).labels)

    def batches(self, split_name: str, batch_size: int, *, seed: Optional[int] = None,
                augment: Optional[Callable[..., Any]] = None) -> Any:
        """Batches of float32 `[B, H, W, C]` in [0, 1] and int32 `[B]`.

        Args:
          split_name: "train" gives `TrainBatches`, shuffled anew in every epoch; "dev" and "test" give a
            `tf.data.Dataset` in order. The last batch may be smaller.
          seed: int, order and augmentation of train; None is 42.
          augment: a function from `npfl_kit.data.augment`, train only.
        """
        from npfl_kit.data import batches
        split = self.split(split_name)
        if batch_size < 1:
            raise errors.UsageError(f"--batch_size must be at least 1, got {batch_size}.")
        if split_name == "train":
            return batches.TrainBatches(split.images, split.labels, batch_size, 42 if seed is None else seed, augment)
        if augment is not None:
            raise errors.UsageError(f"Only train is augmented, not {split_name}; leave `augment` out.")
        return batches.in_order(split.images, split.labels, batch_size)
