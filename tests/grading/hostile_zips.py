"""Archives that no honest packer makes, byte by byte; attack 9 of the grader."""
import io
import struct
import zipfile
import zlib

LOCAL, DIRECTORY, END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")


class Entry:
    """One file; what its local header and the directory say of it may differ from the truth."""

    def __init__(self, name=b"predictions.txt", content=b"1\n2\n", method=8, mode=0o100644, flags=0, **said):
        self.name, self.method, self.mode, self.flags = name, method, mode, flags
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.packed = packer.compress(content) + packer.flush() if method == 8 else content
        self.crc, self.size = zlib.crc32(content), len(content)
        self.said = said


def archive(*entries, before=b"", between=b"", after=b"", count=None, comment=b"", places=None, disk=0):
    """The bytes of an archive.

    Args:
      places: where the directory says that the files are; None is the truth.
    """
    body, found = bytearray(before), []
    for entry in entries:
        found.append(len(body))
        said = {"crc": entry.crc, "packed": len(entry.packed), "size": entry.size, "name": entry.name,
                "method": entry.method, "flags": entry.flags, **entry.said.get("local", {})}
        body += LOCAL.pack(b"PK\3\4", 20, said["flags"], said["method"], 0, 33, said["crc"], said["packed"],
                           said["size"], len(said["name"]), 0) + said["name"] + entry.packed + between
    start, directory = len(body), bytearray()
    for entry, place in zip(entries, places or found):
        said = {"crc": entry.crc, "packed": len(entry.packed), "size": entry.size, "name": entry.name,
                "method": entry.method, "flags": entry.flags, **entry.said.get("directory", {})}
        directory += DIRECTORY.pack(b"PK\1\2", 0x031e, 20, said["flags"], said["method"], 0, 33, said["crc"],
                                    said["packed"], said["size"], len(said["name"]), 0, 0, 0, 0, entry.mode << 16,
                                    place) + said["name"]
    count = len(entries) if count is None else count
    end = END.pack(b"PK\5\6", disk, 0, count & 0xffff, count & 0xffff, len(directory), start, len(comment))
    return bytes(body + directory) + end + comment + after


