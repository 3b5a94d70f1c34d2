"""Formats of boxes: the only place that knows an order other than top, left, bottom, right in pixels."""
from __future__ import annotations

from typing import Optional

from npfl_kit import errors
from npfl_kit.core import array_library
from npfl_kit.core.array_library import Array

FORMATS = ("tlbr", "xyxy", "xywh", "yxhw", "cyxhw")     # each also as NAME_unit, in shares of the picture's sides


def convert(boxes: Array, source: str, target: str, height: Optional[Array] = None,
            width: Optional[Array] = None) -> Array:
    """Boxes in another format, `[..., 4] -> [..., 4]`.

    Args:
      boxes: float `[..., 4]` in the source format.
      source, target: `tlbr` (the kit's), `xyxy` (left, top, right, bottom), `xywh` (left, top, width, height: COCO),
        `yxhw` (top, left, height, width), `cyxhw` (center y, center x, height, width); with `_unit` behind the name,
        in shares of the picture's height and width instead of pixels.
      height, width: of the picture, as in `clip`; needed if just one of the two formats is a `_unit`.
    Raises: UsageError for a format that does not exist, or for the picture's missing size.

    >>> convert([10., 20, 30, 60], "tlbr", "xywh").tolist()
    [20.0, 10.0, 40.0, 20.0]
    >>> convert([0., 0, 8, 4], "tlbr", "cyxhw_unit", height=8, width=8).tolist()
    [0.5, 0.25, 1.0, 0.5]
    """
    for name in (source, target):
        if name.removesuffix("_unit") not in FORMATS:
            raise errors.unknown("box format", name, [*FORMATS, *(f"{known}_unit" for known in FORMATS)])
    library, boxes = array_library.floats(boxes)
    tlbr = _to_tlbr(source.removesuffix("_unit"), [boxes[..., i] for i in range(4)])
    if source.endswith("_unit") != target.endswith("_unit"):
        if height is None or width is None:
            raise errors.UsageError(f"Boxes from {source} to {target} need the picture's size; add height=, width=.")
        library, height, width = array_library.floats(height, width, boxes)[:3]
        tlbr = [side * scale if source.endswith("_unit") else side / scale
                for side, scale in zip(tlbr, (height, width, height, width))]
    return library.stack(_from_tlbr(target.removesuffix("_unit"), tlbr), axis=-1)


def _to_tlbr(name: str, numbers: list[Array]) -> list[Array]:
    first, second, third, fourth = numbers
    if name.startswith("x"):
        first, second, third, fourth = second, first, fourth, third     # now y before x
    if name == "cyxhw":
        first, second = first - third / 2, second - fourth / 2
    if name not in ("tlbr", "xyxy"):
        third, fourth = first + third, second + fourth
    return [first, second, third, fourth]


def _from_tlbr(name: str, tlbr: list[Array]) -> list[Array]:
    first, second, third, fourth = tlbr
    if name not in ("tlbr", "xyxy"):
        third, fourth = third - first, fourth - second
    if name == "cyxhw":
        first, second = first + third / 2, second + fourth / 2
    return [second, first, fourth, third] if name.startswith("x") else [first, second, third, fourth]
