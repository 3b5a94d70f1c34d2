"""Data sets of sentences and of text as a user sees them from the command line."""
import re
import subprocess
import sys

import pytest

from npfl_kit import data
from npfl_kit.cli import text_card
from npfl_kit.scoring import tag_lines

NAMES = data.TAGGING + data.TEXT_CLASSIFICATION + data.LANGUAGE


@pytest.fixture(autouse=True)
def our_home(monkeypatch):
    monkeypatch.delenv("NPFL_KIT_HOME", raising=False)


def test_every_set_is_listed_with_what_it_is(command):
    code, out, _ = command("data", "list")

    assert code == 0 and list(text_card.WHAT) == list(NAMES)
    for name, what in text_card.WHAT.items():
        place = "always" if name in text_card.GENERATED else "--data_dir"
        assert re.search(rf"^{name} +- +{place} +{what}$", out, re.M)


@pytest.mark.parametrize("name", NAMES)
def test_show_gives_the_card_even_without_the_files(command, name):
    code, out, err = command("data", "show", name)

    assert (code, err) == (0, "")
    assert out.startswith("# ")
    if name in text_card.GENERATED:
        assert re.search(r"^count +train +dev +test$", out, re.M) and "absent" not in out
    else:
        assert f"absent; type: npfl-kit data show {name} --data_dir=FOLDER" in out


@pytest.mark.parametrize("name, lines", [
    ("sst2", ["sentences +6,920 +872 +1,821", "positive +3,610 +444 +909", 'Element: {"words": string .T., "label"']),
    ("tiny_shakespeare", ["characters +1,003,855 +111,539 +111,539", "different +65 ", "Element: int32 "]),
    ("ud_english_ewt", ["sentences +12,544 +2,001 +2,077", "words +204,577 +25,147 +25,094", "NOUN +34,751 +",
                        'Element: {"words": string .T., "tags"', "Odd: +3,327 ranges"])])
def test_show_counts_what_is_there(command, shared, name, lines):
    code, out, err = command("data", "show", name, f"--data_dir={shared / 'data'}")

    assert (code, err) == (0, "")
    for line in lines:
        assert re.search(f"^{line}", out, re.M), line


def test_show_counts_the_tags_of_the_column_that_is_asked_for(command, shared):
    code, out, _ = command("data", "show", "ud_czech_cltt", f"--data_dir={shared / 'data'}", "--column=feats")

    assert code == 0 and re.search(r"^Case=Gen\|Gender=Fem\|Number=Sing +435 ", out, re.M)
    assert re.search(r"^\d+ others +4,", out, re.M) and "tag that training has never seen" in out


def test_a_column_that_is_none_is_a_sentence(command, shared):
    code, _, err = command("data", "show", "ud_czech_cltt", f"--data_dir={shared / 'data'}", "--column=upso")

    assert code == 2 and "did you mean upos" in err
    assert "has no --column" in command("data", "show", "opinions", "--column=upos")[2]


def test_oddities_are_shown_with_their_first_places(command, tmp_path):
    for part in ("train", "dev", "test"):
        (tmp_path / f"{part}.tsv").write_text("fine\t1\n" + "\t0\n" * 4, encoding="utf-8")

    code, out, _ = command("data", "show", "sst2", f"--data_dir={tmp_path}")

    assert code == 0 and re.search(r"^Odd: +12 sentences without a word: .*train.tsv:2; .* and 7 more$", out, re.M)


def test_verify_reads_every_line(command, shared, tmp_path):
    code, out, _ = command("data", "verify", "sst2", f"--data_dir={shared / 'data'}")
    assert code == 0 and out.endswith("sst2, every line is whole\n")

    for part in ("train", "dev", "test"):
        (tmp_path / f"{part}.tsv").write_text("fine\t1\n", encoding="utf-8")
    (tmp_path / "test.tsv").write_text("fine\t1\nno tab\n", encoding="utf-8")
    code, out, err = command("data", "verify", "sst2", f"--data_dir={tmp_path}")
    assert code == 2 and "test.tsv, line 2: expected a sentence, a tab" in err


@pytest.mark.parametrize("name", text_card.GENERATED)
def test_a_set_without_files_has_nothing_to_verify_or_get(command, name):
    assert "nothing to verify" in command("data", "verify", name)[1]
    assert "never downloaded" in command("data", "get", name)[1]


