"""The beginning and the end of a stream of any length, in bounded memory. Plain Python, as `warden` uses it."""
from __future__ import annotations


class HeadTail:
    """Keeps the first and the last `limit // 2` bytes of what is added.

    >>> kept = HeadTail(8)
    >>> kept.add(b"abcdefghijklm")
    >>> kept.text()
    'abcd\\n[... 5 bytes left out ...]\\njklm'
    """

    def __init__(self, limit: int) -> None:
        self.half = max(1, limit // 2)
        self.head, self.tail, self.size = b"", b"", 0

    def add(self, data: bytes) -> None:
        """Take more bytes."""
        self.size += len(data)
        room = self.half - len(self.head)
        self.head += data[:room]
        if rest := data[room:]:
            self.tail = (self.tail + rest)[-self.half:]

    def text(self) -> str:
        """All of it, or the two ends and how much is left out between them; what is no UTF-8 is replaced."""
        missing = self.size - len(self.head) - len(self.tail)
        note = f"\n[... {missing:,} bytes left out ...]\n".encode() if missing else b""
        return (self.head + note + self.tail).decode("utf-8", "replace")

    def __len__(self) -> int:
        return len(self.head) + len(self.tail)
