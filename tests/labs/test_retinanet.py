"""retinanet: what is visible in it equals the kit; whole runs with a tiny network; nothing to find is no trouble."""
import json
import math

import numpy as np
import pytest
import tensorflow as tf

from npfl_kit import lab_files
from npfl_kit.core import anchors, boxes, matching
from npfl_kit.data import glyph_scenes
from npfl_kit.losses.focal_loss import FocalLoss

LAB = lab_files.find("retinanet")
QUICK = ["--threads=1", "--train_size=12", "--batch_size=4", "--epochs=2", "--image_size=96", "--channels=8",
         "--convolutions=1"]
PREDICTIONS = ["predictions.json", "predictions_dev.json"]
SIDE, K = 64, 3


@pytest.fixture(scope="module", autouse=True)
def few_scenes():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(glyph_scenes, "COUNTS", {"train": 16, "dev": 6, "test": 5})
        yield


def batch_of(counts, seed=0):
    generator = np.random.default_rng(seed)
    corner, size = generator.uniform(0, 40, [len(counts), 4, 2]), generator.uniform(6, 24, [len(counts), 4, 2])
    is_used = np.arange(4) < np.array(counts)[:, None]
    return {"image": tf.zeros([len(counts), SIDE, SIDE, 3]),
            "boxes": tf.constant(np.concatenate([corner, corner + size], -1) * is_used[..., None], tf.float32),
            "labels": tf.constant(np.where(is_used, generator.integers(0, K, [len(counts), 4]), -1), tf.int32),
            "count": tf.constant(counts, tf.int32), "ignored": tf.zeros([len(counts), 1, 4])}


@pytest.mark.parametrize("alpha, gamma", [(0.25, 2.0), (0.5, 0.0), (0.75, 5.0)])
def test_the_focal_loss_of_the_lab_is_that_of_the_kit(lab, alpha, gamma):
    generator = np.random.default_rng(0)
    y_true = tf.constant(generator.integers(0, 2, [2, 5, K]), tf.float32)
    logits = tf.constant(generator.normal(0, 20, [2, 5, K]), tf.float32)

    np.testing.assert_allclose(lab.focal_loss(alpha, gamma)(y_true, logits),
                               FocalLoss(alpha, gamma, reduction="none")(y_true, logits), rtol=1e-5, atol=1e-6)


def test_targets_decode_to_the_objects_and_weights_leave_out_the_band(lab):
    grid, batch = anchors.pyramid(SIDE, SIDE, base=2.0), batch_of([3, 1])

    _, y, weights = lab.with_targets(grid, K)(batch)
    matched = lab.assign(grid, batch).numpy()

    found = matched >= 0
    assert found.any() and (matched == matching.IGNORE).any()
    decoded = boxes.decode(y["deltas"], grid).numpy()
    for picture, anchor in zip(*np.nonzero(found)):
        np.testing.assert_allclose(decoded[picture, anchor], batch["boxes"][picture, matched[picture, anchor]],
                                   atol=1e-3)
        assert y["logits"][picture, anchor].numpy().argmax() == batch["labels"][picture, matched[picture, anchor]]
    assert not y["logits"].numpy()[~found].any()
    np.testing.assert_array_equal(weights["logits"].numpy() == 0, matched == matching.IGNORE)
    np.testing.assert_array_equal(weights["deltas"].numpy() > 0, found)


def test_the_loss_is_per_object_whatever_the_batch(lab):
    """Keras averages over all anchors; the weights make of it the paper's sum over the number of objects' anchors."""
    args, grid = lab.parser.parse_args([]), anchors.pyramid(SIDE, SIDE, base=2.0)
    batch = batch_of([3, 1, 0])
    _, y, weights = lab.with_targets(grid, K)(batch)
    logits = tf.random.stateless_normal([3, len(grid), K], [1, 2])

    loss = lab.losses(args, grid)["logits"]
    mean = tf.reduce_mean(loss(y["logits"], logits) * weights["logits"])

    matched = lab.assign(grid, batch)
    used = tf.cast(matched != matching.IGNORE, tf.float32)
    paper = tf.reduce_sum(loss(y["logits"], logits) * used) / tf.reduce_sum(tf.cast(matched >= 0, tf.float32))
    np.testing.assert_allclose(mean, paper, rtol=1e-4)


