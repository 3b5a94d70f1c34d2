"""A deep-learning course in a box: what a lab script needs, by one name each.

Import this package before TensorFlow: it keeps TensorFlow's start quiet, and has the versions checked before it.
"""
import importlib
import os
import sys

from npfl_kit import errors, version
from npfl_kit.version import __version__, require_version

__all__ = ["Detector", "LabParser", "ScoreEntities", "__version__", "draw_attention", "report_classification",
           "report_language", "report_tagging", "require_version", "startup"]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")     # TensorFlow 2.15 logs harmless lines as errors at its import
if sys.excepthook is sys.__excepthook__:
    sys.excepthook = errors.print_plainly
if "tensorflow" not in sys.modules and version.CheckBeforeTensorFlow not in sys.meta_path:
    sys.meta_path.insert(0, version.CheckBeforeTensorFlow)     # type: ignore[arg-type]

_HOMES = {"Detector": "npfl_kit.train.detector", "LabParser": "npfl_kit.train.lab_parser",
          "startup": "npfl_kit.train.startup", "report_classification": "npfl_kit.train.classification",
          "draw_attention": "npfl_kit.train.attention_plots", "report_language": "npfl_kit.train.language",
          "report_tagging": "npfl_kit.train.tagging", "ScoreEntities": "npfl_kit.train.tagging"}


def __getattr__(name: str):
    """Bring a public name from its home on first use, so that `import npfl_kit` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'npfl_kit' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
