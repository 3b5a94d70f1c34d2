"""One file over HTTP: resumed where it broke off, tried again after pauses, renamed once its bytes are right."""
from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from npfl_kit import errors
from npfl_kit.data import digest, manifest

PIECE = 1 << 16     # bytes per read


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long a download waits, and how often it tries again.

    Args:
      tries: int, attempts in a row that may bring nothing new before it gives up.
      connect, read: seconds until a silent server counts as absent, or as stalled.
      least_rate: bytes per second below which a server counts as stalled, measured over `read` seconds.
      first_pause, longest_pause: seconds; the pause doubles from the first to the longest.
    """

    tries: int = 5
    connect: float = 10.0
    read: float = 30.0
    least_rate: float = 200.0
    first_pause: float = 1.0
    longest_pause: float = 30.0

    def pause(self, failures: int) -> float:
        """Seconds before an address is asked again after `failures` failures, spread by half so that crowds part."""
        return min(self.first_pause * 2 ** (failures - 1), self.longest_pause) * random.uniform(0.5, 1.5)


class Failed(Exception):
    """One attempt failed; `hopeless` says that the same address will not do better."""

    def __init__(self, reason: str, hopeless: bool = False) -> None:
        super().__init__(reason)
        self.hopeless = hopeless


class CannotResume(Failed):
    """The server answers a Range wrongly; the next attempt must begin at byte 0."""


class Unobtainable(Exception):
    """Every address failed; the text says how each did."""


def obtain(file: manifest.RemoteFile, folder: Path, patience: Patience, advance: Callable[[int], None]) -> None:
    """Put the file into the folder, whole and checked, or raise.

    What arrived before a failure, or before the process was killed, waits in `NAME.part` for the next attempt.

    Args:
      advance: told the number of bytes that are there by now, again and again.
    Raises: Unobtainable when no address gives the right bytes; DataError when they cannot be written.
    """
    import requests     # 0.2 s, only when there is something to download

    part = folder / f"{file.name}.part"
    hopeful, failures, reasons, farthest = list(file.urls), dict.fromkeys(file.urls, 0), {}, size_of(part)
    with requests.Session() as session:
        while hopeful and sum(failures.values()) < max(patience.tries, len(file.urls)):
            url = hopeful[0]
            time.sleep(patience.pause(failures[url]) if failures[url] else 0)
            started_at = size_of(part)
            try:
                receive(session, url, part, file.bytes, patience, advance)
                check(part, file, was_resumed=started_at > 0)
                os.replace(part, folder / file.name)
                return
            except Failed as failed:
                if isinstance(failed, CannotResume):
                    part.unlink()
                reasons[url] = f"{urlsplit(url).hostname}: {failed}"
                hopeful = hopeful[1:] + ([] if failed.hopeless else [url])
                if size_of(part) >= farthest + max(1, file.bytes // 100):   # a per cent of progress renews hope
                    farthest = size_of(part)
                    failures = dict.fromkeys(file.urls, 0)
                failures[url] += 1
            except OSError as error:
                with contextlib.suppress(OSError):
                    part.unlink()       # a full disk is given back what the half-written file took
                raise cannot_write(part, error) from error
    raise Unobtainable("; ".join(reasons.values()))


def receive(session, url: str, part: Path, size: int, patience: Patience, advance: Callable[[int], None]) -> None:
    """Append to the part file what it lacks; on return it has exactly `size` bytes."""
    have = size_of(part)
    if have > size:
        part.unlink()
        have = 0
    if have == size:
        return
    wish = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    limits = (patience.connect, patience.read)
    with translated(session.get, url, headers=wish, stream=True, timeout=limits) as response:
        have = offered_start(response, have, size)
        with open(part, "ab" if have else "wb") as out:
            for piece in pieces(response, patience):
                have += len(piece)
                if have > size:
                    break
                out.write(piece)
                advance(have)
    if have > size:
        part.unlink()
        raise Failed(f"sends more than the expected {size} bytes", hopeless=True)
    if have < size:
        raise Failed(f"broke off after {have} of {size} bytes")


def offered_start(response, have: int, size: int) -> int:
    """The position at which the body of the response begins: `have` if the server resumes, else 0.

    Raises: Failed, before a byte of the part file is changed, when the response is not (the rest of) our file.
    """
    status, length = response.status_code, response.headers.get("Content-Length", "")
    if status == 206 and response.headers.get("Content-Range") in (f"bytes {have}-{size - 1}/{size}",
                                                                   f"bytes {have}-{size - 1}/*"):
        start = have
    elif status == 200:
        start = 0
    elif status in (206, 416):
        raise CannotResume("does not resume where asked")
    else:
        raise Failed(f"HTTP {status} {response.reason}", hopeless=status < 500 and status not in (408, 425, 429))
    if length.isdigit() and int(length) != size - start:
        raise Failed(f"offers {int(length)} bytes instead of {size - start}", hopeless=True)
    return start


def pieces(response, patience: Patience) -> Iterator[bytes]:
    """The body of the response as it arrives; a stall, also one that drips, and a reset are Failed."""
    read = getattr(response.raw, "read1", response.raw.read)    # urllib3 1 has no read1
    since, arrived = time.monotonic(), 0
    while piece := translated(read, PIECE):
        yield piece
        arrived += len(piece)
        if time.monotonic() - since >= patience.read:
            if arrived < patience.least_rate * patience.read:
                raise Failed(f"stalled: {arrived} bytes in {patience.read:g} s")
            since, arrived = time.monotonic(), 0


def translated(call: Callable, *args, **kwargs):
    """The result of a network call, whose many exceptions become Failed with a reason that a student understands."""
    import requests
    import urllib3

    try:
        return call(*args, **kwargs)
    except (requests.ConnectTimeout, requests.exceptions.ProxyError) as error:
        raise Failed("does not answer") from error
    except (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError) as error:
        raise Failed("stalled") from error
    except (requests.exceptions.SSLError, urllib3.exceptions.SSLError) as error:
        raise Failed("its certificate is not accepted") from error
    except requests.ConnectionError as error:
        raise Failed("no connection") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:        # requests' own exceptions are OSErrors as well
        raise Failed(f"broke off ({type(error).__name__})") from error


def check(part: Path, file: manifest.RemoteFile, was_resumed: bool) -> None:
    """Remove the part file and raise Failed unless its bytes are the right ones."""
    found = digest.of_file(part)
    if found != file.sha256:
        part.unlink()
        raise Failed(f"wrong bytes, sha256 {found} instead of {file.sha256}", hopeless=not was_resumed)
    with open(part, "rb+") as written:
        os.fsync(written.fileno())      # after a power cut, the new name never holds blank pages


def cannot_write(path: Path, error: OSError) -> errors.DataError:
    """The error for a full disk or a folder that may not be written."""
    return errors.DataError(f"Cannot write {path}: {error.strerror or error}. Free some space, or let NPFL_KIT_CACHE "
                            f"name a folder on another disk.")


def size_of(path: Path) -> int:
    """Bytes of the file, 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
