"""The end of a run of a language model: how surprised it is, and what it writes."""
from __future__ import annotations

import math
import sys
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from npfl_kit.data.character_text import CharacterText
from npfl_kit.train import plots
from npfl_kit.train.keeping import best_epoch
from npfl_kit.train.run import Run

WINDOW = 100    # characters; the state is carried, so that the numbers hardly depend on it


def report_language(run: Run, model: tf.keras.Model, text: CharacterText, sample: Iterable[str]) -> dict[str, float]:
    """Measure dev and test with the kept weights, and write a sample to the terminal while it comes.

    Writes `results.json`, `sample.txt` and `plots/`.

    Args:
      model: of `{"characters": int32 [B, T], "first": bool [B]}` to logits float `[B, T, K]`.
      sample: gives the characters of a text, one after the other.
    Returns: val_nats and test_nats, the mean of -ln p of a character; the same in bits, and as perplexity, e to the
      power of nats: between so many equally likely characters the model chooses.
    """
    metrics: dict[str, float] = {}
    for split, prefix in (("dev", "val"), ("test", "test")):
        nats = surprise(model, text, split, run.args.batch_size)
        metrics.update({f"{prefix}_nats": nats, f"{prefix}_bits": nats / math.log(2),
                        f"{prefix}_perplexity": math.exp(nats)})
    metrics = run.finish(metrics)
    if run.history:
        curves = plots.learning_curves(run.history, best_epoch(run.history, run.monitor))
        plots.save(curves, run.folder / "plots" / "learning_curves.png")
    print("A sample:\n")
    run.write_text("sample.txt", "".join(streamed(sample)))
    print("\n\n" + summary(run, text, metrics))
    return metrics


def surprise(model: tf.keras.Model, text: CharacterText, split: str, batch_size: int) -> float:
    """The mean of -ln p over all characters of a split, in float64."""
    batches = text.batches(split, batch_size, WINDOW, marked=True)

    @tf.function(input_signature=[batches.element_spec])
    def total(batch: tuple) -> tf.Tensor:
        inputs, targets, weights = batch
        nats = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, model(inputs, training=False))    # [B, T]
        return tf.reduce_sum(tf.cast(nats * weights, tf.float64)), tf.reduce_sum(tf.cast(weights, tf.float64))

    nats, characters = np.sum([[each.numpy() for each in total(batch)] for batch in batches], axis=0)
    return float(nats / characters)


def streamed(sample: Iterable[str]) -> Iterable[str]:
    """The characters again, each on the terminal at once; what the terminal cannot write is shown as `?`."""
    coding = sys.stdout.encoding or "utf-8"
    for character in sample:
        print(character.encode(coding, "replace").decode(coding), end="", flush=True)
        yield character


def summary(run: Run, text: CharacterText, metrics: dict[str, float]) -> str:
    """How surprised the model is, and the next commands to try."""
    characters = len(text.split("test"))
    return "\n".join([
        f"{metrics['val_nats']:.3f} nats per character on dev, {metrics['test_nats']:.3f} on test ({characters:,} "
        f"characters of {text.name}): {metrics['test_bits']:.3f} bits, perplexity {metrics['test_perplexity']:.2f}.",
        f"Look at  {run.folder / 'sample.txt'}, {run.folder / 'plots'}.",
        *run.next_commands(text.name, None),
    ])
