"""One annotation file of Pascal VOC: the boxes and names of the objects of one picture."""
from __future__ import annotations

import dataclasses
from typing import Any, Optional
from xml.etree import ElementTree

import numpy as np

from npfl_kit import errors

MAX_BYTES = 2**22       # 4 MiB are 10,000 objects
EDGES = ("ymin", "xmin", "ymax", "xmax")


@dataclasses.dataclass(frozen=True)
class Annotation:
    """What an XML file says about its picture.

    Args:
      filename: of the picture, as it stands there; it may be anything.
      size: height and width, or None where they are absent or 0.
      names: `[G]`, class of each object.
      boxes: float64 `[G, 4]`, tlbr pixels; NaN where the file has it.
      difficult: bool `[G]`.
    """

    filename: str
    size: Optional[tuple[int, int]]
    names: list[str]
    boxes: np.ndarray
    difficult: np.ndarray


def parse(data: bytes, name: str) -> Annotation:
    """The annotation that an XML file holds.

    VOC counts pixels from 1 and includes the last one, so the box of the pixels 1 to 3 is from 0 to 3 here. A box
    whose first and last pixel are the same is a slip of the mouse, and gets no area.

    Args:
      data: the file's bytes.
      name: what to call it in an error.
    Raises: DataError if it is no XML, has more than 4 MiB or a document type (which may define entities that expand
      without end), or an object lacks its name or a number.
    Source: Everingham et al. 2010, The Pascal VOC Challenge, Sec. 3.3; development kit 2012, Sec. 8.
    """
    if len(data) > MAX_BYTES:
        raise errors.DataError(f"{name} has {len(data):,} bytes, an annotation has at most {MAX_BYTES:,}.")
    try:
        parser = ElementTree.XMLParser(target=_Builder())
        parser.feed(data)
        root = parser.close()
        if root.tag != "annotation":
            raise ValueError(f"<{root.tag[:40]}> instead of <annotation>")
        found = root.findall("object")
        boxes = np.array([[_number(each, f"bndbox/{edge}") for edge in EDGES] for each in found]).reshape(-1, 4)
        size = int(_number(root, "size/height", "0")), int(_number(root, "size/width", "0"))
        names = [_text(each, "name") for each in found]
        difficult = np.array([_text(each, "difficult", "0") not in ("0", "false") for each in found], bool)
    except (ElementTree.ParseError, ValueError, OverflowError, LookupError) as error:
        raise errors.DataError(f"{name}: expected an annotation of Pascal VOC, found something else ({error}). "
                               f"Mend or delete that file.") from None
    has_area = (boxes[:, :2] < boxes[:, 2:]).all(-1, keepdims=True)
    return Annotation(_text(root, "filename", ""), size if 0 < min(size) and max(size) < 2**16 else None, names,
                      boxes - np.where(has_area, [1, 1, 0, 0], 0), difficult)


def _text(element: Any, path: str, default: Optional[str] = None) -> str:
    text = (element.findtext(path) or "").strip() or default
    if text is None:
        raise ValueError(f"an <{element.tag}> has no <{path.replace('/', '><')}>")
    return text


def _number(element: Any, path: str, default: Optional[str] = None) -> float:
    text = _text(element, path, default)
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"<{path.rsplit('/', 1)[-1]}> is {text[:40]!r}, no number") from None


class _Builder(ElementTree.TreeBuilder):
    """Builds a tree, and stops where a document type begins, in whatever encoding: before an entity is defined."""

    def doctype(self, *_: Any) -> None:
        raise ValueError("it has a <!DOCTYPE>, which no annotation needs and which may hide a bomb")
