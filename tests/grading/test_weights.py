"""Weights of a stranger are looked through before a library opens them, and used in a box alone; attacks 7 and 8."""
import dataclasses
import json
import subprocess
import sys
import zlib

import h5py
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from npfl_kit import errors
from npfl_kit.grading.grader import weights
from npfl_kit.grading.judging import predictions
from npfl_kit.grading.sandbox import isolation, job, runner
from npfl_kit.grading.tasks.task import Board, Case, Data, Limits, Task
from npfl_kit.grading.uploads import h5_scan, safetensors_header
from npfl_kit.grading.uploads.intake import UngradableError, Upload
from npfl_kit.grading.uploads.ungradable import OverLimitError
from npfl_kit.train import weights as kit_weights

ARRAYS = {"conv/kernel": np.ones([3, 3, 1, 2], np.float32), "conv/bias": np.zeros(2, np.float32),
          "step": np.array(3, np.int64), "mask": np.array([True, False]), "empty": np.zeros([0, 4], np.float32)}


def file_of(header, numbers=b"", length=None):
    """A `.safetensors` file with this header, JSON or bytes."""
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(header) if length is None else length).to_bytes(8, "little") + header + numbers


def entry(shape=(2,), begin=0, end=8, dtype="F32", **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end], **more}


def test_what_the_library_writes_is_read():
    data = safetensors.numpy.save(ARRAYS, {"npfl_kit": "{}"})

    found = safetensors_header.read(data, "w.safetensors")

    assert {name: array.shape for name, array in found.items()} == {
        name: array.shape for name, array in ARRAYS.items()}
    np.testing.assert_array_equal(np.frombuffer(data[found["conv/kernel"].begin:found["conv/kernel"].end], "<f4"), 1)


@given(st.dictionaries(st.text("abc/_0", min_size=1, max_size=8).filter(lambda name: name[0] != "/" and
                                                                        "//" not in name),
                       st.lists(st.integers(0, 4), max_size=3), max_size=5))
@settings(max_examples=50, deadline=None)
def test_the_library_and_we_find_the_same_arrays(shapes):
    data = safetensors.numpy.save({name: np.zeros(shape, np.float32) for name, shape in shapes.items()})

    found = safetensors_header.read(data, "w")

    assert {name: list(array.shape) for name, array in found.items()} == shapes


