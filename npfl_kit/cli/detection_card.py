"""What is in a detection data set, and what is wrong with it: the card, counts of objects, odd boxes by file."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from npfl_kit import errors
from npfl_kit.cli import data_card, table
from npfl_kit.cli.data_card import SPLITS

if TYPE_CHECKING:
    from npfl_kit.data.object_detection import ObjectDetection

GENERATED = "glyph_scenes"
WHAT = {
    "glyph_scenes": "scenes of characters with boxes, masks and keypoints, drawn in memory and never downloaded",
    "bccd": "blood cells in 364 photographs, 3 classes; your copy in --data_dir",
    "raccoon": "raccoons in 200 photographs; your copy in --data_dir",
    "svhn": "house numbers in the course's TFRecord files; your copy in --data_dir",
    "coco_mini": "159 photographs of COCO 2017, 80 classes, masks; your copy in --data_dir",
    "nuclei": "cell nuclei with masks in 250 photographs; your copy in --data_dir",
    "pennfudan": "pedestrians with masks in 170 photographs; your copy in --data_dir",
    "voc": "your own pictures in --data_dir, annotated as Pascal VOC",
    "coco": "your own pictures in --data_dir, annotated as COCO",
}


def place(name: str) -> Optional[Path]:
    """The folder called `name` in NPFL_KIT_DATA or in the cache, or None; `folder` and its like have none."""
    from npfl_kit.data import sources

    return next((each for each in sources.places(name, None) if each.name == name and each.is_dir()), None)


def lines(name: str, data_dir: Path | None, is_here: bool) -> Iterator[str]:
    """The text of `npfl-kit data show NAME`; nothing is read but the card if the files are not here."""
    from npfl_kit import data

    yield from data_card.introduction(name, is_here)
    if not is_here:
        return
    loaded: Any = data.load(name, data_dir)
    yield from counts(loaded)
    yield (f'\nElement: {{"image": uint8 {shape(loaded)}, "boxes": float32 [G, 4], "labels": int32 [G], '
           f'"crowd": bool [G]}}')
    yield f"Files:   {loaded.sources}"
    yield from odd(loaded)


def counts(loaded: ObjectDetection) -> Iterator[str]:
    """Pictures, and objects of each class that are no crowd, in train, dev and test; a table.

    The objects of generated scenes are not counted: all scenes would have to be drawn for that.
    """
    splits = [loaded.split(split) for split in SPLITS]
    rows = [["pictures", *(f"{len(split):,}" for split in splits)]]
    if loaded.name != GENERATED:
        labels = [split.labels for split in splits]
        rows.append(["objects", *(f"{len(each):,}" for each in labels)])
        rows += [[name, *(f"{int((each == index).sum()):,}" for each in labels)]
                 for index, name in enumerate(loaded.classes)]
    yield from table.lines(rows, header=["class", *SPLITS])


def shape(loaded: ObjectDetection) -> str:
    """The shape of the pictures; a letter for a side that differs among them."""
    height, width, channels = loaded.image_shape
    return f"[{height or 'H'}, {width or 'W'}, {channels}]"


def odd(loaded: ObjectDetection) -> Iterator[str]:
    """A line for each kind of oddity in the files, with their names."""
    from npfl_kit.data import box_checks

    for line in box_checks.lines(loaded.report()):
        yield f"Odd:     {line}"


def verify(name: str, data_dir: Path | None) -> int:
    """Read every annotation and decode every picture; exit code 1 if a picture is broken, with a line for each."""
    from npfl_kit import data

    loaded: Any = data.load(name, data_dir)
    broken = []
    for split in map(loaded.split, SPLITS):
        for index in range(len(split)):
            try:
                split.image(index)
            except errors.DataError as error:
                broken.append(str(error))
    print(*counts(loaded), *odd(loaded), sep="\n")
    print(*(f"broken:  {each}" for each in broken), f"Files:   {loaded.sources}, {len(broken)} broken", sep="\n")
    return 1 if broken else 0
