"""vanishing_gradients: norms against a product of matrices, the bound, the task, and whole runs."""
import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import lab_files
from npfl_kit.train import weights

LAB = lab_files.find("vanishing_gradients")
RUN = ["run", "vanishing_gradients"]
QUICK = ["--threads=1", "--batch_size=8", "--train_size=20", "--epochs=2", "--units=6", "--blank=4", "--symbols=2",
         "--distance=9"]


def args_of(lab, *flags):
    return lab.parser.parse_args([*QUICK, *flags])


def results(folder):
    return json.loads((folder / "results.json").read_text())["metrics"]


def inputs(seed, steps=9, scale=1.0):
    return tf.constant(np.random.default_rng(seed).normal(0, scale, [5, steps, 10]), tf.float32)


@pytest.mark.parametrize("radius", [0.7, 1.0, 2.0])
def test_norms_of_the_basic_cell_are_those_of_a_product_of_matrices(lab, radius):
    cell, x = lab.make_cell("basic", args_of(lab), radius), inputs(0)

    norms = lab.gradient_norms(cell, x, seed=1)

    V, U, b = cell.get_weights()
    v = tf.math.l2_normalize(tf.random.stateless_normal([5, 6], [1, 2]), axis=-1).numpy()
    squares = np.zeros([5, 10])
    for example in range(5):
        states = [np.zeros(6)]
        for step in x[example].numpy():
            states.append(np.tanh(step @ V + states[-1] @ U + b))
        gradient = v[example]
        for distance in range(10):
            squares[example, distance] = gradient @ gradient
            gradient = U @ (gradient * (1 - states[-1 - distance] ** 2))
    np.testing.assert_allclose(norms, np.sqrt(squares.mean(axis=0)), rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("radius", [0.5, 1.0, 1.7])
def test_the_bound_holds_and_is_reached_where_tanh_is_steepest(lab, radius, seed):
    cell, bound = lab.make_cell("basic", args_of(lab, f"--seed={seed}"), radius), radius ** np.arange(10.0)

    at_rest = lab.gradient_norms(cell, tf.zeros([5, 9, 10]), seed)
    reading = lab.gradient_norms(cell, inputs(seed, scale=3), seed)

    np.testing.assert_allclose(at_rest, bound, rtol=1e-4)
    assert reading[0] == pytest.approx(1, rel=1e-5) and np.all(reading[1:] < bound[1:])


@pytest.mark.parametrize("radius", [0.3, 1.0, 1.9])
def test_all_eigenvalues_of_the_recurrent_matrix_have_the_radius(lab, radius):
    cell = lab.make_cell("basic", args_of(lab), radius)
    cell.build([None, 10])

    np.testing.assert_allclose(np.abs(np.linalg.eigvals(cell.recurrent_kernel.numpy())), radius, rtol=1e-5)


def test_the_state_of_an_lstm_is_h_and_c(lab):
    """At distance 1, by hand: h varies the gates, c is multiplied by the forget gate."""
    cell, x = lab.make_cell("LSTM", args_of(lab)), inputs(4, steps=1)

    norms = lab.gradient_norms(cell, x, seed=1)

    v = tf.math.l2_normalize(tf.random.stateless_normal([5, 6], [1, 2]), axis=-1)
    h, c = tf.zeros([5, 6]), tf.zeros([5, 6])
    with tf.GradientTape() as tape:
        tape.watch([h, c])
        output = tf.reduce_sum(cell(x[:, 0], [h, c])[0] * v)
    squares = sum(np.sum(np.square(each), axis=-1) for each in tape.gradient(output, [h, c]))
    np.testing.assert_allclose(norms, [1, np.sqrt(squares.mean())], rtol=1e-5)


@pytest.mark.parametrize("memory", [2, 10, 40])
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_gates_keep_a_state_from_two_steps_to_the_memory(lab, name, memory):
    cell = lab.make_cell(name, args_of(lab, "--units=200"), memory=memory)
    cell.build([None, 10])

    bias = cell.bias.numpy().sum(axis=0) if name == "GRU" else cell.bias.numpy()
    gates = bias[:200] if name == "GRU" else bias[200:400]

    steps = 1 + np.exp(gates)                       # 1 / (1 - sigmoid(b))
    np.testing.assert_allclose(steps, np.linspace(2, memory, 200), rtol=1e-4)
    if name == "LSTM":
        np.testing.assert_allclose(bias[:200], -gates)
    assert not np.any(bias[400:])


def test_half_open_gates_forget_faster_than_open_ones(lab):
    args = args_of(lab, "--units=32", "--distance=40")

    norms, bounds = lab.measure(args)

    for radius in (0.8, 1.0, 2.0):
        name = f"basic, radius {radius:g}"
        assert bounds[name] == pytest.approx([radius ** distance for distance in range(41)])
        assert norms[name].shape == (41,) and np.all(norms[name][1:] < bounds[name][1:])
    assert norms["LSTM, half open"][-1] < 1e-6 < 1e-3 < min(norms["LSTM"][-1], norms["GRU"][-1])
    assert norms["basic, radius 0.8"][-1] < norms["basic, radius 1"][-1] < 1 < norms["basic, radius 2"][-1]


@pytest.mark.parametrize("symbols, blank", [(1, 1), (2, 1), (3, 5)])
def test_the_task_is_to_repeat_the_symbols_after_the_mark(lab, symbols, blank):
    args = args_of(lab, f"--symbols={symbols}", f"--blank={blank}", "--cells", "basic")

    one_hot, targets = lab.copy_memory([1, 2], args, 20)

    kinds, wanted = np.argmax(one_hot, axis=-1), targets["basic"].numpy()
    assert kinds.shape == wanted.shape == (20, 2 * symbols + blank) and one_hot.shape[-1] == 10
    shown = kinds[:, :symbols]
    assert shown.min() >= 1 and shown.max() <= 8 and len(np.unique(shown)) > 4
    np.testing.assert_array_equal(wanted[:, -symbols:], shown)
    assert not np.any(wanted[:, :-symbols])
    assert np.all(kinds[:, symbols + blank - 1] == 9)
    assert not np.any(np.delete(kinds[:, symbols:], blank - 1, axis=1))


def test_training_never_repeats_a_sequence_and_resumes_where_it_was(lab):
    train = lab.FreshSequences(args_of(lab, "--symbols=12"))

    whole = [batch[0].numpy() for batch in train.from_epoch(0, 3)]
    resumed = [batch[0].numpy() for batch in train.from_epoch(2, 3)]

    assert (len(train), train.count, len(whole)) == (3, 20, 9)
    np.testing.assert_array_equal(whole[6:], resumed)
    assert len({each.tobytes() for batch in whole for each in batch}) == 72


@pytest.mark.slow
def test_cells_that_learn_together_learn_as_if_alone(lab):
    """Adam and the clipping look at each weight on its own, and no weight serves two cells."""
    def trained_weights(*cells):
        tf.keras.utils.set_random_seed(1)
        args = args_of(lab, "--cells", *cells)
        model = lab.build_model(args)
        loss = tf.losses.SparseCategoricalCrossentropy(from_logits=True)
        for name in cells:
            model.get_layer(name).set_weights([np.cos(np.arange(54.0)).reshape(6, 9), np.zeros(9)])
        model.compile(tf.optimizers.Adam(0.1, clipnorm=0.01), {name: loss for name in cells})
        model.fit(lab.FreshSequences(args).from_epoch(0, 2), verbose=0)
        return model.get_layer("basic_cell").get_weights() + model.get_layer("basic").get_weights()

    for alone, together in zip(trained_weights("basic"), trained_weights("basic", "LSTM")):
        np.testing.assert_allclose(alone, together, atol=1e-5)


def test_main_gives_finite_numbers_and_a_complete_folder(trained):
    folder, metrics = trained

    assert all(isinstance(value, float) and math.isfinite(value) for value in metrics.values())
    assert results(folder) == metrics
    assert metrics["guessing_loss"] == pytest.approx(2 * math.log(8) / 8)
    assert {f"gradient_{name}" for name in ("basic_radius_1", "basic_radius_0.8", "basic_radius_2", "LSTM_half_open",
                                            "LSTM", "GRU")} <= set(metrics)
    assert {f"val_{name}_{what}" for name in ("basic", "LSTM") for what in ("loss", "remembered")} <= set(metrics)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in files if "events.out.tfevents" not in name} == {
        "config.json", "results.json", "history.csv", "weights.safetensors", "checkpoint/last.safetensors",
        "plots/vanishing_gradients.png"}


