"""Pascal VOC: anybody's own pictures with one XML file each, as a folder, a zip or a tar file.

    Annotations/*.xml                                       train/*.jpg and *.xml
    JPEGImages/*.jpg                               or       valid/*.jpg and *.xml
    ImageSets/Main/{train,val,trainval,test}.txt            test/*.jpg and *.xml

Without ImageSets, and without folders of the splits, dev and test are set aside. Objects that are marked difficult are
neither taught nor scored. Classes are sorted by name.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Optional

import numpy as np

from npfl_kit import errors
from npfl_kit.data import box_checks, decode, detection_sources, file_tree, sources, voc_xml
from npfl_kit.data.detection_split import DetectionSplit, Objects
from npfl_kit.data.object_detection import ObjectDetection

NAME = "voc"
FORM = "Annotations/*.xml, JPEGImages/*.jpg and ImageSets/Main/*.txt of Pascal VOC, open or as a .zip or .tar file"
SETS = {"train": "train", "val": "dev", "test": "test"}


def load(data_dir: sources.DataDir = None, *, train_size: Optional[int] = None,
         image_size: Optional[int] = None) -> ObjectDetection:
    """Pictures in `data_dir` (or NPFL_KIT_DATA) with annotations of Pascal VOC."""
    return read(NAME, data_dir, None, train_size=train_size, image_size=image_size)


def read(name: str, data_dir: sources.DataDir, classes: Optional[Sequence[str]], *, train_size: Optional[int] = None,
         image_size: Optional[int] = None, auto_augment: str = "photo") -> ObjectDetection:
    """A data set in the form of Pascal VOC.

    Args:
      name: of the data set.
      classes: their names, by label; None takes those of the files, sorted.
    Raises: DataError if an annotation or a picture is absent or broken, or an object has another class.
    """
    tree = detection_sources.find(name, data_dir, FORM, ".xml")
    report: box_checks.Report = {}
    parts = {part: [(stem, voc_xml.parse(tree.read(xml), f"{xml} in {tree.path}")) for stem, xml in listed]
             for part, listed in _parts(tree, report).items()}
    if classes is None:
        classes = sorted({each for part in parts.values() for _, found in part for each in found.names})
        if not classes:
            raise errors.DataError(f"{tree.path}: expected objects with a class; no annotation has one.")
    pictures = _pictures(tree)
    splits = {part: _split(tree, found, pictures, classes, report) for part, found in parts.items()}
    complete = detection_sources.complete(splits, str(tree.path))
    taught = set(complete["train"].labels.tolist())
    for label, each in enumerate(classes):
        box_checks.note(report, "not in train", each, label not in taught)
    return ObjectDetection(name, classes, complete, str(tree.path), train_size=train_size, image_size=image_size,
                           auto_augment=auto_augment, report=report)


def _parts(tree: file_tree.FileTree, report: box_checks.Report) -> dict[str, list[tuple[str, str]]]:
    """For each part, the stems of its pictures and the names of their annotations."""
    xmls = [name for name in tree.names if name.lower().endswith(".xml")]
    lists = [name for name in tree.names if "/ImageSets/Main/" in f"/{name}" and name.endswith(".txt")]
    by_set = {name.rsplit("/", 1)[-1][:-4]: name for name in lists if not name.rsplit("/", 1)[-1].startswith("._")}
    chosen = {SETS[each]: by_set[each] for each in SETS if each in by_set}
    if "train" not in chosen and "trainval" in by_set:
        chosen = {"train": by_set["trainval"], **{part: file for part, file in chosen.items() if part == "test"}}
    if len({name.rsplit("/", 3)[0] for name in lists if "/ImageSets/" in name}) > 1:
        raise errors.DataError(f"{tree.path} holds several years of Pascal VOC: {', '.join(lists[:3])} ... Type "
                               f"--data_dir=FOLDER with the folder of one.")
    if chosen:
        by_stem = {_stem(name): name for name in xmls}
        return {part: _listed(tree, file, by_stem) for part, file in chosen.items()}
    parts: dict[str, list[tuple[str, str]]] = defaultdict(list)
    has_parts = any(detection_sources.split_of(f"{name.rpartition('/')[0]}/") == "train" for name in xmls)
    for name in xmls:
        part = detection_sources.split_of(f"{name.rpartition('/')[0]}/") if has_parts else ""
        if part is not None:
            parts[part].append((_stem(name), name))
    stems = {_stem(name) for name in xmls}
    for name in tree.names:
        is_bare = name.lower().endswith(decode.SUFFIXES) and _stem(name) not in stems
        box_checks.note(report, "no annotation", name, is_bare)
    return dict(parts)


def _listed(tree: file_tree.FileTree, file: str, by_stem: dict[str, str]) -> list[tuple[str, str]]:
    """The stems in a file of ImageSets, each first on its line, with their annotations."""
    text = tree.read(file).decode("utf-8", errors="replace")
    stems = list(dict.fromkeys(line.split()[0] for line in text.splitlines() if line.strip()))
    absent = [stem for stem in stems if stem not in by_stem]
    if absent:
        raise errors.DataError(f"{file} in {tree.path} lists {len(absent):,} pictures without an annotation: "
                               f"{', '.join(absent[:3])}. Add Annotations/{absent[0]}.xml, or delete the line.")
    return [(stem, by_stem[stem]) for stem in stems]


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _pictures(tree: file_tree.FileTree) -> dict[str, str]:
    """The picture of each stem; among several, one in JPEGImages, then one that does not hold masks."""
    found: dict[str, str] = {}
    for name in sorted((each for each in tree.names if each.lower().endswith(decode.SUFFIXES)),
                       key=lambda each: ("/JPEGImages/" not in f"/{each}", "Segmentation" in each, each)):
        found.setdefault(_stem(name), name)
    return found


def _split(tree: file_tree.FileTree, found: list[tuple[str, voc_xml.Annotation]], pictures: dict[str, str],
           classes: Sequence[str], report: box_checks.Report) -> DetectionSplit:
    """The part whose pictures and annotations these are."""
    absent = [stem for stem, _ in found if stem not in pictures]
    if absent:
        raise errors.DataError(f"{tree.path}: {len(absent):,} annotations have no picture: "
                               f"{', '.join(f'{stem}.xml' for stem in absent[:3])}. Add the pictures, or delete them.")
    names = [pictures[stem] for stem, _ in found]
    sizes = [each.size or decode.image_size(tree.read(name), f"{name} in {tree.path}")
             for name, (_, each) in zip(names, found)]
    labels = {name: label for label, name in enumerate(classes)}
    objects = [_objects(each, size, f"{stem}.xml", labels, report) for (stem, each), size in zip(found, sizes)]
    return DetectionSplit([name.rsplit("/", 1)[-1] for name in names], sizes,
                          detection_sources.reader(tree, names), objects.__getitem__)


def _objects(found: voc_xml.Annotation, size: tuple[int, int], name: str, labels: dict[str, int],
             report: box_checks.Report) -> Objects:
    unknown = [each for each in found.names if each not in labels]
    if unknown:
        raise errors.DataError(f"{name}: an object has the class {unknown[0][:40]!r}; known are {', '.join(labels)}. "
                               f"Mend it, or type --dataset=voc to take the classes of the files.")
    boxes, keep = box_checks.usable(found.boxes, size, name, report)
    box_checks.note(report, "crowd", name, int(found.difficult[keep].sum()))
    return Objects.of(boxes[keep], np.array([labels[each] for each in found.names], np.int32)[keep],
                      crowd=found.difficult[keep])
