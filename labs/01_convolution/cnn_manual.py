#!/usr/bin/env python3
"""A convolutional network whose forward and backward passes are written out by hand.

An output pixel sums over a window of the input; so its gradient goes back to that window, and a weight's adds them up.

Run:    python3 labs/01_convolution/cnn_manual.py --verify      25 s on 4 CPU cores, glyphs: dev 33.7, test 33.6 %
MNIST:  --dataset=mnist --epochs=1  93.4/91.7 % dev/test; --cnn=5-1-1 91.9/89.7, 5-3-1 94.5/93.4, 5-3-2 92.8/91.5
Try:    --learning_rate=0.003 (36.3 %); change a sign in a gradient and run --verify
Read:   Dumoulin and Visin 2016, https://arxiv.org/abs/1603.07285, Sec. 4: why dL/dx is a transposed convolution
"""
import argparse
import re

import npfl_kit
import tensorflow as tf
from npfl_kit import data, errors

parser = npfl_kit.LabParser(__doc__, lab="cnn_manual", dataset="glyphs", batch_size=50, epochs=5, train_size=5000)
parser.add_argument("--cnn", default="5-3-2,10-3-2", help="Convolutions as filters-kernel-stride, joined by commas.")
parser.add_argument("--learning_rate", default=0.01, type=float, help="Learning rate of Adam.")
parser.add_argument("--verify", action="store_true", help="First compare every layer with TensorFlow's own.")


def windows(x, size, stride):   # [B, H, W, C] -> [N, N, B, H', W', C]: [i,j,b,h,w,c] is x[b,hS+i,wS+j,c]
    rows, columns = x.shape[1] - size + 1, x.shape[2] - size + 1
    return tf.stack([[x[:, i:rows + i:stride, j:columns + j:stride] for j in range(size)] for i in range(size)])


def conv2d(x, kernel, stride):                                  # [B, H, W, C], [N, N, C, F] -> [B, H', W', F]
    """y[b, h, w, f] = sum over i, j, c of x[b, h S + i, w S + j, c] kernel[i, j, c, f]; size N, stride S."""
    # Exercise: the sum above, of windows and kernel.
    return tf.einsum("ijbhwc,ijcf->bhwf", windows(x, kernel.shape[0], stride), kernel)


def conv2d_kernel_gradient(x, gradient, size, stride):          # [B, H, W, C], [B, H', W', F] -> [N, N, C, F]
    """dL/dkernel[i, j, c, f] = sum over b, h, w of x[b, h S + i, w S + j, c] dL/dy[b, h, w, f]."""
    # Exercise: the sum above, of windows and gradient.
    return tf.einsum("ijbhwc,bhwf->ijcf", windows(x, size, stride), gradient)


def conv2d_input_gradient(x_shape, kernel, gradient, stride):   # [N, N, C, F], [B, H', W', F] -> [B, H, W, C]
    """dL/dx[b, r, s, c] = sum over f, h S + i = r, w S + j = s of kernel[i, j, c, f] dL/dy[b, h, w, f]."""
    # Exercise: the sum above: every output pixel gives to the window it came from.
    def is_pixel(side, size=kernel.shape[0]):                   # [N, H', H]: 1 where h S + i = r
        return tf.one_hot([list(range(i, side - size + i + 1, stride)) for i in range(size)], side, dtype=kernel.dtype)
    return tf.einsum("bhwf,ijcf,ihr,jws->brsc", gradient, kernel, is_pixel(x_shape[1]), is_pixel(x_shape[2]))


class Convolution(tf.keras.layers.Conv2D):                      # Keras makes the weights, the mathematics is ours
    def call(self, x):
        return tf.nn.relu(conv2d(x, self.kernel, self.strides[0]) + self.bias)


