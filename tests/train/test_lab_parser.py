"""Flags: those of every lab, and the arguments that a past run gives."""
import json

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.train import lab_parser, provenance, weights

EVERY_LAB = ("batch_size epochs seed threads dataset data_dir logdir weights predict resume debug train_size "
             "mixed_precision jit").split()


@pytest.fixture
def past_run(tmp_path, parser):
    args = parser.parse_args(["--learning_rate=0.5", "--epochs=7"])
    config = {"lab": "some_lab", "args": lab_parser.jsonable(args), "versions": {}}
    (tmp_path / "past").mkdir()
    (tmp_path / "past" / "config.json").write_text(json.dumps(config))
    return tmp_path / "past"


def test_every_lab_has_the_flags_of_the_design(parser):
    args = vars(parser.parse_args([]))

    assert set(EVERY_LAB) <= set(args)
    assert (args["seed"], args["threads"], args["dataset"], args["batch_size"]) == (42, 0, "glyphs", 8)


def test_resume_takes_the_arguments_of_the_run(parser, past_run):
    args = parser.parse_args([f"--resume={past_run}"])

    assert (args.learning_rate, args.epochs, args.logdir) == (0.5, 7, past_run)


def test_resume_leaves_the_defaults_of_the_parser_alone(parser, past_run):
    parser.parse_args([f"--resume={past_run}"])

    assert parser.parse_args([]).learning_rate == 0.01


@pytest.mark.parametrize("flag", ["--learning_rate=0.01", "--epochs=8", "--seed=1", "--mixed_precision"])
def test_resume_refuses_another_configuration_even_if_it_is_the_default(parser, past_run, flag):
    name = flag.split("=")[0]

    with pytest.raises(errors.UsageError, match=f"was started with {name}=.*Leave the flag out"):
        parser.parse_args([f"--resume={past_run}", flag])


def test_resume_may_move_to_another_place(parser, past_run):
    args = parser.parse_args([f"--resume={past_run}", "--threads=1", "--data_dir=elsewhere"])

    assert (args.threads, str(args.data_dir)) == (1, "elsewhere")


def test_resume_of_no_run_is_a_sentence(parser, tmp_path):
    with pytest.raises(errors.UsageError, match="is no run folder: it has no config.json"):
        parser.parse_args([f"--resume={tmp_path}"])


@pytest.mark.parametrize("content", ["", "{", "[]", '{"args": 3}', '{"args": {}}', '{"lab": 3, "args": {}}'])
def test_a_broken_config_is_a_sentence(parser, past_run, content):
    (past_run / "config.json").write_text(content)

    with pytest.raises(errors.UsageError, match="config.json"):
        parser.parse_args([f"--resume={past_run}"])


def test_resume_without_arguments_still_goes_on_in_the_folder(parser, past_run):
    (past_run / "config.json").write_text('{"lab": "some_lab", "args": {}}')

    assert parser.parse_args([f"--resume={past_run}"]).logdir == past_run


def test_resume_of_predictions_is_a_sentence(parser, past_run):
    (past_run / "config.json").write_text('{"lab": "some_lab", "args": {"predict": true, "weights": "w.h5"}}')

    with pytest.raises(errors.UsageError, match="holds predictions of w.h5, not a training"):
        parser.parse_args([f"--resume={past_run}"])


def test_a_refused_flag_leaves_the_defaults_of_the_parser_alone(parser, past_run):
    with pytest.raises(errors.UsageError):
        parser.parse_args([f"--resume={past_run}", "--epochs=two"])

    assert parser.parse_args([]).learning_rate == 0.01


def test_the_place_of_the_data_does_not_depend_on_the_folder_one_is_in(parser, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")

    kept = lab_parser.jsonable(parser.parse_args(["--data_dir=pictures", "--weights=~/w.h5"]))

    assert (kept["data_dir"], kept["weights"]) == (str(tmp_path / "pictures"), "/home/me/w.h5")


def test_resume_of_another_lab_names_both(parser, past_run):
    (past_run / "config.json").write_text(json.dumps({"lab": "tagger", "args": {}}))

    with pytest.raises(errors.UsageError, match="belongs to the lab tagger, not to some_lab"):
        parser.parse_args([f"--resume={past_run}"])


@pytest.mark.parametrize("flags, size", [([], 9), (["--dataset=mnist"], 9), (["--dataset=folder"], None),
                                         (["--dataset=folder", "--train_size=5"], 5)])
def test_predict_keeps_the_size_of_the_training_data_unless_the_data_is_another(parser, tmp_path, flags, size):
    args = parser.parse_args(["--dataset=mnist", "--train_size=9"])
    weights.write(tmp_path / "w.safetensors", {"w": np.zeros(1, np.float32)}, {
        provenance.KEY: json.dumps({"lab": "some_lab", "args": lab_parser.jsonable(args)})})

    again = parser.parse_args(["--predict", f"--weights={tmp_path / 'w.safetensors'}", *flags])

    assert again.train_size == size


def test_predict_needs_weights(parser):
    with pytest.raises(errors.UsageError, match="--predict needs the weights"):
        parser.parse_args(["--predict"])


@pytest.mark.parametrize("flag", ["--batch_size=0", "--epochs=-1", "--train_size=0", "--epochs=two", "--nonsense"])
def test_a_wrong_flag_is_a_sentence(parser, flag):
    with pytest.raises(errors.UsageError, match=f"{flag.split('=')[0]}.*npfl-kit run some_lab --help"):
        parser.parse_args([flag])
