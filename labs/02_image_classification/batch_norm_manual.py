#!/usr/bin/env python3
"""Batch normalization written out by hand, forward and backward, and what it buys.

Run:    python3 labs/02_image_classification/batch_norm_manual.py --verify   50 s on 4 CPU cores, glyphs: dev 84.6 %
Try:    --norm=keras 83.9, --norm=none 3.7 %; on --dataset=mnist --train_size=5000: manual 97.2, keras 97.8, none 87.3
        --norm=none --learning_rate=0.1 or 1 (mnist: 51.1, 11.3; manual: 96.9, 96.8); --momentum=0.99, watch epoch 1
Read:   Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167, Sec. 3 and Algorithms 1, 2
"""
import argparse

import npfl_kit
import tensorflow as tf
from npfl_kit import data, errors

parser = npfl_kit.LabParser(__doc__, lab="batch_norm_manual", dataset="glyphs", batch_size=50, epochs=3)
parser.add_argument("--learning_rate", default=0.3, type=float, help="Learning rate of plain gradient descent.")
parser.add_argument("--momentum", default=0.9, type=float, help="Share of the moving averages that a step keeps.")
parser.add_argument("--norm", default="manual", choices=["keras", "manual", "none"], help="Who normalizes.")
parser.add_argument("--verify", action="store_true", help="First compare everything with Keras's BatchNormalization.")

EPSILON = 1e-3


def moments(x):                                             # [..., C] -> mu, sigma^2 [C], over all axes but the last
    # Exercise: mean and variance, over all axes but the last.
    axes = list(range(len(x.shape) - 1))
    mean = tf.reduce_mean(x, axes)
    return mean, tf.reduce_mean((x - mean) ** 2, axes)


def normalize(x, mean, variance, gamma, beta):              # [..., C], four times [C] -> [..., C]
    """y = gamma x_hat + beta, where x_hat = (x - mu) / sqrt(sigma^2 + epsilon)."""
    # Exercise: y, as above.
    return gamma * (x - mean) / tf.sqrt(variance + EPSILON) + beta


def gradients(x, mean, variance, gamma, y_gradient):        # dL/dy [..., C] -> dL/dx [..., C], dL/dgamma, dL/dbeta [C]
    """The chain rule through x_hat, sigma^2 and mu, in the paper's order; mu and sigma^2 depend on every x, too."""
    # Exercise: all three gradients, as above.
    axes, centered, scale = list(range(len(x.shape) - 1)), x - mean, 1 / tf.sqrt(variance + EPSILON)
    m = tf.cast(tf.size(x) // x.shape[-1], x.dtype)                                         # values in each channel
    x_hat_gradient = y_gradient * gamma
    variance_gradient = tf.reduce_sum(x_hat_gradient * centered * -0.5 * scale ** 3, axes)  # [C]
    mean_gradient = (tf.reduce_sum(x_hat_gradient * -scale, axes)
                     + variance_gradient * tf.reduce_mean(-2 * centered, axes))             # [C], the second term is 0
    x_gradient = x_hat_gradient * scale + variance_gradient * 2 * centered / m + mean_gradient / m
    return x_gradient, tf.reduce_sum(y_gradient * centered * scale, axes), tf.reduce_sum(y_gradient, axes)


@tf.custom_gradient
def batch_norm(x, gamma, beta):                             # of a training batch; TensorFlow calls our gradients
    mean, variance = moments(x)
    return ((normalize(x, mean, variance, gamma, beta), mean, variance),
            lambda y_gradient, *_: gradients(x, mean, variance, gamma, y_gradient))


class BatchNorm(tf.keras.layers.BatchNormalization):        # Keras makes the weights, the mathematics is ours
    """Normalize by the batch while training, and by moving averages of its mean and variance afterwards.

    For inference the paper takes m / (m - 1) sigma^2, as a sample of m values spreads less than what it comes from;
    m is B H W, not the number of batches. Keras does so for [B, H, W, C] (fused kernel), but not for [B, D].
    """
    def call(self, x, training=None):
        # Exercise: normalize; while training, keep the moving averages as well.
        x = tf.cast(x, self.gamma.dtype)                    # 32 bits, in mixed precision, too
        if not training:
            return normalize(x, self.moving_mean, self.moving_variance, self.gamma, self.beta)
        y, mean, variance = batch_norm(x, tf.identity(self.gamma), tf.identity(self.beta))
        if self.fused:
            m = tf.cast(tf.size(x) // x.shape[-1], x.dtype)
            variance *= m / tf.maximum(m - 1, 1)
        for moving, new in (self.moving_mean, mean), (self.moving_variance, variance):
            moving.assign(self.momentum * moving + (1 - self.momentum) * new)
        return y


NORMS = {"manual": BatchNorm, "keras": tf.keras.layers.BatchNormalization}


def build_model(args: argparse.Namespace, image_shape: list[int], num_classes: int) -> tf.keras.Model:
    image = x = tf.keras.Input(image_shape)
    for number, (filters, stride) in enumerate([(16, 1), (16, 2), (32, 1), (32, 2), (64, 1), (64, 2)], start=1):
        x = tf.keras.layers.Conv2D(filters, 3, stride, "same", use_bias=args.norm == "none", name=f"conv_{number}")(x)
        if args.norm != "none":                             # beta takes the place of the bias
            x = NORMS[args.norm](momentum=args.momentum, name=f"norm_{number}")(x)
        x = tf.keras.layers.ReLU(name=f"relu_{number}")(x)
    x = tf.keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return tf.keras.Model(image, tf.keras.layers.Dense(num_classes, name="logits", dtype="float32")(x))


def verify(momentum: float) -> None:
    """Compare a step of training, and inference after it, with Keras; a KitError if anything is off by over 1e-4."""
    for shape in [64, 10], [8, 6, 5, 7]:
        x, dy = (tf.random.stateless_normal(shape, [1, seed]) for seed in range(2))
        results = []
        for layer in (norm(momentum=momentum) for norm in NORMS.values()):
            layer(x)                                        # makes the weights
            layer.gamma.assign(tf.linspace(-1.0, 2.0, shape[-1]))
            layer.beta.assign(tf.linspace(1.0, 2.0, shape[-1]))
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(3 * x + 2, training=True)
            results.append([y, *tape.gradient(y, [x, layer.gamma, layer.beta], dy), *layer.weights[2:], layer(x)])
        off = [float(tf.reduce_max(tf.abs(ours - true))) for ours, true in zip(*results)]
        print(f"{shape}: y, dL/dx, dL/dgamma, dL/dbeta, moving mean and variance, y at inference are off by",
              *(f"{each:.1e}" for each in off))
        if not all(each <= 1e-4 for each in off):
            raise errors.KitError(f"For {shape}, something is off by over 1e-4, not by rounding.")


def main(args: argparse.Namespace) -> dict[str, float]:
    run = npfl_kit.startup(args)
    images = data.load(args.dataset, args.data_dir, train_size=args.train_size, among=data.CLASSIFICATION)
    if args.verify:
        verify(args.momentum)
    model = run.build(build_model, image_shape=list(images.image_shape), num_classes=len(images.classes))
    loss = tf.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf.optimizers.SGD(args.learning_rate), loss, metrics=["accuracy"], jit_compile=args.jit)
    run.fit(model, images.batches("train", args.batch_size, seed=args.seed), images.batches("dev", args.batch_size))
    return npfl_kit.report_classification(run, model, images)


if __name__ == "__main__":
    main(parser.parse_args([] if "__file__" not in globals() else None))