def honest(files, method=zipfile.ZIP_DEFLATED):
    """What Python's own packer makes of files by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def lying(**said):
    return archive(Entry(said={}, **said))


def named(*names):
    return archive(*(Entry(name) for name in names))


def overlapping():
    """Many files of the directory are one and the same: a bomb without any nesting (CVE-2024-0450)."""
    entries = [Entry(b"%d.txt" % number, bytes(10**6)) for number in range(10)]
    return archive(entries[0], *entries[1:], places=[0] * 10)


def quoted():
    """A file whose bytes are the next file, header and all, so that the inner one is unpacked twice."""
    inner = archive(Entry(b"b.txt", b"b" * 1000))[:-END.size - DIRECTORY.size - 5]
    outer = Entry(b"a.txt", inner, method=0)
    return archive(outer, Entry(b"b.txt", b"b" * 1000), places=[0, LOCAL.size + 5])


def many_entries():
    return archive(*(Entry(b"%d" % number, b"", 0) for number in range(65536)))


def hidden_count():
    """The end says two files, the directory has 65,536."""
    return archive(*(Entry(b"%d" % number, b"", 0) for number in range(65536)), count=2)


HOSTILE = {
    "no zip at all": (b"Rar!\x1a\x07\0" + bytes(100), "another kind of file"),
    "empty": (b"", "another kind of file"),
    "tar": (b"predictions.txt" + bytes(1000), "another kind of file"),
    "no file": (archive(), "no file"),
    "traversal": (named(b"../../etc/cron.d/x"), "in a folder"),
    "absolute": (named(b"/etc/passwd"), "in a folder"),
    "drive": (named(b"C:evil.py"), "letters from A to Z"),
    "backslash": (named(b"..\\evil.py"), "in a folder"),
    "dots": (named(b".."), "in a folder"),
    "folder": (named(b"labs/"), "is a folder"),
    "in a folder": (named(b"labs/cnn.py"), "in a folder"),
    "symlink": (archive(Entry(b"a.txt", b"/etc/passwd", mode=0o120777)), "link or a device"),
    "device": (archive(Entry(b"a.txt", b"", mode=0o020666)), "link or a device"),
    "pipe": (archive(Entry(b"a.txt", b"", mode=0o010666)), "link or a device"),
    "socket": (archive(Entry(b"a.txt", b"", mode=0o140666)), "link or a device"),
    "directory bit": (archive(Entry(b"a.txt", b"", mode=0o040755)), "is a folder"),
    "encrypted": (archive(Entry(flags=1)), "encrypted"),
    "strongly encrypted": (archive(Entry(flags=0x41)), "encrypted"),
    "bzip2": (archive(Entry(method=12)), "method 12"),
    "lzma": (archive(Entry(method=14)), "method 14"),
    "twice": (named(b"a.txt", b"a.txt"), "is there twice"),
    "twice in another case": (named(b"a.txt", b"A.TXT"), "is there twice"),
    "full-width letters": (named("ｐredictions.txt".encode()), "letters from A to Z"),
    "right-to-left": (archive(Entry("a\u202etxt.py".encode(), flags=0x800)), "letters from A to Z"),
    "Cyrillic": (archive(Entry("рredictions.txt".encode(), flags=0x800)), "letters from A to Z"),
    "zero byte": (named(b"a.txt\0.py"), "zero byte"),
    "line end": (named(b"a\n.txt"), "letters from A to Z"),
    "terminal colors": (named(b"\x1b[2J.txt"), "letters from A to Z"),
    "no name": (named(b""), "letters from A to Z"),
    "long name": (named(b"a" * 200), "letters from A to Z"),
    "flag": (named(b"-rf"), "letters from A to Z"),
    "device of Windows": (named(b"con.txt"), "device on Windows"),
    "hidden": (named(b".bashrc"), "hidden files"),
    "json.py": (named(b"json.py"), "is a module of Python"),
    "numpy.py": (named(b"numpy.py"), "is a module of Python"),
    "TensorFlow.PY": (named(b"TensorFlow.PY"), "is a module of Python"),
    "npfl_kit.py": (named(b"npfl_kit.py"), "is a module of Python"),
    "conftest.py": (named(b"conftest.py"), "without being asked"),
    "sitecustomize.py": (named(b"sitecustomize.py"), "without being asked"),
    "usercustomize.py": (named(b"usercustomize.py"), "without being asked"),
    "evil.pth": (named(b"evil.pth"), "sources that end in .py"),
    "json.so": (named(b"json.cpython-311-x86_64-linux-gnu.so"), "sources that end in .py"),
    "pyc": (named(b"cnn.pyc"), "sources that end in .py"),
    "pickle": (named(b"weights.pkl"), "can hold code"),
    "keras model": (named(b"model.keras"), "can hold code"),
    "nested": (named(b"inner.zip"), "archive within an upload"),
    "bomb": (archive(Entry(content=bytes(10**7 * 4))), "more than 200 times"),
    "bomb that says it is small": (archive(Entry(content=bytes(10**7 * 4), directory={"size": 9}, local={"size": 9})),
                                   "damaged"),
    "bomb in parts": (archive(*(Entry(b"%d" % n, b"0\n" * 500_000 + b"%d" % n) for n in range(19)),
                              Entry(b"x", bytes(range(256)) * 6000, 0)), "expected at most"),
    "stored bomb": (archive(Entry(content=bytes(21 * 10**6), method=0)), "expected at most"),
    "overlapping": (overlapping(), "overlap"),
    "one in the other": (quoted(), "overlap"),
    "65,536 files": (many_entries(), "damaged"),
    "65,535 files": (archive(*(Entry(b"%d" % n, b"", 0) for n in range(65535))), "65,535 files"),
    "22 files": (archive(*(Entry(b"%d" % n, b"", 0) for n in range(22))), "22 files"),
    "21 files without a manifest": (archive(*(Entry(b"%d" % n, b"", 0) for n in range(21))), "21 files"),
    "files behind the count": (hidden_count(), "contradicts"),
    "fewer files than it says": (archive(Entry(), count=2), "2"),
    "size that lies, larger": (archive(Entry(directory={"size": 9}, local={"size": 9})), "damaged"),
    "size that lies, smaller": (archive(Entry(directory={"size": 3}, local={"size": 3})), "damaged"),
    "packed size that lies": (archive(Entry(directory={"packed": 3}, local={"packed": 3})), "between"),
    "packed size beyond the end": (archive(Entry(directory={"packed": 9999}, local={"packed": 9999})), "cut off"),
    "wrong sum": (archive(Entry(directory={"crc": 1}, local={"crc": 1})), "damaged"),
    "two names": (archive(Entry(local={"name": b"predictions.py!"})), "contradict"),
    "two sizes": (archive(Entry(local={"size": 2**31})), "contradict"),
    "two methods": (archive(Entry(local={"method": 0})), "contradict"),
    "two flags": (archive(Entry(local={"flags": 1})), "contradict"),
    "64-bit sizes": (archive(Entry(directory={"size": 2**32 - 1, "packed": 2**32 - 1})), "expected at most"),
    "no stream": (archive(Entry(b"a.txt", b"\xff" * 50, 0, directory={"method": 8}, local={"method": 8})), "damaged"),
    "bytes before": (archive(Entry(), before=b"#!/bin/sh\n"), "another kind of file"),
    "bytes before that look like a zip": (archive(Entry(), before=b"PK\3\4" + bytes(60)), "between"),
    "bytes between": (archive(Entry(), Entry(b"b.txt"), between=b"hidden"), "between"),
    "bytes behind": (archive(Entry(), after=b"trailing"), "behind it"),
    "comment": (archive(Entry(), comment=b"hello"), "behind it"),
    "comment that is an end": (archive(Entry(), comment=END.pack(b"PK\5\6", 0, 0, 0, 0, 0, 0, 0)), "contradicts"),
    "comment that is not there": (archive(Entry())[:-2] + b"\5\0", "contradicts"),
    "several disks": (archive(Entry(), disk=1), "contradicts"),
    "truncated": (archive(Entry(content=b"12" * 1000))[:-30], "damaged"),
    "only an end": (END.pack(b"PK\5\6", 0, 0, 1, 1, 46, 0, 0), "damaged"),
}
