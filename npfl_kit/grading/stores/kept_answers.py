"""What the reference solution answered, kept in a store: each is computed once and the same for all."""
from __future__ import annotations

from collections.abc import Iterator, MutableMapping

from npfl_kit.grading.stores import store as stores


class KeptAnswers(MutableMapping[str, str]):
    """Texts by name, in the database of a store; `reference.References` takes it as its cache.

    What is kept stays: setting a name again changes nothing, so that of several workers that compute an answer at the
    same time the first one is believed by all.
    """

    def __init__(self, store: stores.Store) -> None:
        self.store = store

    def __getitem__(self, name: str) -> str:
        for row in self.store.rows("SELECT value FROM expected WHERE key = ?", [name]):
            return row["value"]
        raise KeyError(name)

    def __setitem__(self, name: str, text: str) -> None:
        with self.store.writing() as database:
            database.execute("INSERT OR IGNORE INTO expected VALUES (?, ?)", [name, text])

    def __delitem__(self, name: str) -> None:
        with self.store.writing() as database:
            if not database.execute("DELETE FROM expected WHERE key = ?", [name]).rowcount:
                raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter([row["key"] for row in self.store.rows("SELECT key FROM expected ORDER BY key")])

    def __len__(self) -> int:
        [(count,)] = self.store.rows("SELECT count(*) FROM expected")
        return count
