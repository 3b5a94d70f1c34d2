"""The files of a zip archive from a stranger, or a refusal; nothing is ever written to the disk.

`zipfile` reads the directory at the end of an archive; all that it says is compared with the archive before a file is
unpacked, and a file is unpacked by no more bytes than it may have. What an honest packer does not do is refused, for
programs differ in what they make of it: bytes before, between or behind the files, files that overlap (one of which
can so be unpacked many times), encryption, links, devices, 64-bit sizes.
Source: PKWARE, APPNOTE.TXT, .ZIP File Format Specification 6.3.10, Sec. 4.3.
"""
from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib

from npfl_kit.grading.tasks.task import Limits
from npfl_kit.grading.uploads import file_names
from npfl_kit.grading.uploads.ungradable import UngradableError

MANIFEST = "manifest.json"
END = struct.Struct("<4s4H2LH")         # at the end: mark, disks, counts, size and place of the directory, comment
LOCAL = struct.Struct("<4s5H3L2H")      # before a file: mark, version, flags, method, time, date, crc, sizes, lengths
MOST_ENTRY = 1024                       # bytes of the directory for a file
ENCRYPTED, DESCRIPTOR = 0x1 | 0x40 | 0x2000, 0x8
MOST_DESCRIPTOR = 24                    # bytes behind a file whose sizes were not known before it
RATIO, SMALL = 200, 2**20               # how much a file of more than 1 MiB may shrink
DAMAGE = (ArithmeticError, EOFError, LookupError, NotImplementedError, OSError, RuntimeError, ValueError, struct.error,
          zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error)


def read(data: bytes, limits: Limits = Limits()) -> dict[str, bytes]:
    """The files of an archive by name.

    Args:
      data: the archive.
      limits: `files` and `upload`, the most files and bytes that it may unpack to; a manifest comes on top.
    Raises: UngradableError that says what was expected and what came.
    """
    start, count = _end(data, limits)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
    except DAMAGE:
        raise _broken("its directory cannot be read") from None
    if len(infos) != count:
        raise _broken(f"its directory has {len(infos):,} files and its end says {count:,}")
    _require_plain(infos, limits)
    return {info.filename: _unpacked(data, info, begin) for info, begin in _places(data, infos, start)}


def _end(data: bytes, limits: Limits) -> tuple[int, int]:
    """Where the directory begins, and how many files it has."""
    most = limits.upload + 2**16
    if len(data) > most:
        raise UngradableError(f"The archive has {len(data):,} bytes; expected at most {most:,}. Leave out what the "
                              f"task does not ask for.")
    if not data.startswith((b"PK\3\4", b"PK\5\6")):
        raise UngradableError("Expected a .zip archive, found another kind of file. Type: npfl-kit pack LAB FILES")
    if len(data) < END.size or data[-END.size:-END.size + 4] != b"PK\5\6":
        raise _broken("there is no directory at its end, or something stands behind it")
    _, disk, first_disk, here, count, size, start, comment = END.unpack(data[-END.size:])
    if count > limits.files + 1 or here > limits.files + 1:
        raise UngradableError(f"The archive has {max(count, here):,} files; expected at most {limits.files}. Leave "
                              f"out what the task does not ask for.")
    if disk or first_disk or here != count or comment or start + size != len(data) - END.size \
            or size > MOST_ENTRY * count:
        raise _broken("its end contradicts the rest")
    if not count:
        raise UngradableError("The archive has no file. Type: npfl-kit pack LAB FILES")
    return start, count


def _require_plain(infos: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Raise UngradableError unless these are regular files with honest names, and few and small enough."""
    for info in infos:
        shown, mode = file_names.shown(info.orig_filename), info.external_attr >> 16
        if info.flag_bits & ENCRYPTED:
            raise UngradableError(f"The file {shown} is encrypted. Pack it without a password.")
        if info.orig_filename.endswith("/") or stat.S_ISDIR(mode):
            raise UngradableError(f"{shown} is a folder. Pack the files themselves, not the folder that holds them.")
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise UngradableError(f"{shown} is a link or a device, no file. Pack the file that it stands for.")
        if info.filename != info.orig_filename:
            raise UngradableError(f"The file {shown} is refused: its name has a zero byte or a backslash.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UngradableError(f"The file {shown} is packed by method {info.compress_type}; expected deflate, as "
                                  f"npfl-kit pack does.")
        if info.file_size > SMALL and info.file_size > RATIO * info.compress_size:
            raise UngradableError(f"The file {shown} unpacks to {info.file_size:,} bytes, more than {RATIO} times "
                                  f"what it is packed to. Hand in what a network predicted or learned.")
    files = [info for info in infos if info.filename != MANIFEST]
    total = sum(info.file_size for info in files)
    if len(files) > limits.files:
        raise UngradableError(f"The archive has {len(files):,} files; expected at most {limits.files}.")
    if total > limits.upload or any(info.file_size > SMALL for info in infos if info.filename == MANIFEST):
        raise UngradableError(f"The archive unpacks to {sum(info.file_size for info in infos):,} bytes; expected at "
                              f"most {limits.upload:,}. Leave out what the task does not ask for.")
    file_names.require(info.orig_filename for info in infos)


def _places(data: bytes, infos: list[zipfile.ZipInfo], end: int) -> list[tuple[zipfile.ZipInfo, int]]:
    """Where the bytes of each file begin; the files must lie one behind the other, from 0 to `end`, without gaps."""
    places, free, slack = [], 0, 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if not free <= info.header_offset <= free + slack:
            raise _broken("its files overlap, or something stands between them")
        begin = _begin(data, info)
        free, slack = begin + info.compress_size, MOST_DESCRIPTOR if info.flag_bits & DESCRIPTOR else 0
        if free > end:
            raise _broken("its files overlap, or one is cut off")
        places.append((info, begin))
    if not free <= end <= free + slack:
        raise _broken("something stands between its files and its directory")
    return places


def _begin(data: bytes, info: zipfile.ZipInfo) -> int:
    """Where the bytes of a file begin; what stands before them must say the same as the directory."""
    header = data[info.header_offset:info.header_offset + LOCAL.size]
    if len(header) < LOCAL.size:
        raise _broken("a file is cut off")
    mark, _, flags, method, _, _, crc, packed, unpacked, name_length, extra_length = LOCAL.unpack(header)
    name_begin = info.header_offset + LOCAL.size
    name = data[name_begin:name_begin + name_length]
    known_before = (crc, packed, unpacked) == (info.CRC, info.compress_size, info.file_size)
    if mark != b"PK\3\4" or flags != info.flag_bits or method != info.compress_type or \
            name != info.orig_filename.encode("ascii") or not (known_before or flags & DESCRIPTOR):
        raise _broken("a file and the directory contradict each other")
    return name_begin + name_length + extra_length


def _unpacked(data: bytes, info: zipfile.ZipInfo, begin: int) -> bytes:
    """The bytes of one file, as many as the directory says and no others."""
    packed = data[begin:begin + info.compress_size]
    if info.compress_type == zipfile.ZIP_STORED:
        content, is_whole = packed, True
    else:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = unpacker.decompress(packed, info.file_size + 1)
            is_whole = unpacker.eof and not unpacker.unused_data
        except zlib.error:
            content, is_whole = b"", False
    if not is_whole or len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise _broken(f"{file_names.shown(info.filename)} is damaged, or has not the size that it says")
    return content


def _broken(why: str) -> UngradableError:
    return UngradableError(f"The archive is damaged, or was not made by an honest packer: {why}. Make it again; type: "
                           f"npfl-kit pack LAB FILES")
