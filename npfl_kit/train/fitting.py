"""`model.fit` with the callbacks of every lab, and what to say when it is interrupted."""
from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import tensorflow as tf

from npfl_kit import errors
from npfl_kit.train.divergence import StopWhenNotFinite
from npfl_kit.train.keeping import KeepEachEpoch
from npfl_kit.train.progress import Progress
from npfl_kit.train.randomness import SetGenerators

if TYPE_CHECKING:
    from npfl_kit.train.run import Run

FULL_DISK = re.compile("No space left|quota exceeded|File too large", re.IGNORECASE)


def fit(run: Run, model: tf.keras.Model, train, dev: tf.data.Dataset | None, monitor: str,
        own_callbacks: Sequence[tf.keras.callbacks.Callback] = ()) -> None:
    """Train from the epoch after `run.history` to `args.epochs`; `run.history` grows by each finished epoch."""
    args, first, steps = run.args, len(run.history), len(train)
    callbacks = [
        SetGenerators(args.seed),
        StopWhenNotFinite(advice(run)),
        *own_callbacks,                         # before those that keep and show what they measure
        KeepEachEpoch(run.folder, run.metadata, run.history, monitor),
        Progress(steps, args.epochs, train.count, train.UNIT),
        tf.keras.callbacks.TensorBoard(str(run.folder), write_graph=False, profile_batch=0),
    ]
    print(f"{run.lab}: {model.count_params():,} parameters, {train.count:,} training {train.UNIT}, "
          f"epochs {first + 1} to {args.epochs}, into {run.folder}", flush=True)
    batches = train.from_epoch(first, args.epochs)
    make_variables(model, batches.element_spec)
    try:
        model.fit(batches, steps_per_epoch=steps, initial_epoch=first,
                  epochs=args.epochs, validation_data=dev, callbacks=callbacks, verbose=0)
    except KeyboardInterrupt:
        print(f"\nStopped in epoch {len(run.history) + 1} of {args.epochs}. {kept(run)}", file=sys.stderr)
        raise
    except tf.errors.OpError as error:
        mistake = explained(error, run)
        if mistake is None:
            raise
        raise mistake from error


def make_variables(model: tf.keras.Model, batch: tuple) -> None:
    """Make the variables of the optimizer, the losses and the metrics, which Keras would make in the first step.

    A step that makes variables is traced twice, and with a network of a hundred layers a trace takes many seconds.

    Args:
      model: compiled.
      batch: of `tf.TensorSpec`s: inputs and targets, and perhaps weights.
    """
    model.optimizer.build(model.trainable_variables)
    model.compiled_loss.build(model.output)
    model.compiled_metrics.build(model.output, batch[1])


def explained(error: tf.errors.OpError, run: Run) -> errors.KitError | None:
    """What a failure inside TensorFlow means to the user; None when it is not known."""
    reason, examples = error.message.partition("\n")[0], run.args.batch_size
    broken = re.search(r"DataError: (.*)", error.message)      # a picture that is decoded while training
    if broken:
        return errors.DataError(broken.group(1))
    if isinstance(error, tf.errors.UnimplementedError) and run.args.jit:
        return errors.TrainingError(f"XLA cannot compile this network: {reason}. Leave out --jit.")
    if FULL_DISK.search(error.message):
        return errors.KitError(f"Cannot write to {run.folder}: {reason}. Free some space. {kept(run)}")
    if isinstance(error, tf.errors.ResourceExhaustedError):
        return errors.TrainingError(f"The device has no memory left for a step of {examples} examples: halve it with "
                                    f"--batch_size={max(1, examples // 2)}.")
    return None


def kept(run: Run) -> str:
    """What is safe after an interruption, and the command to go on."""
    if not run.history:
        return "No epoch was finished; start again."
    return (f"The best weights of {len(run.history)} finished epochs are in {run.folder / 'weights.safetensors'}. "
            f"Go on with: {run.command(f'--resume={run.folder}')}")


def advice(run: Run) -> str:
    """What to type when the loss is no number any more."""
    rate = getattr(run.args, "learning_rate", None)
    lower = f"--learning_rate={rate / 10:g}" if rate else "a lower learning rate"
    return f"The weights of finished epochs, if any, are in {run.folder}. Start again with {lower}, or with --warmup."
