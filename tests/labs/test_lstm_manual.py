"""lstm_manual: its LSTM and its gradients against Keras and small differences, the mistakes it must see, its runs."""
import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import errors, lab_files

LAB = lab_files.find("lstm_manual")
RUN = ["run", "lstm_manual"]
QUICK = ["--threads=1", "--train_size=100", "--sequence_length=6", "--epochs=2", "--rnn_dim=4"]
SIZES = {"plain": (3, 5, 2, 4), "one_step": (2, 1, 1, 3), "one_unit": (2, 6, 3, 1), "one_sequence": (1, 4, 1, 2)}
MUTANTS = {     # what is replaced by what, and the first line of --verify that must be wrong
    "input_gate_is_left_open": ("f * c + i * g", "f * c + g", "logits"),
    "no_forget_gate": ("f * c + i * g", "c + i * g", "logits"),
    "state_without_tanh": ("h = o * np.tanh(c)", "h = o * c", "logits"),
    "order_of_gates": ("i, f, g, o = np.split(x_t", "f, i, g, o = np.split(x_t", "logits"),
    "nothing_from_the_next_step": ("dh = dh + output", "dh = output", "dL/dx"),
    "nothing_through_the_gates": ("dh, dc = d_gates @ U.T,", "dh, dc = 0 * dh,", "dL/dx"),
    "state_is_not_carried_back": ("dc = dc + dh *", "dc = dh *", "dL/dx"),
    "forget_gate_is_missing_on_the_way_back": ("d_gates @ U.T, dc * f", "d_gates @ U.T, dc", "dL/dx"),
    "state_after_for_before": ("dc * c_before * f", "dc * c * f", "dL/dx"),
    "sigmoid_slope": ("o * (1 - o)], axis", "(1 - o)], axis", "dL/dx"),
    "tanh_slope": ("dc * i * (1 - g ** 2)", "dc * i * (1 - g)", "dL/dx"),
    "weights_of_the_last_step_only": ("dV += ", "dV = ", "dL/dV"),
    "sign_of_U": ("dU += ", "dU -= ", "dL/dU"),
    "output_after_for_before": ("dU += h_before.T", "dU += (o * np.tanh(c)).T", "dL/dU"),
    "bias_twice": ("db += d_gates", "db += 2 * d_gates", "dL/db"),
    "mean_over_sequences_only": ("/ y.size ", "/ len(y) ", "dL/dx"),
    "bias_of_the_output": ("d_logits.sum(axis=(0, 1))", "d_logits.mean(axis=(0, 1))", "dL/dbias"),
}


def example(case, seed):
    """x [B, T, D], the three weights of an LSTM, and dL/dh [B, T, H], in float64."""
    batch, steps, inputs, units = SIZES[case]
    generator = np.random.default_rng(seed)
    shapes = [batch, steps, inputs], [inputs, 4 * units], [units, 4 * units], [4 * units], [batch, steps, units]
    return [generator.normal(size=shape) for shape in shapes]


def results(folder):
    return json.loads((folder / "results.json").read_text())["metrics"]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("case", SIZES)
