#!/usr/bin/env python3
"""Damaged files for every reader of the grader: each is read or refused by a sentence, and none is a traceback.

An input is a whole file in which a few bytes, numbers or words were changed; its number alone says how, so that a run
can go on where another ended, and a fault can be shown again. Warnings count as faults, and so does a slow input.

Run:    python3 benchmarks/fuzz_readers.py                         100,000 inputs each; some minutes
Try:    --targets=zip,manifest --first=100000, then for one input: --targets=zip --first=NUMBER --count=1
"""
import argparse
import dataclasses
import io
import json
import random
import re
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import safetensors.numpy

from npfl_kit import errors
from npfl_kit.grading.judging import detection_answers, prediction_files
from npfl_kit.grading.sandbox import claims, job
from npfl_kit.grading.tasks.task import Limits
from npfl_kit.grading.uploads import h5_scan, intake, safetensors_header, upload_manifest
from npfl_kit.grading.wire import values
from npfl_kit.scoring import run_lengths

COUNT, SLOW = 100_000, 2.0      # seconds; for machines that do other things as well
WORDS = [b"", b"\0", b"\n", b"\r\n", b"\n\n", b" ", b"-1", b"1e999", b"nan", b"NaN", b"-Infinity", b"1_0", b"0x10",
         b"9" * 30, b"9" * 400, b"1" + b"0" * 18, "١".encode(), b"\xff\xfe", b"\xef\xbb\xbf", b"\x80", b"[", b"]",
         b"{", b"}", b'"', b",", b":", b"null", b"true", b"[" * 3000, b"..", b"/", b"\\u0000", b"\\ud800", b"../../x",
         b"json.py", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\0\x80", b"PK\3\4", b"PK\5\6",
         b"PK\1\2", b"PK\6\6", b"PK\6\7", b"I-", b"O", b"__metadata__", b"BF16", b"data_offsets"]
NUMBER = re.compile(rb"[0-9]+")


class Target(NamedTuple):
    """A reader.

    Args:
      files: whole files, which are changed.
      read: reads bytes; raises what `refusal` names, and nothing else.
    """

    files: list[bytes]
    read: Callable[[bytes], object]
    refusal: type[Exception] = errors.KitError


def changed(files: list[bytes], chance: random.Random) -> bytes:
    """One of the files with one to six changes."""
    data = chance.choice(files)
    for _ in range(chance.choice([1, 1, 1, 2, 3, 6])):
        begin = chance.randrange(len(data) + 1)
        end = min(len(data), begin + chance.choice([0, 1, 1, 2, 4, 16, 200]))
        kind = chance.randrange(9)
        if kind == 0:
            data = data[:begin] + chance.randbytes(end - begin) + data[end:]
        elif kind == 1 and end > begin:
            data = data[:begin] + bytes([data[begin] ^ 1 << chance.randrange(8)]) + data[begin + 1:]
        elif kind == 2:
            data = data[:begin] + data[end:]
        elif kind == 3:
            data = data[:end] + data[begin:end] * chance.choice([1, 2, 50]) + data[end:]
        elif kind == 4:
            data = data[:begin] + chance.choice(WORDS) + data[end:]
        elif kind == 5:
            other = chance.choice(files)
            data = data[:begin] + other[min(begin, len(other)):]
        elif kind == 6 and end > begin:     # the same bytes everywhere, so that two places still agree
            data = data.replace(data[begin:end], chance.choice([chance.randbytes(end - begin), *WORDS]), 4)
        elif kind == 7:
            data = data[:begin]
        elif kind == 8:
            found = list(NUMBER.finditer(data))
            if found:
                place = chance.choice(found)
                data = data[:place.start()] + chance.choice(WORDS + [b"0", b"1", b"2", b"255"]) + data[place.end():]
    return data[:2**20]


