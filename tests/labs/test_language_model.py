"""language_model: whole runs on a small text, the carried state, and samples."""
import json
import math

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import lab_files

LAB = lab_files.find("language_model")
QUICK = ["--threads=1", "--dataset=text", "--rnn_dim=24", "--epochs=3", "--batch_size=4", "--sequence_length=20",
         "--learning_rate=0.02", "--sample=40", "--dropout=0.1"]


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """A folder with a text in which each letter is followed by the next one."""
    folder = tmp_path_factory.mktemp("text")
    (folder / "letters.txt").write_text("abcdefgh\n" * 700)
    return folder


@pytest.fixture(scope="module")
def quick(text):
    return [*QUICK, f"--data_dir={text}"]


class Letters:
    characters = list("abc")

    @staticmethod
    def encode(text):
        return np.array(["abc".index(letter) for letter in text], np.int32)


def built(lab, *flags):
    args = lab.parser.parse_args([*QUICK, *flags])
    return args, lab.build_model(args, num_characters=3)


def test_main_gives_finite_numbers_and_a_complete_folder(trained):
    folder, metrics = trained

    assert all(math.isfinite(value) for value in metrics.values())
    assert metrics["test_nats"] < 0.2
    assert metrics["test_bits"] == pytest.approx(metrics["test_nats"] / math.log(2))
    assert metrics["test_perplexity"] == pytest.approx(math.exp(metrics["test_nats"]))
    assert json.loads((folder / "results.json").read_text())["metrics"] == metrics
    assert len((folder / "sample.txt").read_text()) == 40
    assert (folder / "plots" / "learning_curves.png").exists()


@pytest.mark.slow
def test_two_runs_are_equal_and_predict_writes_the_same_sample(lab, text, trained, command, tmp_path):
    again = lab.main(lab.parser.parse_args([*QUICK, f"--data_dir={text}", f"--logdir={tmp_path / 'again'}"]))
    code, _, said = command("run", "language_model", "--predict", f"--weights={trained[0] / 'weights.safetensors'}",
                            f"--data_dir={text}", f"--logdir={tmp_path / 'predicted'}")

    assert again == trained[1]
    assert code == 0, said
    assert json.loads((tmp_path / "predicted" / "results.json").read_text())["metrics"] == trained[1]
    for folder in ("again", "predicted"):
        assert (tmp_path / folder / "sample.txt").read_bytes() == (trained[0] / "sample.txt").read_bytes()


def test_the_state_is_carried_from_window_to_window(lab):
    _, model = built(lab)
    letters, yes, no = tf.constant([[0, 1, 2, 2, 1, 0]]), tf.constant([True]), tf.constant([False])

    whole = model({"characters": letters, "first": yes})
    parts = [model({"characters": letters[:, :2], "first": yes}), model({"characters": letters[:, 2:], "first": no})]
    anew = model({"characters": letters[:, 2:], "first": yes})

    np.testing.assert_allclose(tf.concat(parts, axis=1), whole, atol=1e-5)
    assert not np.allclose(anew, parts[1], atol=1e-4)


def test_a_sample_is_a_function_of_the_seed(lab):
    args, model = built(lab, "--prompt=ab", "--sample=30")

    first, again = ("".join(lab.sample(args, model, Letters)) for _ in range(2))
    args.seed = 43
    other = "".join(lab.sample(args, model, Letters))

    assert first == again and len(first) == 30
    assert first != other


def test_at_temperature_0_and_among_one_character_the_best_is_written(lab):
    coldest = "".join(lab.sample(*built_and(lab, "--temperature=0")))
    only = "".join(lab.sample(*built_and(lab, "--top_k=1", "--temperature=3")))

    assert coldest == only


def built_and(lab, *flags):
    tf.keras.utils.set_random_seed(1)
    args, model = built(lab, "--prompt=a", *flags)
    return args, model, Letters


def test_top_k_leaves_out_the_unlikely(lab):
    args, model, letters = built_and(lab, "--top_k=2", "--temperature=100", "--sample=60")
    dense = model.layers[-1]
    dense.set_weights([np.zeros_like(dense.get_weights()[0]), np.array([1.0, -9.0, 2.0])])

    assert set(lab.sample(args, model, letters)) == {"a", "c"}


@pytest.mark.parametrize("flags, words", [
    (["--temperature=-1"], "--temperature"), (["--batch_size=90000"], "choose a smaller --batch_size"),
    (["--dataset=sst2"], "choose another --dataset")])
def test_a_mistake_is_a_sentence(refused, flags, words):
    assert words in refused("run", "language_model", *flags)