def test_remembered_is_the_share_of_the_asked_symbols(lab, trained):
    model = lab.build_model(args_of(lab))
    weights.load(model, trained[0] / "weights.safetensors")
    x, targets = lab.copy_memory([42, 1], args_of(lab), 512)

    for name, logits in model(x).items():
        right = np.argmax(logits, axis=-1)[:, -2:] == targets[name].numpy()[:, -2:]
        assert trained[1][f"val_{name}_remembered"] == pytest.approx(right.mean(), abs=1e-6)


@pytest.mark.slow
def test_two_runs_with_one_seed_are_equal_and_predict_gives_their_numbers(lab, trained, command, tmp_path):
    again = lab.main(args_of(lab, f"--logdir={tmp_path / 'again'}"))
    flags = ["--predict", f"--weights={trained[0] / 'weights.safetensors'}", "--logdir=predicted"]

    assert command(*RUN, *flags)[0] == 0
    assert again == trained[1] == results(tmp_path / "predicted")


@pytest.mark.slow
@pytest.mark.parametrize("flags", [["--cells", "GRU", "--radius", "9.9", "--distance=300"],
                                   ["--memory=2", "--mixed_precision", "--symbols=1", "--blank=1"]], ids=" ".join)
def test_every_choice_of_cells_runs(lab, tmp_path, flags):
    metrics = lab.main(args_of(lab, *flags, f"--logdir={tmp_path / 'run'}"))

    assert all(math.isfinite(value) for value in metrics.values())
    assert (tmp_path / "run/plots/vanishing_gradients.png").stat().st_size > 10_000


@pytest.mark.slow
def test_the_lstm_remembers_what_the_basic_cell_forgets(lab, tmp_path):
    metrics = lab.main(lab.parser.parse_args(["--threads=2", "--epochs=10", f"--logdir={tmp_path / 'run'}"]))

    assert metrics["val_LSTM_remembered"] > 0.5 > 0.2 > metrics["val_basic_remembered"]
    assert metrics["val_LSTM_loss"] < 0.6 * metrics["guessing_loss"] < 1.1 * metrics["val_basic_loss"]


@pytest.mark.parametrize("flags, said", [
    (["--dataset=parity"], "Known: copy_memory"), (["--memory=1"], "--memory.*at least 2"),
    (["--blank=0"], "--blank.*at least 1"), (["--radius", "10"], "--radius.*below 10"),
    (["--cells", "elman"], "invalid choice")], ids=lambda value: "_".join(value) if isinstance(value, list) else "")
def test_a_wrong_flag_is_a_sentence(refused, flags, said):
    assert re.search(said, refused(*RUN, *QUICK, *flags))


def test_help_shows_the_header():
    shown = subprocess.run([sys.executable, LAB, "--help"], capture_output=True, text=True, timeout=120)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert all(word in shown.stdout for word in ["Run:", "Try:", "Read:", "--radius", "--memory", "--resume"])
