"""What a data set consists of, and where its files come from: `datasets/NAME/manifest.toml`, read strictly."""
from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

from npfl_kit import errors, home


@dataclasses.dataclass(frozen=True)
class RemoteFile:
    """One file of a data set, and how to know that it is the right one.

    Args:
      name: str, name on disk, without a folder.
      urls: addresses of the same bytes, the official one first.
      bytes: int, exact size.
      sha256: str, 64 hexadecimal digits.
      content_bytes, content_sha256: of what a `.gz` wraps, where known; gzip may wrap one content in many ways.
      unpacks: str, the folder that an archive unpacks to; empty for a file that is read as it is.
      unpacked_bytes: int, upper bound of the unpacked size.
    """

    name: str
    urls: tuple[str, ...]
    bytes: int
    sha256: str
    content_bytes: int = 0
    content_sha256: str = ""
    unpacks: str = ""
    unpacked_bytes: int = 0

    def __post_init__(self) -> None:
        named = [self.name, self.unpacks or "-"]
        expectations = {
            "names without a folder": all(re.fullmatch(r"(?!\.)[\w.-]+", name) for name in named),
            "urls that begin with http": bool(self.urls) and all(re.match("https?://.", url) for url in self.urls),
            "bytes above 0": self.bytes > 0,
            "64 hexadecimal digits in sha256": all(re.fullmatch("[0-9a-f]{64}", digest or "0" * 64)
                                                   for digest in (self.sha256 or "-", self.content_sha256)),
            "unpacked_bytes beside unpacks": bool(self.unpacks) == (self.unpacked_bytes > 0),
            "content_bytes beside content_sha256": bool(self.content_sha256) == (self.content_bytes > 0),
        }
        for expectation, is_met in expectations.items():
            if not is_met:
                raise ValueError(f"expected {expectation}, for the file {self.name!r}")


@dataclasses.dataclass(frozen=True)
class Manifest:
    """The facts about a data set that are known before it is downloaded; `splits` maps a name to a count."""

    name: str
    title: str
    licence: str
    homepage: str
    image_shape: tuple[int, ...]
    classes: tuple[str, ...]
    splits: dict[str, int]
    files: tuple[RemoteFile, ...]

    @property
    def bytes(self) -> int:
        """Size of the whole download."""
        return sum(file.bytes for file in self.files)


def parse(text: str, name: str, source: str) -> Manifest:
    """The manifest that a TOML text describes; a missing, unknown or wrong entry is a DataError naming `source`."""
    try:
        table = load_toml(text)
        files = tuple(RemoteFile(**frozen(file)) for file in table.pop("files"))
        return Manifest(name=name, files=files, **frozen(table))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise errors.DataError(f"{source} is not a manifest of a data set: {error}. Restore it from the repository: "
                               f"git checkout {source}") from error


def load_toml(text: str) -> dict[str, Any]:
    """The table of a TOML text; `tomllib` is in Python since 3.11."""
    try:
        import tomllib
    except ImportError:
        import tomli as tomllib     # type: ignore[no-redef]

    return tomllib.loads(text)


def frozen(table: dict[str, Any]) -> dict[str, Any]:
    """The table with tuples for its lists."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def names() -> list[str]:
    """The data sets that have a manifest, in alphabetical order."""
    return sorted(path.parent.name for path in home.folder("datasets").glob("*/manifest.toml"))


def read(name: str) -> Manifest:
    """The manifest of a data set; an unknown name is a UsageError that offers the nearest."""
    if name not in names():
        raise errors.unknown("data set to download", name, names())
    path = home.folder("datasets") / name / "manifest.toml"
    return parse(path.read_text(encoding="utf-8"), name, str(path))


def card(name: str) -> str | None:
    """The text of `datasets/NAME/card.md`: source, licence, splits, element spec; None where there is none."""
    path: Path = home.folder("datasets") / name / "card.md"
    return path.read_text(encoding="utf-8") if path.is_file() else None
