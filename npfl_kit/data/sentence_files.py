"""Files of sentences: where train, dev and test lie, in a folder or an archive, and their lines as text."""
from __future__ import annotations

import dataclasses
import pathlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Optional

from npfl_kit import errors
from npfl_kit.data import file_tree, plain_text, sources
from npfl_kit.scoring import bounded_file

PARTS = {"train": "train", "training": "train", "dev": "dev", "devel": "dev", "val": "dev", "valid": "dev",
         "validation": "dev", "test": "test", "testing": "test"}


@dataclasses.dataclass(frozen=True)
class SentenceFile:
    """A file of sentences, read when it is asked for.

    Args:
      name: for people.
      read: gives its bytes, perhaps compressed by gzip.
    """

    name: str
    read: Callable[[], bytes]


Files = dict[str, list[SentenceFile]]   # split, or "" if the only file names none -> its files


def find(name: str, data_dir: sources.DataDir, form: str, endings: Sequence[str],
         is_format: bool = False) -> tuple[Files, str]:
    """The files of a data set: in `data_dir`, else in NPFL_KIT_DATA, else in the cache.

    Args:
      name: of the data set; a folder with a sub-folder of that name stands for the sub-folder.
      form: what must be there, in words.
      endings: of the names of the files, any of them; `.gz` may follow.
      is_format: whether `name` is that of a format, for files of anybody, which NPFL_KIT_DATA holds as they are.
    Returns: the files of each split, and where they lie.
    Raises: DataError that says what was looked for and where.
    """
    def look_in(path: pathlib.Path) -> Optional[tuple[Files, str]]:
        return look(path, name, endings) if data_dir is not None or is_format or path.name == name else None

    found = sources.local(name, data_dir, look_in)
    if found is None:
        missing = "is not here, and has no official download" if data_dir is None else \
            f"is not in {sources.places(name, data_dir)[0]}"
        raise errors.DataError(f"The data set {name} {missing}. Put {form} into a folder and type --data_dir=FOLDER, "
                               f"or type --dataset=morphology, which needs no file.")
    return found


def look(path: pathlib.Path, name: str, endings: Sequence[str]) -> Optional[tuple[Files, str]]:
    """What lies in a folder, in the archive in it, or in a file; None if there is nothing of the kind."""
    if path.is_file() and not file_tree.is_archive(path):
        return {"": [SentenceFile(str(path), lambda: _read(path))]}, str(path)
    tree = file_tree.FileTree(path)
    parts = by_part(_ending(tree.names, endings), str(path))
    if not parts and path.is_dir():
        archives = [each for each in sorted(path.iterdir()) if file_tree.is_archive(each)]
        named = [each for each in archives if each.name.startswith(name)] or archives
        if len(named) > 1:
            raise errors.DataError(f"{path} holds several archives: {', '.join(each.name for each in named[:5])}; "
                                   f"choose one by --data_dir={named[0]}.")
        return look(named[0], name, endings) if named else None
    if not parts:
        return None
    return {part: [_file(tree, each) for each in names] for part, names in parts.items()}, str(path)


def by_part(names: Sequence[str], where: str) -> dict[str, list[str]]:
    """The files of each split, told by the last word of folder and file that names one.

    A file beside its own `.gz` counts once. Files that name no split are left alone, unless there is a single file.

    Raises: DataError if two data sets lie together, or several files name no split.

    >>> by_part(["en-ud-dev.conllu.gz", "en-ud-train.conllu", "notes.conllu"], "here")
    {'dev': ['en-ud-dev.conllu.gz'], 'train': ['en-ud-train.conllu']}
    """
    plain = [name for name in names if not (name.endswith(".gz") and name[:-3] in set(names))]
    found: dict[str, list[str]] = defaultdict(list)
    origins: dict[str, set[str]] = defaultdict(set)
    for name in plain:
        words = [word for word in re.finditer(r"[a-z]+", name.lower()) if word[0] in PARTS]
        if words:
            found[PARTS[words[-1][0]]].append(name)
            origins[PARTS[words[-1][0]]].add(name[:words[-1].start()])
    if not found and len(plain) > 1:
        raise errors.DataError(f"{where}: expected train, dev or test in the names of the files, found "
                               f"{', '.join(plain[:3])} ... Rename them, or choose one by --data_dir=FILE.")
    for part, prefixes in origins.items():
        if len(prefixes) > 1:
            raise errors.DataError(f"{where} holds several data sets, with different files for {part}: "
                                   f"{', '.join(found[part][:3])}. Type --data_dir=FOLDER with the folder of one.")
    return dict(found) or ({"": plain} if plain else {})


def _ending(names: Sequence[str], endings: Sequence[str]) -> list[str]:
    accepted = tuple(f"{ending}{packed}" for ending in endings for packed in ("", ".gz"))
    return [name for name in names if name.lower().endswith(accepted)]


def _file(tree: file_tree.FileTree, name: str) -> SentenceFile:
    if tree.path.is_dir():
        return SentenceFile(str(tree.path / name), lambda: _read(tree.path / name))
    return SentenceFile(f"{tree.path}/{name}", lambda: tree.read(name))


def _read(path: pathlib.Path) -> bytes:
    return bounded_file.read(path, plain_text.MAX_BYTES, errors.DataError)


def lines(file: SentenceFile) -> list[str]:
    """The lines of a file without their ends; see `plain_text.decode`."""
    return plain_text.decode(file.read(), file.name).split("\n")


def blocks(text: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """The lines between empty ones, with the number of the first, counted from 1.

    Two empty lines in a row enclose a block without lines; those at the end of the file do not count.

    >>> list(blocks(["a", "b", "", "", "c", "", ""]))
    [(1, ['a', 'b']), (4, []), (5, ['c'])]
    """
    count = len(text)
    while count and not text[count - 1].strip(" \t"):
        count -= 1
    start = 0
    for end in [*(place for place in range(count) if not text[place].strip(" \t")), count]:
        if end < count or start < count:
            yield start + 1, text[start:end]
        start = end + 1
