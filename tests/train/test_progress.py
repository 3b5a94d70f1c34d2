"""What a watcher sees: one line an epoch, live on a terminal, plain elsewhere."""
import io

import pytest
import tensorflow as tf

from npfl_kit.train.progress import Progress, duration, metrics_text


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def fit(monkeypatch):
    monkeypatch.setattr("npfl_kit.train.progress.SECONDS_BETWEEN", -1.0)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: type("Size", (), {"columns": 80}))

    def train(stream, first=0):
        model = tf.keras.Sequential([tf.keras.layers.Input([1]), tf.keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        data = tf.data.Dataset.from_tensor_slices((tf.ones([6, 1]), tf.ones([6, 1]))).batch(2)
        model.fit(data, validation_data=data, initial_epoch=first, epochs=2, verbose=0,
                  callbacks=[Progress(steps=3, epochs=2, examples=6, stream=stream)])
        return stream.getvalue()

    return train


def test_without_a_terminal_each_epoch_is_one_plain_line(fit):
    lines = fit(io.StringIO()).splitlines()

    assert len(lines) == 2
    assert all(line.startswith(f"Epoch {i}/2") and "\x1b" not in line for i, line in enumerate(lines, start=1))
    assert all(word in lines[0] for word in ("loss", "val_loss", "images/s", "left"))
    assert "left" not in lines[1]


def test_a_terminal_sees_the_line_grow_within_its_width(fit):
    text = fit(Terminal())

    frames = [frame for frame in text.replace("\n", "\r").split("\r\x1b[K") if "[" in frame]
    assert [frame.count("=") for frame in frames[:3]] == [7, 13, 20]
    assert all(len(frame.split("\r")[0]) < 80 for frame in frames)
    assert text.count("\n") == 2


def test_a_resumed_training_counts_from_its_epoch(fit):
    assert fit(io.StringIO(), first=1).startswith("Epoch 2/2")


def test_the_time_left_counts_the_epochs_of_this_training_only(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    progress = Progress(steps=1, epochs=10, examples=1, stream=io.StringIO())
    progress.on_train_begin()
    progress.on_epoch_begin(7)
    progress.on_train_batch_end(0)

    progress.on_epoch_end(7)

    assert "6.0s left" in progress.stream.getvalue()      # one of three steps took 3 ticks of the clock


@pytest.mark.parametrize("seconds, text", [(0, "0.0s"), (59.94, "59.9s"), (3599.6, "1:00:00"), (86400, "24:00:00")])
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_metrics_are_in_a_stable_order():
    assert metrics_text({"val_loss": 1, "b": 2, "loss": 3, "a": 4}) == "loss 3.0000  a 4.0000  b 2.0000  " \
                                                                       "val_loss 1.0000"