def zipped() -> Iterator[bytes]:
    manifest = upload_manifest.write(upload_manifest.make("lab", "0" * 64, "1.0", {"a.txt": b"1\n" * 99}, ["Ada"]))
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        for files in ({"a.txt": b"1\n" * 99}, {"manifest.json": manifest, "a.txt": b"1\n" * 99},
                      {"cnn.py": b"def main(args):\n    pass\n", "b.txt": b"", "c.md": bytes(range(256))}):
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", method) as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
            yield buffer.getvalue()


def coco() -> tuple[dict, bytes]:
    gold = {"images": [{"id": each, "height": 9, "width": 7} for each in (1, 2, 5)],
            "categories": [{"id": 1, "name": "a"}, {"id": 3, "name": "b"}],
            "annotations": [{"id": each, "image_id": 1 + each % 2, "category_id": 1, "bbox": [1, 1, 3, 4], "area": 12,
                             "iscrowd": each == 3, "segmentation": [[1, 1, 1, 5, 4, 5, 4, 1]]}
                            for each in range(1, 5)]}
    masks = [[[1, 1, 1, 5, 4, 5, 4, 1]], {"size": [9, 7], "counts": [10, 4, 49]},
             {"size": [9, 7], "counts": run_lengths.encode(np.eye(9, 7, dtype=bool))["counts"]}]
    found = [{"image_id": 1 + each % 2, "category_id": 1, "bbox": [1.5, 1, 3, 4], "score": 0.5, "segmentation": mask}
             for each, mask in enumerate(masks * 2)]
    return gold, json.dumps(found).encode()


def detections(kind: str) -> Target:
    gold, found = coco()
    answers = detection_answers.DetectionAnswers(gold, kind)
    metric = "ap" if kind == "bbox" else f"{kind}_ap"
    return Target([found, b"[]"], lambda data: answers.judge(answers.read(data, "p.json", False), metric))


def masks(data: bytes) -> object:
    try:
        counts = json.loads(data)
    except (ValueError, RecursionError):
        counts = data
    return run_lengths.mask({"size": [9, 7], "counts": counts}, 9, 7)


def claimed(data: bytes) -> object:
    lines = ['{"alive":true}', '{"ready":true}', *data.decode("utf-8", "replace").split("\n")[:2]]
    report = {"lines": lines, "steps": [{"seconds": 1.0, "peak_rss": 1, "output": ""}] * len(lines), "reason": "done",
              "code": None, "survivors": 0, "left": 0, "peak_rss": 1}
    limits = {**dataclasses.asdict(Limits()), "import_seconds": 60.0}
    return claims.Answers([job.JobCase("a"), job.JobCase("b", 1)], report, limits, "L1").outcomes()


def h5_file() -> Iterator[bytes]:
    import h5py
    for packed in (None, "gzip"):
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            file.create_dataset("layers/dense/vars/0", data=np.ones([3, 2], np.float32), compression=packed)
            file["layers/dense/vars/1"] = h5py.SoftLink("/layers") if packed else np.zeros(2)
            file.attrs["npfl_kit"] = "{}"
        yield buffer.getvalue()


def looked_through(data: bytes) -> object:
    with tempfile.TemporaryDirectory(prefix="npfl_kit-fuzz-") as folder:
        path = Path(folder, "w.h5")
        path.write_bytes(data)
        return h5_scan.scan(path)


def weights() -> list[bytes]:
    arrays = {"conv/kernel": np.ones([3, 3, 1, 2], np.float32), "step": np.array(3), "e": np.zeros([0, 2], np.float16)}
    return [safetensors.numpy.save(arrays, {"npfl_kit": "{}"}), safetensors.numpy.save({})]


def safetensors_file(data: bytes) -> object:
    arrays = safetensors_header.read(data, "w")
    safetensors_header.require_finite(data, arrays, "w")
    return safetensors.numpy.load(data)         # what we take, the library takes


CLAIM = (b'{"case":"a","repeat":0,"value":{"loss":[0.5,{"float":"nan"}],"n":{"array":[[1,2]],"dtype":"int32",'
         b'"shape":[1,2]},"d":{"dict":{"float":"nan"}}}}\n'
         b'{"case":"b","repeat":1,"error":{"type":"ValueError","text":"bad","traceback":["a.py"],"errno":null}}')
