"""Which data sets have predictions that a task can judge, and by which metrics: known without reading any of them."""
from __future__ import annotations

from npfl_kit import data

ENTITY_SETS = ("iob2", "wnut17_ner", "uner_english_ewt")        # of `data.TAGGING`, whose entities are judged
SHARES, ENTITIES = ("accuracy",), ("accuracy", "f1", "precision", "recall")
BOXES = ("ap", "ap50", "ap75", "aps", "apm", "apl", "ar1", "ar10", "ar100", "ars", "arm", "arl")
KEYPOINTS = ("ap", "ap50", "ap75", "apm", "apl", "ar", "ar50", "ar75", "arm", "arl")
DETECTIONS = (*SHARES, *BOXES, *(f"segm_{name}" for name in BOXES), *(f"keypoints_{name}" for name in KEYPOINTS))


def metrics(dataset: str) -> tuple[str, ...]:
    """The metrics of a known data set; none where there are no predictions to judge.

    >>> metrics("mnist"), metrics("iob2")
    (('accuracy',), ('accuracy', 'f1', 'precision', 'recall'))
    """
    if dataset in ENTITY_SETS:
        return ENTITIES
    if dataset in data.DETECTION:
        return DETECTIONS
    return SHARES if dataset in data.CLASSIFICATION + data.TAGGING + data.TEXT_CLASSIFICATION else ()
