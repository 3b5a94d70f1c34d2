"""Files that are whole or not there: written beside their name, then renamed."""
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from npfl_kit import errors


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to; it becomes `path` when the block ends well, and is removed when not.

    A process killed at any moment leaves the old file or the new one, never half of one.

    Raises: KitError when `path` is a folder, its folder cannot be written or the disk is full.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield scratch
        with open(scratch, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(scratch, path)
    except IsADirectoryError as error:
        raise errors.KitError(f"Cannot write {path}: it is a folder. Name a file in it, such as "
                              f"{path / 'FILE'}.") from error
    except OSError as error:
        raise errors.KitError(f"Cannot write {path}: {error.strerror or error}. Free some space, or choose "
                              f"another place for it.") from error
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink()


def write_text(path: Path, text: str) -> None:
    """Replace the file by `text`, in UTF-8 with `\\n` line ends."""
    with replacing(path) as scratch:
        with open(scratch, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