def backward(layer, x, y, gradient):                            # dL/dy of y = layer(x) -> dL/dx, dL/dkernel, dL/dbias
    # Exercise: the way back through Flatten, Dense, and a convolution with its ReLU.
    if isinstance(layer, tf.keras.layers.Flatten):
        return [tf.reshape(gradient, tf.shape(x))]
    if isinstance(layer, tf.keras.layers.Dense):                # y = x kernel + bias, [B, D] -> [B, K]
        return [gradient @ tf.transpose(layer.kernel), tf.transpose(x) @ gradient, tf.reduce_sum(gradient, axis=0)]
    gradient *= tf.cast(y > 0, gradient.dtype)                  # ReLU passes on what it did not cut
    return [conv2d_input_gradient(x.shape, layer.kernel, gradient, layer.strides[0]),
            conv2d_kernel_gradient(x, gradient, layer.kernel_size[0], layer.strides[0]),
            tf.reduce_sum(gradient, axis=[0, 1, 2])]


class Network(tf.keras.Sequential):
    def train_step(self, batch):                                # images [B, H, W, C], labels [B]
        values, gradients = [batch[0]], []
        for layer in self.layers:
            values.append(layer(values[-1]))
        probs = tf.nn.softmax(values[-1])                       # L is the mean over B of -log probs[label]
        gradient = (probs - tf.one_hot(batch[1], probs.shape[1])) / tf.cast(tf.shape(probs)[0], probs.dtype)
        for layer, x, y in zip(self.layers[::-1], values[-2::-1], values[::-1]):    # chain rule, from the end
            gradient, *of_weights = backward(layer, x, y, gradient)
            gradients = of_weights + gradients
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.compute_loss(*batch, values[-1])                   # only to show it
        return self.compute_metrics(*batch, values[-1], None)


def build_model(args: argparse.Namespace, image_shape: list[int], num_classes: int) -> tf.keras.Model:
    common = {"kernel_initializer": tf.initializers.GlorotUniform(args.seed), "dtype": "float32"}
    layers, side = [tf.keras.Input(image_shape)], min(image_shape[:2])
    for text in args.cnn.split(","):
        if not re.fullmatch("[1-9][0-9]*(-[1-9][0-9]*){2}", text) or int(text.split("-")[1]) > side:
            raise errors.UsageError(f"--cnn has {text!r}, not filters-kernel-stride with kernel <= {side}; try 5-3-2.")
        filters, size, stride = map(int, text.split("-"))
        layers.append(Convolution(filters, size, stride, activation="relu", name=f"conv_{len(layers)}", **common))
        side = (side - size) // stride + 1
    layers += [tf.keras.layers.Flatten(dtype="float32"), tf.keras.layers.Dense(num_classes, name="logits", **common)]
    return Network(layers)


def verify(model: tf.keras.Model) -> None:
    """Compare each layer's output and gradients with TensorFlow's; a KitError if one is off by more than 1e-4."""
    x = tf.random.stateless_normal([8, *model.input_shape[1:]], [1, 2])
    for layer in model.layers:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.keras.layers.Conv2D.call(layer, x) if isinstance(layer, Convolution) else layer(x)
        gradient = tf.random.stateless_normal(y.shape, [3, 4])
        true = [y, *tape.gradient(y, [x, *layer.weights], gradient)]
        off = [tf.reduce_max(tf.abs(ours - real)) / tf.maximum(1.0, tf.reduce_max(tf.abs(real)))
               for ours, real in zip([layer(x), *backward(layer, x, y, gradient)], true)]
        print(f"{layer.name}: y, dL/dx, dL/dkernel, dL/dbias are off by", *(f"{float(each):.1e}" for each in off))
        if not all(each <= 1e-4 for each in off):
            raise errors.KitError(f"{layer.name} differs from TensorFlow by over 1e-4: see the line above.")
        x = y


def main(args: argparse.Namespace) -> dict[str, float]:
    run = npfl_kit.startup(args)
    images = data.load(args.dataset, args.data_dir, train_size=args.train_size, among=data.CLASSIFICATION)
    model = run.build(build_model, image_shape=list(images.image_shape), num_classes=len(images.classes))
    if args.verify:
        verify(model)
    loss = tf.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf.optimizers.Adam(args.learning_rate), loss, metrics=["accuracy"], jit_compile=args.jit)
    run.fit(model, images.batches("train", args.batch_size, seed=args.seed), images.batches("dev", args.batch_size))
    return npfl_kit.report_classification(run, model, images)


if __name__ == "__main__":
    main(parser.parse_args([] if "__file__" not in globals() else None))
