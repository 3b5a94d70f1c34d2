"""RoIAlign as a layer."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import tensorflow as tf

from npfl_kit.core import roi


@tf.keras.utils.register_keras_serializable(package="npfl_kit")
class RoIAlign(tf.keras.layers.Layer):
    """Crop every region of interest to one size without rounding its borders. It has no weights.

    Rounding a border to the feature grid moves it by up to half a stride (8 px at stride 16); RoIAlign reads bilinear
    samples at the exact positions instead.

    Args:
      output_size: int, height and width of a crop, in bins.
      stride: number, pixels of the picture for one cell of the features.
      samples: int, samples of a bin along each axis, the paper uses 2; None: as many as the bin has cells.
      aligned: bool, False for the original convention, half a cell off.
      xla: bool, True in a model compiled with `jit_compile=True`.
    Call arguments:
      inputs: features float `[B, H, W, C]`; boxes float `[R, 4]`, tlbr pixels; image_index int `[R]`.
    Returns: float `[R, output_size, output_size, C]`, see `npfl_kit.core.roi.roi_align`.
    Raises: ValueError for a size, stride or number of samples that is not positive.
    Source: He et al. 2017, Mask R-CNN, Sec. 3.
    """

    def __init__(self, output_size: int, stride: float, samples: Optional[int] = 2, aligned: bool = True,
                 xla: bool = False, **kwargs: Any) -> None:
        if output_size < 1 or stride <= 0 or samples is not None and samples < 1:
            raise ValueError(f"RoIAlign needs output_size and samples >= 1 and stride > 0, got {output_size=}, "
                             f"{stride=}, {samples=}.")
        super().__init__(**kwargs)
        self._autocast = False          # half precision has no pixels above 2048
        self.output_size, self.stride, self.samples = output_size, stride, samples
        self.aligned, self.xla = aligned, xla

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        features, boxes, image_index = inputs
        return roi.roi_align(tf.cast(features, self.compute_dtype), boxes, image_index, self.output_size, self.stride,
                             self.samples, self.aligned, self.xla)

    def get_config(self) -> dict[str, Any]:
        own = {"output_size": self.output_size, "stride": self.stride, "samples": self.samples,
               "aligned": self.aligned, "xla": self.xla}
        return {**super().get_config(), **own}
