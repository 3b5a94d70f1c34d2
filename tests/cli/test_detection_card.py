"""Detection data sets as a user sees them from the command line."""
import json
import re
import zipfile

import pytest

from npfl_kit import data
from npfl_kit.cli import detection_card


@pytest.fixture(autouse=True)
def our_home(monkeypatch):
    monkeypatch.delenv("NPFL_KIT_HOME", raising=False)


def test_every_detection_set_is_listed_with_what_it_is(command):
    code, out, _ = command("data", "list")

    assert code == 0 and set(detection_card.WHAT) == set(data.DETECTION)
    for name, what in detection_card.WHAT.items():
        assert re.search(rf"^{name} +- +{'always' if name == 'glyph_scenes' else '--data_dir'} +{what}$", out, re.M)


def test_the_list_says_where_a_set_is(command, tmp_path, monkeypatch):
    (tmp_path / "my" / "voc").mkdir(parents=True)
    (tmp_path / "cache" / "bccd").mkdir(parents=True)
    monkeypatch.setenv("NPFL_KIT_DATA", str(tmp_path / "my"))

    _, out, _ = command("data", "list")

    assert f" {tmp_path / 'my' / 'voc'} " in out and f" {tmp_path / 'cache' / 'bccd'} " in out


@pytest.mark.parametrize("name", data.DETECTION)
def test_show_gives_the_card_even_without_the_files(command, name):
    code, out, err = command("data", "show", name)

    assert (code, err) == (0, "")
    assert out.startswith("# ") and "licence" in out
    if name == "glyph_scenes":
        assert re.search(r"^pictures +2,400 +300 +300$", out, re.M) and "uint8 [128, 128, 3]" in out
    else:
        assert f"absent; type: npfl-kit data show {name} --data_dir=FOLDER" in out


def test_show_counts_pictures_and_objects_and_names_the_odd_ones(command, shared):
    code, out, _ = command("data", "show", "bccd", f"--data_dir={shared / 'data'}")

    assert code == 0
    assert re.search(r"^pictures +205 +87 +72$", out, re.M) and re.search(r"^Platelets +209 +83 +69$", out, re.M)
    assert '{"image": uint8 [480, 640, 3], "boxes": float32 [G, 4]' in out
    assert re.search("^Odd: +2 boxes without height or width, left out: .*BloodImage_00338.xml", out, re.M)


def test_show_gives_letters_for_sides_that_differ(command, shared):
    assert '"image": uint8 [H, W, 3]' in command("data", "show", "raccoon", f"--data_dir={shared / 'data'}")[1]


def test_verify_of_a_whole_set_reads_all_of_it(command, shared):
    code, out, _ = command("data", "verify", "raccoon", f"--data_dir={shared / 'data'}")

    assert code == 0 and out.endswith("raccoon_voc.zip, 0 broken\n")


def test_verify_names_each_broken_picture_and_ends_with_1(command, shared, tmp_path):
    with zipfile.ZipFile(shared / "data" / "raccoon" / "raccoon_voc.zip") as archive:
        archive.extractall(tmp_path / "raccoon")
    broken = sorted((tmp_path / "raccoon").rglob("*.jpg"))[:2]
    for path in broken:
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:2000])

    code, out, _ = command("data", "verify", "raccoon", f"--data_dir={tmp_path}")

    assert code == 1 and out.count("\nbroken: ") == 2 and all(path.name in out for path in broken)


@pytest.mark.parametrize("name, said", [("glyph_scenes", "nothing to verify")])
def test_verify_of_generated_scenes_has_nothing_to_do(command, name, said):
    code, out, _ = command("data", "verify", name)

    assert code == 0 and said in out


def test_verify_of_an_absent_set_says_what_to_type(command):
    code, out, err = command("data", "verify", "bccd")

    assert code == 2 and out == "" and "type --data_dir=FOLDER" in err


def test_get_of_a_set_without_a_download_says_how_to_have_it(command):
    code, out, _ = command("data", "get", "bccd")

    assert code == 0 and "your copy in --data_dir" in out


def predictions(loaded, split, path):
    results = []
    for index in range(len(loaded.split(split))):
        objects = loaded.split(split).objects(index)
        results += loaded.results(split, index, objects.boxes, [0.9] * len(objects), objects.labels)
    path.write_text(json.dumps(results))
    return path


def test_perfect_detections_score_1(command, shared, tmp_path):
    path = predictions(data.load("bccd", shared / "data"), "test", tmp_path / "predictions.json")

    code, out, err = command("evaluate", "--dataset=bccd", f"--data_dir={shared / 'data'}", "--split=test", path)

    assert (code, err) == (0, "")
    assert out.startswith("bccd test, 72 pictures, bbox:\n")
    assert re.search(r"^AP +1\.0000$", out, re.M) and re.search(r"^AP50 +1\.0000$", out, re.M)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '[{"image_id": 1}]', '[{"image_id": 99999, "category_id": 1, '
                                     '"bbox": [1, 2, 3, 4], "score": 1}]', "3\n4\n"])
def test_a_file_that_is_no_coco_results_is_a_sentence(command, shared, tmp_path, content):
    (tmp_path / "predictions.json").write_text(content)

    code, out, err = command("evaluate", "--dataset=raccoon", f"--data_dir={shared / 'data'}", "--split=test",
                             tmp_path / "predictions.json")

    assert code == 2 and out == "" and err.startswith("error: ") and "predictions.json" in err
