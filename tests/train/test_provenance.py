"""Metadata of a stranger's file: of the right types, or a sentence."""
import json

import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.train import provenance, weights

HONEST = {"lab": "cnn_manual", "args": {"epochs": 3, "cnn": None}, "build": {"classes": 4}, "versions": {"keras": "2"},
          "epoch": 2, "metrics": {"loss": 0.5}, "history": [{"loss": 1}, {"loss": 0.5}]}


def test_what_the_kit_writes_is_read_unchanged(tmp_path):
    assert provenance.parse(json.dumps(HONEST), tmp_path) == HONEST
    assert provenance.parse("{}", tmp_path) == {}


@pytest.mark.parametrize("key", HONEST)
@pytest.mark.parametrize("value", [None, 1.5, [1], [{"loss": "x"}], "a/b.py", "x; rm", ""])
def test_a_value_of_another_type_is_named(tmp_path, key, value):
    with pytest.raises(errors.WeightsError, match=f"w.safetensors is not what the kit writes: expected .*{key}"):
        provenance.parse(json.dumps({**HONEST, key: value}), tmp_path / "w.safetensors")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", "[" * 100_000, '{"a":' * 100_000, None, b"{}", 7,
                                  np.zeros(3), '{"epoch": ' + "9" * 5000 + "", "\ud800"])
def test_what_is_no_json_object_is_a_sentence(tmp_path, text):
    with pytest.raises(errors.WeightsError, match="it is no JSON object"):
        provenance.parse(text, tmp_path / "w.safetensors")


def test_a_file_says_so_in_one_sentence_too(tmp_path):
    weights.write(tmp_path / "w.safetensors", {}, {weights.METADATA_KEY: '{"args": []}'})

    with pytest.raises(errors.WeightsError, match="expected a dict for 'args', found a list"):
        weights.metadata(tmp_path / "w.safetensors")