def test_right_tags_score_100_percent(command, tmp_path):
    tags = data.load("morphology").split("test").tags
    (tmp_path / "predictions.txt").write_text(tag_lines.write(tags))

    code, out, err = command("evaluate", "--dataset=morphology", "--split=test", tmp_path / "predictions.txt")

    assert (code, out, err) == (0, "morphology test accuracy: 100.00 % (2,720 of 2,720 right)\n", "")


def test_wrong_tags_are_named_with_what_they_are_taken_for(command, tmp_path):
    tags = [["ADV" if tag == "ADJ" else "NEW" if tag == "CONJ" else tag for tag in row]
            for row in data.load("morphology").split("test").tags]
    (tmp_path / "predictions.txt").write_text(tag_lines.write(tags))

    code, out, _ = command("evaluate", "--dataset=morphology", "--split=test", tmp_path / "predictions.txt")

    assert code == 0 and out.splitlines() == [
        "morphology test accuracy: 82.46 % (2,243 of 2,720 right)",
        "  ADJ: 0.0 % of 385 right, most often taken for ADV",
        "  CONJ: 0.0 % of 92 right, most often taken for NEW"]


def test_the_column_of_a_treebank_is_what_is_scored(command, shared, tmp_path):
    tags = data.load("ud_czech_cltt", shared / "data", column="feats").split("dev").tags
    (tmp_path / "predictions.txt").write_text(tag_lines.write(tags))
    arguments = ["evaluate", "--dataset=ud_czech_cltt", f"--data_dir={shared / 'data'}", "--split=dev",
                 tmp_path / "predictions.txt"]

    assert "100.00 % (10,710 of 10,710 right)" in command(*arguments, "--column=feats")[1]
    assert "dev accuracy: 0.00 % (0 of 10,710 right)" in command(*arguments)[1]


def test_entities_are_scored_by_spans_and_by_type(command, shared, tmp_path):
    tags = data.load("wnut17_ner", shared / "data").split("test").tags
    only_persons = [[tag if tag.endswith("person") else "O" for tag in row] for row in tags]
    (tmp_path / "predictions.txt").write_text(tag_lines.write(only_persons))

    code, out, err = command("evaluate", "--dataset=wnut17_ner", f"--data_dir={shared / 'data'}", "--split=test",
                             tmp_path / "predictions.txt")

    assert (code, err) == (0, "")
    assert "precision 100.00 %, recall 39.76 %" in out and re.search(r"^person +100\.00 +429 +429 +429$", out, re.M)
    assert re.search(r"^location +0\.00 +0 +0 +150$", out, re.M)


@pytest.mark.parametrize("change, said", [
    (lambda text: text.replace("\n\n", "\n", 1), "line 13"), (lambda text: text[:-8], "in the last sentence"),
    (lambda text: "NOUN VERB\n" + text, "line 1"), (lambda text: "", "300 sentences")])
def test_a_file_of_tags_that_cannot_be_scored_is_a_sentence(command, tmp_path, change, said):
    text = tag_lines.write(data.load("morphology").split("dev").tags)
    (tmp_path / "predictions.txt").write_text(change(text))

    code, out, err = command("evaluate", "--dataset=morphology", "--split=dev", tmp_path / "predictions.txt")

    assert code == 2 and out == "" and err.startswith("error: ") and said in err


def test_classes_of_sentences_are_scored_as_those_of_pictures(command, tmp_path):
    labels = data.load("opinions").split("dev").labels.copy()
    labels[:10] = 0
    (tmp_path / "predictions.txt").write_text("".join(f"{label}\n" for label in labels))

    code, out, _ = command("evaluate", "--dataset=opinions", "--split=dev", tmp_path / "predictions.txt")

    assert code == 0 and out.splitlines() == [
        "opinions dev accuracy: 98.40 % (492 of 500 right)",
        "  positive: 96.7 % of 246 right, most often taken for negative"]


def test_a_language_model_has_no_predictions_to_score(command, tmp_path):
    code, _, err = command("evaluate", "--dataset=python_text", "--split=test", tmp_path / "predictions.txt")

    assert code == 2 and "nats" in err and "npfl-kit run language_model" in err


def test_scoring_tags_never_imports_tensorflow(tmp_path):
    (tmp_path / "predictions.txt").write_text(tag_lines.write(data.load("morphology").split("test").tags))
    code = ("import sys; from npfl_kit.cli import main; code = main.entry(sys.argv[1:]); "
            "sys.exit('imported' if {'tensorflow', 'keras', 'requests'} & set(sys.modules) else code)")

    subprocess.run([sys.executable, "-c", code, "evaluate", "--dataset=morphology", "--split=test",
                    tmp_path / "predictions.txt"], check=True, capture_output=True)
