"""The numbers in a network's name are those of networks that somebody could train."""
import pytest

from npfl_kit import backbones, errors


@pytest.mark.parametrize("name, said", [
    ("wide_resnet-28-" + "9" * 5000, "the width 9+; expected at most 1,024"),
    ("resnet200000000000000000000", "the depth 2.*; expected at most 2,000, as in resnet1202"),
    ("densenet-40-1025", "the growth 1025; expected at most 1,024"), ("pyramidnet-110-99999", "the alpha 99999"),
    ("resnext-29-9999999x4d", "the groups 9999999"), ("resnext50-0x4d", "no network"),
    ("wide_resnet50-0", "no network"), ("resnet\N{ARABIC-INDIC DIGIT THREE}2", "no network")])
def test_a_number_that_no_network_has_is_named(name, said):
    with pytest.raises(errors.UsageError, match=said):
        backbones.build(name, [32, 32, 3], 10)
