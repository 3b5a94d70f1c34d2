"""Data sets: `data.load(NAME)` gives train, dev and test, the classes, and the judge of predictions.

One file per data set (`mnist.py`), one per standard format (`idx.py`, `image_folder.py`, `voc_xml.py`).
Nothing here imports TensorFlow until a pipeline is built, so that a grader starts in a fraction of a second.
"""
from __future__ import annotations

import importlib
import inspect
import os
import pathlib
from collections.abc import Sequence
from typing import Any, Optional, Union

from npfl_kit import errors

CLASSIFICATION = ("glyphs", "mnist", "fashion_mnist", "cifar10", "imagenette", "folder")
DETECTION = ("glyph_scenes", "bccd", "raccoon", "svhn", "coco_mini", "nuclei", "pennfudan", "voc", "coco")
TAGGING = ("morphology", "conllu", "iob2", "morpho", "ud_english_ewt", "ud_czech_cltt", "wnut17_ner",
           "uner_english_ewt")
TEXT_CLASSIFICATION = ("opinions", "sst2", "movie_reviews_mr")
LANGUAGE = ("python_text", "tiny_shakespeare", "text")
HAS = {CLASSIFICATION: "pictures with one class each", DETECTION: "pictures with boxes around objects",
       TAGGING: "sentences with a tag for each word", TEXT_CLASSIFICATION: "sentences with one class each",
       LANGUAGE: "text to be read character by character"}
NAMES = CLASSIFICATION + DETECTION + TAGGING + TEXT_CLASSIFICATION + LANGUAGE


def load(name: str, data_dir: Union[str, os.PathLike, None] = None, *, train_size: Optional[int] = None,
         among: Sequence[str] = NAMES, **options: Any) -> Any:
    """The data set called `name`; its pictures are read only when they are asked for.

    Looked for in `data_dir`, or in NPFL_KIT_DATA, then in the cache, then downloaded into the cache. The first name of
    each kind is generated, or ships with Python, and needs no file; `folder`, `voc`, `coco`, `conllu`, `iob2`,
    `morpho` and `text` are anybody's own data in `data_dir`.

    Args:
      name: one of `CLASSIFICATION`, `DETECTION`, `TAGGING`, `TEXT_CLASSIFICATION` or `LANGUAGE`.
      data_dir: folder (or archive) of the data set, or a folder with a sub-folder called `name`.
      train_size: int in `[1, N]`, keep the first so many training examples; None keeps all.
      among: the names that the caller can use, one of the five kinds.
      options: of the data set, such as `image_size`, the side of the pictures in pixels, or `column`, which tags of a
        treebank are meant; None is what the data set usually has.
    Returns: an `ImageClassification`, `ObjectDetection`, `SequenceTagging`, `TextClassification` or `CharacterText`.
    Raises: UsageError for an unknown name, an impossible size, or an option that the data set does not have; DataError
      if the files are missing or broken.
    """
    if name not in NAMES:
        raise errors.unknown("data set", name, among)
    if name not in among:
        has = next(words for names, words in HAS.items() if name in names)
        raise errors.UsageError(f"{name} has {has}, which is not what is learned here; choose another --dataset: "
                                f"{', '.join(among)}.")
    given = {option: value for option, value in options.items() if value is not None}
    if not 1 <= given.get("image_size", 1) <= 1024:
        raise errors.UsageError(f"--image_size must be between 1 and 1024 pixels, got {given['image_size']}.")
    module = importlib.import_module(f"npfl_kit.data.{name}")  # each has a function load
    for option in given.keys() - inspect.signature(module.load).parameters.keys():
        raise errors.UsageError(f"The data set {name} has no --{option}; leave it out.")
    return module.load(data_dir, train_size=train_size, **given)


def where(name: str, data_dir: Union[str, os.PathLike, None] = None) -> Optional[pathlib.Path]:
    """The folder or file that `load` would read one of the sets with files of their own; None before a download.

    Raises: DataError if the files are broken.
    """
    from npfl_kit.data import sources

    if not any(place.exists() for place in sources.places(name, data_dir)):
        return None         # without the readers, which take a while to import
    found = sources.local(name, data_dir, importlib.import_module(f"npfl_kit.data.{name}").look)
    return None if found is None else pathlib.Path(found[1])