def test_outputs_and_gradients_equal_those_of_keras(lab, case, seed):
    x, V, U, b, gradient = example(case, seed)
    layer = tf.keras.layers.LSTM(len(U), return_sequences=True, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([V, U, b])
    with tf.GradientTape() as tape:
        inputs = tf.constant(x)
        tape.watch(inputs)
        true = layer(inputs)

    outputs, memory = lab.forward(x, V, U, b)
    found = lab.backward(x, V, U, memory, gradient)

    np.testing.assert_allclose(outputs, true, atol=1e-12)
    for ours, keras in zip(found, tape.gradient(true, [inputs, *layer.trainable_weights], tf.constant(gradient))):
        np.testing.assert_allclose(ours, keras, atol=1e-12)


@pytest.mark.parametrize("case", SIZES)
def test_gradients_are_the_slopes_of_the_loss(lab, case):
    *arguments, gradient = example(case, seed=2)
    _, memory = lab.forward(*arguments)

    found = lab.backward(*arguments[:3], memory, gradient)

    direction = [np.random.default_rng(3).normal(size=each.shape) for each in arguments]
    ahead, behind = ([each + sign * 1e-5 * step for each, step in zip(arguments, direction)] for sign in (1, -1))
    slope = (np.sum(lab.forward(*ahead)[0] * gradient) - np.sum(lab.forward(*behind)[0] * gradient)) / 2e-5
    along = sum(np.sum(each * step) for each, step in zip(found, direction))
    assert along == pytest.approx(slope, rel=1e-7)


def test_an_lstm_of_one_unit_written_by_hand(lab):
    """Gates of 1/2 and g = tanh(x): c = tanh(1) / 2, then c / 2 + 0; h = tanh(c) / 2."""
    x = np.array([[[1.0], [0.0]]])

    outputs, _ = lab.forward(x, np.array([[0.0, 0, 1, 0]]), np.zeros([1, 4]), np.zeros(4))

    c = math.tanh(1) / 2
    np.testing.assert_allclose(outputs[0, :, 0], [math.tanh(c) / 2, math.tanh(c / 2) / 2], rtol=1e-12)


def test_extreme_gates_overflow_nowhere(lab):
    x = np.array([[[1e4], [-1e4], [0]]])
    V, U, b = np.ones([1, 8]), np.ones([2, 8]), np.zeros(8)

    outputs, memory = lab.forward(x, V, U, b)

    for array in (outputs, *lab.backward(x, V, U, memory, np.ones([1, 3, 2]))):
        assert np.all(np.isfinite(array))


def test_verify_passes_in_64_bits(lab, capsys):
    lab.verify(lab.parser.parse_args([]))

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == "logits dL/dx dL/dV dL/dU dL/db dL/dW dL/dbias".split()
    errors_of_lines = [float(number) for line in lines for number in re.findall(r"by (\S+)", line)]
    assert len(errors_of_lines) == 14 and max(errors_of_lines) < 1e-7


@pytest.mark.parametrize("mutant", MUTANTS)
def test_verify_sees_the_mistake(mutant, tmp_path):
    old, new, first = MUTANTS[mutant]
    text = LAB.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    (tmp_path / f"{mutant}.py").write_text(text.replace(old, new), encoding="utf-8")
    broken = lab_files.load(tmp_path / f"{mutant}.py")

    with pytest.raises(errors.KitError, match=f"^{first} is off by over 1e-6"):
        broken.verify(broken.parser.parse_args(["--rnn_dim=3"]))


def test_verify_does_not_trust_keras_alone(lab, monkeypatch):
    right = lab.slope
    monkeypatch.setattr(lab, "slope", lambda *args: right(*args) * 1.001)

    with pytest.raises(errors.KitError, match="dL/dx is off"):
        lab.verify(lab.parser.parse_args(["--rnn_dim=3"]))


def test_a_step_follows_the_gradient_of_the_mean_crossentropy(lab):
    model = lab.build_model(lab.parser.parse_args(["--rnn_dim=3"]))
    model.compile(tf.optimizers.SGD(1.0), tf.losses.BinaryCrossentropy(from_logits=True))
    x, y = tf.random.stateless_normal([4, 5, 1], [1, 2]), tf.random.stateless_normal([4, 5, 1], [3, 4]) > 0
    before = model.get_weights()
    with tf.GradientTape() as tape:
        loss = model.loss(y, model(x))
    true = tape.gradient(loss, model.trainable_variables)

    logs = model.train_on_batch(x, y, return_dict=True)

    assert logs["loss"] == pytest.approx(float(loss), rel=1e-5)
    for old, new, gradient in zip(before, model.get_weights(), true):
        assert np.any(gradient != 0)
        np.testing.assert_allclose(old - new, gradient, atol=1e-6)


def test_training_records_no_gradient_tape(lab, monkeypatch):
    model = lab.build_model(lab.parser.parse_args(["--rnn_dim=3"]))
    model.compile("adam", tf.losses.BinaryCrossentropy(from_logits=True))
    monkeypatch.setattr(tf.GradientTape, "__enter__", lambda tape: pytest.fail("a tape in training"))
    monkeypatch.setattr(tf.keras.layers.LSTM, "call", lambda *args, **kwargs: pytest.fail("Keras's own LSTM"))

    before = [weight.numpy() for weight in model.trainable_weights]

    model.fit(np.ones([6, 5, 1], np.float32), np.ones([6, 5, 1], bool), batch_size=4, verbose=0)

    assert not any(np.allclose(weight, old) for weight, old in zip(model.trainable_weights, before))


def test_two_runs_with_one_seed_are_equal_and_predict_gives_their_numbers(lab, trained, command, tmp_path):
    again = lab.main(lab.parser.parse_args([*QUICK, f"--logdir={tmp_path / 'again'}"]))
    flags = ["--predict", f"--weights={trained[0] / 'weights.safetensors'}", "--logdir=predicted"]

    assert command(*RUN, *flags)[0] == 0
    assert again == trained[1] == results(trained[0]) == results(tmp_path / "predicted")
    assert set(again) == {"val_accuracy", "val_loss"} and all(math.isfinite(value) for value in again.values())
    assert (trained[0] / "predictions.txt").read_bytes() == (tmp_path / "predicted/predictions.txt").read_bytes()


def test_a_stopped_run_resumes_to_the_numbers_of_the_unbroken_one(trained, command, tmp_path, monkeypatch):
    def stop(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tf.keras.callbacks.TensorBoard, "on_epoch_begin", stop)
        assert command(*RUN, *QUICK, "--logdir=broken")[0] == 130

    assert command(*RUN, "--resume=broken")[0] == 0

    assert results(tmp_path / "broken") == trained[1]
    assert (tmp_path / "broken/history.csv").read_bytes() == (trained[0] / "history.csv").read_bytes()


@pytest.mark.slow
def test_it_learns_parity(lab, tmp_path):
    metrics = lab.main(lab.parser.parse_args(["--threads=2", f"--logdir={tmp_path / 'run'}", "--train_size=4000",
                                              "--sequence_length=12", "--epochs=3", "--learning_rate=0.01"]))

    assert metrics["val_accuracy"] > 0.99


@pytest.mark.parametrize("flags, said", [(["--dataset=mnist"], "Parity is learned here"),
                                         (["--jit"], "leave out .*--jit"), (["--rnn_dim=0"], "--rnn_dim.*at least 1")])
def test_a_wrong_flag_is_a_sentence(refused, flags, said):
    assert re.search(said, refused(*RUN, *flags))


def test_help_shows_the_header():
    shown = subprocess.run([sys.executable, LAB, "--help"], capture_output=True, text=True, timeout=120)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert all(word in shown.stdout for word in ["Run:", "Try:", "Read:", "--verify", "--resume"])