HOSTILE = {
    "empty": (b"", "longer than the file"), "short": (b"\1\0\0", "longer than the file"),
    "length beyond the end": (file_of({}, length=1000), "longer than the file"),
    "header of megabytes": (file_of(b"{}" + b" " * 2**22), "longer than the file, or than any network needs"),
    "length of 2^63": (file_of({}, length=2**63), "longer than the file"),
    "pickle": (b"\x80\x04\x95" + bytes(100), "longer than the file"), "not JSON": (file_of(b"{"), "no JSON"),
    "no object": (file_of(b"[]"), "no JSON object"), "deep": (file_of(b"[" * 10**5), "no JSON"),
    "twice": (file_of(b'{"a": 1, "a": 2}'), "names something twice"), "no text": (file_of(b"\xff"), "no JSON"),
    "endless digits": (file_of(b'{"a": ' + b"9" * 5000 + b"}"), "40 digits"),
    "gap": (file_of({"a": entry(), "b": entry(begin=9, end=17)}, bytes(17)), "does not begin where"),
    "overlap": (file_of({"a": entry(), "b": entry(begin=4, end=12)}, bytes(12)), "does not begin where"),
    "same place": (file_of({"a": entry(), "b": entry()}, bytes(8)), "does not begin where"),
    "behind the end": (file_of({"a": entry()}, bytes(4)), "its arrays end at byte"),
    "trailing": (file_of({"a": entry()}, bytes(9)), "its arrays end at byte"),
    "size that lies": (file_of({"a": entry(shape=[3])}, bytes(8)), "needs others"),
    "terabytes": (file_of({"a": entry(shape=[2**40])}, bytes(8)), "needs others"),
    "overflow": (file_of({"a": entry(shape=[2**32, 2**32, 0])}, bytes(8)), "needs others"),
    "negative": (file_of({"a": entry(shape=[-2])}, bytes(8)), "no list of sizes"),
    "backwards": (file_of({"a": entry(begin=8, end=0)}, bytes(8)), "needs others"),
    "fractions": (file_of({"a": entry(shape=[2.0])}, bytes(8)), "no list of sizes"),
    "booleans": (file_of({"a": entry(shape=[True, True])}, bytes(4)), "no list of sizes"),
    "many axes": (file_of({"a": entry(shape=[1] * 9, end=4)}, bytes(4)), "no list of sizes"),
    "unknown type": (file_of({"a": entry(dtype="F128")}, bytes(8)), "number type 'F128'"),
    "type NumPy lacks": (file_of({"a": entry(dtype="BF16", end=4)}, bytes(4)), "number type 'BF16'"),
    "type that is none": (file_of({"a": entry(dtype=["F32"])}, bytes(8)), "number type"),
    "no entry": (file_of({"a": 3}), "expected dtype"),
    "lacks shape": (file_of({"a": {"dtype": "F32"}}), "expected dtype"),
    "more": (file_of({"a": entry(url="http://example.org")}, bytes(8)), "expected dtype"),
    "traversal": (file_of({"../../a": entry()}, bytes(8)), "is called"),
    "traversal within": (file_of({"layers/../../a": entry()}, bytes(8)), "is called"),
    "absolute": (file_of({"/etc/passwd": entry()}, bytes(8)), "is called"),
    "odd name": (file_of({"a\x1b[2J": entry()}, bytes(8)), "is called"),
    "metadata that is no text": (file_of({"__metadata__": {"a": 1}}), "metadata is no text"),
    "long metadata": (file_of({"__metadata__": {"a": "x" * (2**20 + 1)}}), "metadata is no text"),
    "many arrays": (file_of({str(number): entry([0], 0, 0) for number in range(10_001)}), "10,001 arrays"),
    "nothing": (file_of({}), "has no array"),
    "nan": (safetensors.numpy.save({"a": np.array([1, np.nan], np.float32)}), "NaN or infinite"),
    "inf": (safetensors.numpy.save({"a": np.array([1, -np.inf], np.float16)}), "NaN or infinite")}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_is_ungradable_and_said_why(name):
    data, said = HOSTILE[name]

    with pytest.raises(UngradableError, match=said):
        weights.scan("weights.safetensors", data)


@pytest.mark.parametrize("name", ["weights.pkl", "model.keras", "weights.npz", "saved_model.pb", "weights"])
def test_files_that_can_hold_code_are_no_weights(name):
    with pytest.raises(UngradableError, match="ends in neither"):
        weights.scan(name, safetensors.numpy.save(ARRAYS))


# --- HDF5

def h5_of(tmp_path, change=lambda file: None):
    with h5py.File(tmp_path / "made.h5", "w") as file:
        file["layers/dense/vars/0"] = np.ones([3, 2], np.float32)
        file.create_dataset("layers/dense/vars/1", data=np.zeros(1000, np.float32), compression="gzip", shuffle=True)
        change(file)
    return (tmp_path / "made.h5").read_bytes()


def virtual(file):
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "secret", shape=(3, 2))
    file.create_virtual_dataset("a", layout)


def store(name, value):
    return lambda file: file.__setitem__(name, value)


