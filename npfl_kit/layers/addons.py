"""TensorFlow Addons, imported quietly: `from npfl_kit.layers.addons import tfa`.

Addons is archived, and its import warns at length that it is; the kit pins the last release together with the
TensorFlow that it was built for, so the banner tells a student nothing to act on. Every import of Addons in the kit
goes through this file.
"""
from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import tensorflow_addons as tfa

__all__ = ["tfa"]