@pytest.mark.parametrize("box_loss", ["smooth_l1", "l1", "giou"])
@pytest.mark.parametrize("counts", [[0, 0], [2, 0]])
def test_pictures_without_objects_have_a_finite_loss_and_finite_gradients(lab, box_loss, counts):
    args = lab.parser.parse_args([*QUICK, f"--box_loss={box_loss}"])
    grid, model = anchors.pyramid(SIDE, SIDE, base=2.0), lab.build_model(args, SIDE, K)
    model.compile("sgd", lab.losses(args, grid), weighted_metrics=[])
    image, y, weights = lab.with_targets(grid, K)(batch_of(counts))

    with tf.GradientTape() as tape:
        loss = model.compute_loss(image, y, model(image, training=True), weights)
    gradients = tape.gradient(loss, model.trainable_variables)

    assert np.isfinite(loss)
    assert all(gradient is None or np.isfinite(tf.convert_to_tensor(gradient)).all() for gradient in gradients)


def test_main_gives_finite_numbers_and_a_complete_folder(trained):
    folder, metrics = trained

    assert all(isinstance(value, float) and math.isfinite(value) for value in metrics.values())
    assert {"val_ap", "val_ap50", "test_ap", "test_ap50"} <= set(metrics)
    assert json.loads((folder / "results.json").read_text())["metrics"] == metrics
    plots = {path.stem for path in (folder / "plots").iterdir()}
    assert plots == {"anchors", "detections", "errors", "learning_curves", "precision_recall"}
    assert "val_ap" in (folder / "history.csv").read_text().splitlines()[0]


@pytest.mark.slow
def test_two_runs_are_equal_and_predict_writes_the_same_bytes(lab, trained, tmp_path):
    again = lab.main(lab.parser.parse_args([*QUICK, f"--logdir={tmp_path / 'again'}"]))
    predicted = lab.main(lab.parser.parse_args(["--predict", f"--weights={trained[0] / 'weights.safetensors'}",
                                                f"--logdir={tmp_path / 'predicted'}"]))

    assert again == predicted == trained[1]
    for name in PREDICTIONS:
        assert (tmp_path / "again" / name).read_bytes() == (trained[0] / name).read_bytes()
        assert (tmp_path / "predicted" / name).read_bytes() == (trained[0] / name).read_bytes()


@pytest.mark.slow
def test_ap_may_be_measured_seldom(lab, tmp_path):
    lab.main(lab.parser.parse_args([*QUICK, "--epochs=3", "--score_every=2", f"--logdir={tmp_path / 'run'}"]))

    rows = (tmp_path / "run" / "history.csv").read_text().splitlines()
    place = rows[0].split(",").index("val_ap")
    assert [bool(row.split(",")[place]) for row in rows[1:]] == [False, True, True]


def test_help_ends_well(command):
    code, said, _ = command("run", "retinanet", "--help")

    assert code == 0
    for word in ("--anchor_base", "--gamma", "mobilenetv2-1.0", "focal loss"):
        assert word in said


@pytest.mark.parametrize("flags, words", [
    (["--backbone=resnet51"], "no backbone 'resnet51'; did you mean resnet50"),
    (["--backbone=mobilenetv2-0.35", "--norm=group"], "--norm=frozen or --norm=batch"),
    (["--backbone=mobilenetv2-0.35", "--backbone_weights=no.h5"], "no file no.h5"),
    (["--dataset=mnist"], "choose another --dataset: glyph_scenes"), (["--image_size=50"], "96 to 256"),
    (["--prior=1"], "--prior")])
def test_a_mistake_is_a_sentence(refused, flags, words):
    assert words in refused("run", "retinanet", *flags)
