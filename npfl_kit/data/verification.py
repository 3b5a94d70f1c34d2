"""What lies on this machine of a data set, compared with the official files."""
from __future__ import annotations

import importlib
import pathlib
from typing import Optional

from npfl_kit.data import download, manifest, sources
from npfl_kit.data.image_classification import Split

PARTS = ("train", "dev", "test")


def findings(name: str, data_dir: sources.DataDir = None) -> list[download.Finding]:
    """What is to be said about the files that `data.load` would read; nothing is downloaded or changed.

    Official files are compared byte by byte. Another form, such as class folders, has no official digest; its classes
    are those of the data set, or it is not found, and every picture is decoded.

    Raises: DataError if a picture or an archive is broken.
    """
    found = sources.local(name, data_dir, lambda path: _compared(name, path))
    return found or download.verify(name, sources.places(name, data_dir)[-1])


def _compared(name: str, path: pathlib.Path) -> Optional[list[download.Finding]]:
    if _is_official(official := download.verify(name, path)):
        return official
    found = importlib.import_module(f"npfl_kit.data.{name}").look(path)
    if found is None:
        return None
    splits, source = found[0], pathlib.Path(found[1])
    for folder in (source, source.parent):      # a reader finds files deeper as well, or is given one of them
        if _is_official(official := download.verify(name, folder)):
            return official
    return [download.Finding(source.name, "unofficial", _read_whole(name, splits))]


def _is_official(official: list[download.Finding]) -> bool:
    return any(finding.state != "missing" for finding in official)


def _read_whole(name: str, splits: dict[str, Split]) -> str:
    for split in splits.values():
        for _ in split.images:      # decodes the picture
            pass
    known = manifest.read(name).splits
    return (f"no official digest is of this form; all {sum(map(len, splits.values())):,} pictures are whole: "
            + ", ".join(f"{part} {len(splits[part]):,} (official {known[part]:,})" for part in PARTS))