H5 = {
    "external storage": (lambda file: file.create_dataset("a", [6], "u1", external=[("/etc/passwd", 0, 6)]),
                         "external storage"),
    "virtual data": (virtual, "virtual"), "external link": (store("a", h5py.ExternalLink("other.h5", "/a")), "a link"),
    "soft link": (store("a", h5py.SoftLink("/layers")), "a link"), "texts": (store("a", ["x"]), "no array of numbers"),
    "a type": (store("a", np.dtype("f4")), "no array of numbers"),
    "terabytes": (lambda file: file.create_dataset("a", [2**40], "f4", chunks=(1024,)), "not the data for it"),
    "bomb": (lambda file: file.create_dataset("a", data=np.zeros(2**25 * 5, "u1"), compression="gzip"), "more than"),
    "unusual filter": (lambda file: file.create_dataset("a", data=np.zeros(9), compression="lzf"), "unusual way"),
    "nan": (store("a", np.array([np.nan])), "NaN or infinite"), "inf scalar": (store("a", np.inf), "NaN or infinite")}


def test_an_honest_h5_file_is_read(tmp_path):
    assert weights.scan("w.weights.h5", h5_of(tmp_path)) == {"layers/dense/vars/0": (3, 2),
                                                             "layers/dense/vars/1": (1000,)}


@pytest.mark.parametrize("name", H5)
def test_an_h5_file_that_reaches_out_of_itself_is_ungradable(tmp_path, name):
    change, said = H5[name]

    with pytest.raises(errors.KitError, match=said):
        h5_scan.scan(tmp_path / "made.h5" if h5_of(tmp_path, change) else None)


@pytest.mark.parametrize("name", ["external storage", "nan"])
def test_the_scan_runs_in_a_process_of_its_own_and_tells_no_place(tmp_path, name):
    with pytest.raises(UngradableError, match=H5[name][1]) as error:
        weights.scan("w.weights.h5", h5_of(tmp_path, H5[name][0]))

    assert str(error.value).startswith("w.weights.h5 is not opened")


@pytest.mark.parametrize("data", [b"", b"\x89HDF\r\n\x1a\n" + bytes(100), b"x" * 1000])
def test_what_is_no_h5_file_is_a_sentence(data):
    with pytest.raises(UngradableError, match="no whole HDF5 file"):
        weights.scan("w.weights.h5", data)


def test_a_crash_of_the_library_is_a_sentence(monkeypatch, tmp_path):
    (tmp_path / "crash.py").write_text("import os; os.abort()")
    monkeypatch.setattr(h5_scan, "__file__", str(tmp_path / "crash.py"))

    with pytest.raises(UngradableError, match="HDF5 fails with it"):
        weights.scan("w.weights.h5", b"")


# --- predicting

DATA = Data("glyphs", "accuracy", file="w.safetensors", home_file="w.safetensors")
TASK = Task("cnn_classification", "weights", "0" * 64, "A task", (Case("a", 1),), (DATA.file,), data=DATA,
            board=Board("accuracy"), limits=Limits(memory=2**31, seconds=120))
UPLOAD = Upload({DATA.file: safetensors.numpy.save(ARRAYS)})
LEVEL = isolation.Level("L0", "rlimits") if hasattr(isolation, "Level") else None


def claim(content):
    packed = zlib.compress(content)
    return [len(packed), np.frombuffer(packed + bytes(-len(packed) % 4), "<u4")]


@pytest.fixture
def ended(monkeypatch):
    """Let the box end so; gives what it was asked."""
    asked = {}

    def end(state, **parts):
        def run(sources, cases, limits, level, **more):
            asked.update(sources=sources, cases=cases, **more)
            return [job.Outcome(cases[0].id, 0, state, isolation="L1", **parts)]
        monkeypatch.setattr(runner, "run", run)
        return asked
    return end


def test_what_the_box_predicts_comes_out(ended):
    asked = ended("ok", value=claim(b"1\n2\n"), seconds=3.0, peak_rss=10)

    found = weights.predict(TASK, UPLOAD, LEVEL)

    assert found == weights.Predicted(b"1\n2\n", 3.0, 10, "L1")
    assert set(asked["sources"]) == {"cnn_classification.py", "predict_by_weights.py", "w.safetensors"}
    assert "--dataset=glyphs" in asked["cases"][0].arguments["1"]


