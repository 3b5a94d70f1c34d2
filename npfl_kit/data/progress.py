"""What the user of a download sees: a bar with rate and remaining time, or one line where stderr is no terminal."""
from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def of_download(name: str, size: int) -> Iterator[Callable[[int], None]]:
    """Show the progress of one file; the block calls what it gets with the number of bytes that are there by now."""
    if not sys.stderr.isatty():
        print(f"Downloading {name} ({readable(size)})", file=sys.stderr, flush=True)
        yield lambda have: None
        return

    from rich import console, progress      # 0.1 s, only for those who see it

    columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), progress.DownloadColumn(),
               progress.TransferSpeedColumn(), progress.TimeRemainingColumn())
    with progress.Progress(*columns, console=console.Console(stderr=True)) as bar:
        task = bar.add_task(name, total=size)
        yield lambda have: bar.update(task, completed=have)


def readable(size: float) -> str:
    """A number of bytes as a person says it.

    >>> readable(512), readable(9_912_422), readable(186_000_000_000)
    ('512 B', '9.9 MB', '186.0 GB')
    """
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            break
        size /= 1000
    else:
        unit = "GB"
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
