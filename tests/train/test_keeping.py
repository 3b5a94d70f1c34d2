"""Which epoch is kept, and the history of epochs that did not measure the same."""
import pytest

from npfl_kit.train.keeping import best_epoch, history_csv


@pytest.mark.parametrize("monitor, values, best", [
    ("val_ap", [None, 0.2, None, 0.5, 0.4], 3), ("val_ap", [None, None], 0), ("val_ap", [None, None, 0.0], 2),
    ("val_ap", [0.5, 0.5], 0), ("val_loss", [None, 3.0, 2.0, None], 2), ("val_loss", [1.0, None], 0)])
def test_an_epoch_that_was_not_measured_is_never_the_best_one(monitor, values, best):
    history = [{"loss": 1.0, **({} if value is None else {monitor: value})} for value in values]

    assert best_epoch(history, monitor) == best


def test_each_epoch_in_turn_is_the_best_yet_when_it_is_kept():
    """Weights are written where `best_epoch(history so far) == epoch`: the first, and each better one after it."""
    history = [{"loss": 1.0, **extra} for extra in ({}, {"val_ap": 0.1}, {}, {"val_ap": 0.1}, {"val_ap": 0.3}, {})]

    kept = [epoch for epoch in range(len(history)) if best_epoch(history[:epoch + 1], "val_ap") == epoch]

    assert kept == [0, 1, 4]


def test_the_history_has_an_empty_place_where_nothing_was_measured():
    assert history_csv([{"loss": 2.0}, {"loss": 1.0, "val_ap": 0.5}]) == "epoch,loss,val_ap\n1,2.0,\n2,1.0,0.5\n"