TARGETS: dict[str, Callable[[], Target]] = {
    "zip": lambda: Target(list(zipped()), intake.read_zip),
    "manifest": lambda: Target([upload_manifest.write(upload_manifest.make(
        "lab", "0" * 64, "1.0", {"a.txt": b"1", "b.py": b""}, ["Ada", "Alan"], {"accuracy": 0.5}))],
        upload_manifest.read),
    "class_lines": lambda: Target([b"1\n2\n3\n0\n", b"\xef\xbb\xbf1\r\n2\r\n3\r\n0"],
                                  lambda data: prediction_files.classes(data, "p.txt", 4, 10)),
    "tag_lines": lambda: Target([b"DET\nNOUN\n\nVERB\n\n\nO\nB-PER\nI-PER\n\n"],
                                lambda data: prediction_files.tags(data, "p.txt", [2, 1, 0, 3])),
    "svhn_lines": lambda: Target([b"1 0 0 9 9 2 0 9 9 18.5\n\n3 -1 .5 1e1 7\n"],
                                 lambda data: prediction_files.pictures(data, "p.txt", 3)),
    "run_lengths": lambda: Target([b"[10, 4, 49]", b"[0, 63]", run_lengths.compress([6, 1, 40, 4, 5, 7]).encode()],
                                  masks),
    "coco_boxes": lambda: detections("bbox"), "coco_masks": lambda: detections("segm"),
    "safetensors": lambda: Target(weights(), safetensors_file),
    "h5": lambda: Target(list(h5_file()), looked_through),
    "values": lambda: Target([line[len(b'{"case":"a","repeat":0,"value":'):-1] for line in CLAIM.split(b"\n")[:1]],
                             lambda data: values.from_json(values.loads(data)), values.ValueRefused),
    "claims": lambda: Target([CLAIM], claimed)}


def fuzz(name: str, first: int, count: int) -> dict[str, object]:
    """Read so many changed files; what happened, by kind."""
    target = TARGETS[name]()
    for whole in target.files:
        try:
            target.read(whole)
        except target.refusal:
            pass
    counts, faults, slowest = {"read": 0, "refused": 0}, [], (0.0, first)
    started = time.perf_counter()
    number = first
    for number in range(first, first + count):
        data = changed(target.files, random.Random(f"{name} {number}"))
        begun = time.perf_counter()
        try:
            target.read(data)
            counts["read"] += 1
        except target.refusal:
            counts["refused"] += 1
        except KeyboardInterrupt:       # says where to go on
            number -= 1
            break
        except Exception:
            print(f"{name}, input {number}: {data[:300]!r}", file=sys.stderr)
            traceback.print_exc()
            faults.append(number)
        slowest = max(slowest, (round(1000 * (time.perf_counter() - begun), 1), number))
    return {"target": name, "first": first, "next": number + 1, **counts, "faults": faults, "slowest_ms": slowest[0],
            "slowest": slowest[1], "seconds": round(time.perf_counter() - started, 1)}


def main(args: argparse.Namespace) -> int:
    warnings.simplefilter("error")
    worst = 0
    names = args.targets.split(",")
    if unknown := sorted(set(names) - set(TARGETS)):
        parser.error(f"no target {unknown[0]!r}; there are {', '.join(TARGETS)}")
    for name in names:
        found = fuzz(name, args.first, args.count)
        print(json.dumps(found), flush=True)
        worst |= bool(found["faults"]) or found["slowest_ms"] > 1000 * SLOW
        if found["next"] < args.first + args.count:
            break
    return int(worst)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--count", default=COUNT, type=int, help="Inputs for each reader.")
parser.add_argument("--first", default=0, type=int, help="Number of the first input.")
parser.add_argument("--targets", default=",".join(TARGETS), help="Readers.")

if __name__ == "__main__":
    sys.exit(main(parser.parse_args()))