@pytest.mark.parametrize("home, name", [(True, "predictions_dev.txt"), (False, "predictions.txt")])
def test_the_split_that_is_asked_for_is_predicted(ended, home, name):
    asked = ended("ok", value=claim(b""))

    weights.predict(TASK, UPLOAD, LEVEL, home=home)

    assert asked["cases"][0].arguments["3"] == name


def test_no_answer_is_among_what_the_box_is_given(ended):
    asked = ended("ok", value=claim(b""))

    weights.predict(TASK, UPLOAD, LEVEL)

    assert not {"gold", "secret"} & set(asked) and "gold" not in str(asked["cases"]) + str(asked["environment"])


@pytest.mark.parametrize("state, error, expected", [
    ("error", {"type": "WeightsError", "text": "does not fit"}, UngradableError),
    ("error", {"type": "MemoryError", "text": ""}, UngradableError),
    ("limit", {"type": "memory", "text": "took too much"}, OverLimitError)])
def test_weights_that_cannot_be_used_are_the_students_fault(ended, state, error, expected):
    ended(state, error=error)

    with pytest.raises(expected) as raised:
        weights.predict(TASK, UPLOAD, LEVEL)

    assert raised.value.state == ("limit" if state == "limit" else "ungradable")


@pytest.mark.parametrize("state, error", [("error", {"type": "DataError", "text": "no data"}), ("lost", None)])
def test_what_is_our_fault_is_not_the_students(ended, state, error):
    ended(state, error=error)

    with pytest.raises(errors.KitError) as raised:
        weights.predict(TASK, UPLOAD, LEVEL)

    assert not isinstance(raised.value, UngradableError)


@pytest.mark.parametrize("value", [None, 3, [], [1, 2, 3], [10**9, np.zeros(3)], ["x", "y"], [4, np.zeros(1, "<u4")],
                                   [-1, claim(b"1")[1]], [3, claim(b"1")[1]], {"array": 1}])
def test_a_claim_that_is_no_file_is_not_taken(value):
    with pytest.raises(errors.KitError, match="no file of predictions"):
        weights.unpacked(value)


def test_a_bomb_of_predictions_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(weights, "MOST_PREDICTED", 1000)

    with pytest.raises(errors.KitError, match="no file of predictions"):
        weights.unpacked(claim(bytes(10**6)))


def test_a_missing_file_is_named():
    with pytest.raises(UngradableError, match="asks for a file w.safetensors; got a.txt"):
        weights.predict(TASK, Upload({"a.txt": b""}), LEVEL)


def test_scanning_never_imports_tensorflow():
    code = ("import sys, npfl_kit.grading.grader.weights; "
            "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras')))")

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_the_lab_predicts_in_a_box_what_it_predicts_at_home(tmp_path):
    import tensorflow as tf

    from npfl_kit import lab_files

    lab = lab_files.load(lab_files.named("cnn_classification"))
    args = lab.parser.parse_args(["--epochs=1", "--train_size=100", "--cnn=C-4-3-4-same,F",
                                  f"--logdir={tmp_path / 'run'}"])
    lab.main(args)
    tf.keras.backend.clear_session()
    content = (tmp_path / "run" / "weights.safetensors").read_bytes()
    assert kit_weights.metadata(tmp_path / "run" / "weights.safetensors")["lab"] == "cnn_classification"

    found = weights.predict(TASK, Upload({DATA.file: content}), isolation.probe())

    assert found.content == (tmp_path / "run" / "predictions.txt").read_bytes()
    data = dataclasses.replace(DATA, file="predictions.txt")
    scores = predictions.judge(TASK, data, Upload({"predictions.txt": found.content}), None, b"secret")
    assert scores.whole == json.loads((tmp_path / "run" / "results.json").read_text())["metrics"]["test_accuracy"]
