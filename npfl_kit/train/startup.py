"""The first line of every lab's `main`: seeds, threads, precision, and the run's folder."""
from __future__ import annotations

import argparse
import warnings

import tensorflow as tf
from tensorflow.python.autograph.core import config as autograph

from npfl_kit.train.run import Run

THE_KIT = autograph.DoNotConvert("npfl_kit")


def startup(args: argparse.Namespace) -> Run:
    """Prepare TensorFlow as the flags say, and return the run.

    Every random number comes from `args.seed`: initial weights from Keras's seed; dropout and the like from
    generators that training sets anew at each epoch (see `npfl_kit.train.randomness`), so that a resumed run
    draws what an unbroken one would. Kernels are the deterministic ones: two runs on one machine are equal. Only
    `--jit` does not ask for them: XLA knows none for the gradient of max pooling.

    Args:
      args: what a `LabParser` gave.
    Returns: the `Run`, which trains, keeps the weights and writes the results.
    """
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(args.seed)
    tf.keras.backend.experimental.enable_tf_random_generator()
    if not args.jit:
        tf.config.experimental.enable_op_determinism()
    leave_the_kit_unconverted()
    set_threads(args.threads)
    tf.get_logger().setLevel("ERROR")        # Keras tells of slow callbacks, which a student cannot mend
    tf.keras.mixed_precision.set_global_policy(precision(args.mixed_precision))
    tf.config.run_functions_eagerly(args.debug)
    warnings.filterwarnings("ignore", "Even though the `tf.config.experimental_run_functions_eagerly`")    # tf.data
    return Run(args)


def leave_the_kit_unconverted() -> None:
    """Keep AutoGraph from rewriting functions of the kit when it traces a lab: none needs it, and it takes seconds.

    A lab's own functions are rewritten as ever. TensorFlow has no public name for this list of packages, on which it
    and Keras themselves are.
    """
    if THE_KIT not in autograph.CONVERSION_RULES:
        autograph.CONVERSION_RULES = (THE_KIT, *autograph.CONVERSION_RULES)


def set_threads(threads: int) -> None:
    """Limit TensorFlow to so many CPU threads; 0 leaves all cores. Once TensorFlow has started, it stays as it is."""
    try:
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    except RuntimeError:  # already running: a second `main` in one process, as in a notebook
        pass


def precision(mixed: bool) -> str:
    """The Keras policy: 16-bit arithmetic of the kind that the device is quick at, with float32 weights."""
    if not mixed:
        return "float32"
    return "mixed_float16" if tf.config.list_physical_devices("GPU") else "mixed_bfloat16"
