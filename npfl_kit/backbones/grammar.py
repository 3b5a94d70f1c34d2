"""Networks from the course's one-line language: `from_grammar("CB-16-5-2-same,M-3-2,F,H-100,D-0.5", ...)`."""
from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from npfl_kit.backbones.by_name import deep_recursion
from npfl_kit.backbones.grammar_text import Step, parse, refuse
from npfl_kit.backbones.parts import logits

MOST_WEIGHTS = 2**28        # of a layer; 1 GiB


def from_grammar(text: str, image_shape: Sequence[int], num_classes: int) -> tf.keras.Model:
    """The network that `text` describes, followed by a dense layer of logits; see `grammar_text` for the language.

    Weights, normalization and padding are Keras's own defaults (Glorot uniform, momentum 0.99, epsilon 0.001), as in
    the course, so that its published numbers hold; the named networks of `build` follow their papers instead.

    Args:
      text: str, such as "CB-16-5-2-same,R-[CB-16-3-1-same],M-3-2,F,H-100,D-0.5".
      image_shape: three ints, height, width and channels.
      num_classes: int.
    Returns: a model from float `[B, H, W, C]` in `[0, 1]` to float32 logits `[B, num_classes]`; step i is named
      "layer<i>_...", and step j inside an R "layer<i>_<j>_...".
    Raises: UsageError that shows the text and marks the step that is misspelt, does not fit the shape before it, or
      has more than `MOST_WEIGHTS` weights.
    Source: the course's task mnist_cnn, 2018/19 to 2025/26.
    """
    image = x = tf.keras.layers.Input(list(image_shape), name="image")
    for index, step in enumerate(parse(text), start=1):
        x = add_step(x, step, text, f"layer{index}")
    outputs = logits(x, num_classes)
    with deep_recursion():
        return tf.keras.Model(image, outputs, name="cnn")


def add_step(x: tf.Tensor, step: Step, text: str, name: str) -> tf.Tensor:
    """One step after `x`: `[B, H, W, C]` before F, `[B, D]` from F on."""
    check_rank(x, step, text)
    if step.kind in ("C", "CB", "M"):
        check_window(x, step, text)
    check_size(x, step, text)
    if step.kind == "R":
        inner = x
        for index, inside in enumerate(step.inside, start=1):
            inner = add_step(inner, inside, text, f"{name}_{index}")
        if inner.shape[1:] != x.shape[1:]:
            refuse(text, step.position, step.length, f"R adds its input of shape {shape(x)} to its steps' output, and "
                   f"that has shape {shape(inner)}; expected steps that keep the shape.")
        return tf.keras.layers.Add(name=f"{name}_add")([inner, x])
    if step.kind == "F":
        return tf.keras.layers.Flatten(name=f"{name}_flatten")(x)
    if step.kind == "M":
        size, strides = int(step.arguments["size"]), int(step.arguments["strides"])
        return tf.keras.layers.MaxPooling2D(size, strides, name=f"{name}_pool")(x)
    if "rate" in step.arguments:
        return tf.keras.layers.Dropout(float(step.arguments["rate"]), name=f"{name}_dropout")(x)
    if "units" in step.arguments:
        return tf.keras.layers.Dense(int(step.arguments["units"]), activation="relu", name=f"{name}_dense")(x)
    return convolution(x, step, name)


def convolution(x: tf.Tensor, step: Step, name: str) -> tf.Tensor:
    """C: convolution with bias, ReLU. CB: convolution, batch normalization, ReLU."""
    filters, kernel, strides = (int(step.arguments[key]) for key in ("filters", "kernel", "strides"))
    normalized = step.kind == "CB"
    x = tf.keras.layers.Conv2D(filters, kernel, strides, step.arguments["padding"], use_bias=not normalized,
                               name=f"{name}_conv")(x)
    if normalized:
        x = tf.keras.layers.BatchNormalization(name=f"{name}_norm")(x)
    return tf.keras.layers.ReLU(name=f"{name}_relu")(x)


def check_rank(x: tf.Tensor, step: Step, text: str) -> None:
    """Refuse convolutions behind F and hidden layers before it."""
    flat = x.shape.rank == 2
    if flat and step.kind in ("C", "CB", "M"):
        refuse(text, step.position, step.length, f"{step.kind} reads feature maps and F has flattened them; expected "
               "H or D behind F.")
    if not flat and (step.kind == "H" or step.kind == "D" and "units" in step.arguments):
        refuse(text, step.position, step.length, "A dense layer reads vectors; expected F somewhere before it.")


def check_window(x: tf.Tensor, step: Step, text: str) -> None:
    """Refuse windows that are larger than the map they slide over."""
    window = int(step.arguments.get("kernel") or step.arguments["size"])
    if step.arguments.get("padding") != "same" and window > min(x.shape[1:3]):
        refuse(text, step.position, step.length, f"A window of {window} x {window} does not fit into the feature map "
               f"here, which is {x.shape[1]} x {x.shape[2]}; expected a smaller one, or fewer strides before it.")


def check_size(x: tf.Tensor, step: Step, text: str) -> None:
    """Refuse a layer whose weights would fill the memory of a computer; each number may be good, but not all."""
    numbers = {key: int(step.arguments.get(key, 1)) for key in ("filters", "units", "kernel")}
    count = x.shape[-1] * numbers["filters"] * numbers["units"] * numbers["kernel"] ** 2
    if count > MOST_WEIGHTS and step.kind != "M":
        refuse(text, step.position, step.length, f"This layer would have {count:,} weights; expected at most "
               f"{MOST_WEIGHTS:,}.")


def shape(x: tf.Tensor) -> str:
    """`[B, 14, 14, 32]` as "14 x 14 x 32"."""
    return " x ".join(map(str, x.shape[1:]))
