"""The tables of a store, and the rules that SQLite itself keeps: no score outside its range, no past that changes."""
from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from npfl_kit import errors
from npfl_kit.grading import record

VERSION = 1
APPLICATION = 0x6E70666C    # "npfl": tells a store from any other SQLite file
SECONDS_TO_WAIT = 60.0      # for another process that writes
APPEND_ONLY = ("submissions", "members", "requests", "environments", "runs", "policies", "events")
STATES = ", ".join(f"'{state}'" for state in record.STATES)
A_DIGEST = "length({0}) = 64 AND {0} NOT GLOB '*[^0-9a-f]*'"

TABLES = f"""
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE submissions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lab TEXT NOT NULL CHECK (typeof(lab) = 'text' AND lab <> ''),
    person TEXT NOT NULL CHECK (typeof(person) = 'text' AND person <> ''),
    received_at TEXT NOT NULL CHECK (received_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*+00:00'),
    sha256 TEXT NOT NULL CHECK ({A_DIGEST.format("sha256")}),
    content TEXT NOT NULL CHECK ({A_DIGEST.format("content")})
);
CREATE INDEX submissions_of_a_lab ON submissions (lab, person);
CREATE INDEX submissions_alike ON submissions (content);

CREATE TABLE members (
    submission INTEGER NOT NULL REFERENCES submissions (id),
    person TEXT NOT NULL CHECK (typeof(person) = 'text' AND person <> ''),
    PRIMARY KEY (submission, person)
);

CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    submission INTEGER NOT NULL REFERENCES submissions (id),
    round INTEGER NOT NULL CHECK (typeof(round) = 'integer' AND round >= 0),
    reason TEXT NOT NULL CHECK (reason IN ('submit', 'rerun', 'regrade')),
    made_at TEXT NOT NULL
);
CREATE INDEX requests_of_a_submission ON requests (submission);

CREATE TABLE work (
    request INTEGER PRIMARY KEY REFERENCES requests (id),
    tries INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    expires REAL,
    CHECK ((owner IS NULL) = (expires IS NULL))
);
CREATE INDEX leased ON work (owner) WHERE owner IS NOT NULL;
CREATE INDEX queue ON work (tries, request) WHERE owner IS NULL;

CREATE TABLE environments (id TEXT PRIMARY KEY CHECK ({A_DIGEST.format("id")}), versions TEXT NOT NULL);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request INTEGER NOT NULL REFERENCES requests (id),
    submission INTEGER NOT NULL REFERENCES submissions (id),
    task_version TEXT NOT NULL CHECK (typeof(task_version) = 'text'),
    environment TEXT NOT NULL REFERENCES environments (id),
    attempt INTEGER NOT NULL CHECK (typeof(attempt) = 'integer' AND attempt >= 1),
    state TEXT NOT NULL CHECK (state IN ({STATES})),
    settled INTEGER NOT NULL CHECK (settled IN (0, 1) AND (settled OR state = 'grader_error')),
    score REAL NOT NULL CHECK (typeof(score) = 'real' AND score BETWEEN 0 AND max),
    max REAL NOT NULL CHECK (typeof(max) = 'real' AND max < 1e9),
    record TEXT NOT NULL CHECK (typeof(record) = 'text'),
    measured TEXT NOT NULL CHECK (typeof(measured) = 'text'),
    copied_from INTEGER REFERENCES runs (id),
    started TEXT NOT NULL,
    ended TEXT NOT NULL,
    UNIQUE (request, attempt)
);
CREATE UNIQUE INDEX one_result_of_a_request ON runs (request) WHERE settled;
CREATE INDEX runs_of_a_submission ON runs (submission);

CREATE TABLE policies (
    id INTEGER PRIMARY KEY AUTOINCREMENT, lab TEXT NOT NULL, set_at TEXT NOT NULL, value TEXT NOT NULL
);
CREATE TABLE expected (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL,
    submission INTEGER REFERENCES submissions (id), text TEXT NOT NULL
);
"""
TRIGGERS = "".join(f"""
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} are only ever added to'); END;""" for table in APPEND_ONLY
                   for verb in ("UPDATE", "DELETE"))


def connect(path: Path) -> sqlite3.Connection:
    """Open the database of a store, making its tables if it has none; any thread may use it, one at a time.

    Raises: DataError if it is no store, is damaged, or was made by a newer kit.
    """
    try:
        database = sqlite3.connect(path, timeout=SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False)
        try:
            prepare(database, path)
        except BaseException:
            database.close()
            raise
    except sqlite3.DatabaseError as error:
        raise errors.DataError(f"Cannot open the store {path.parent}: {error}. Give a folder that you may write to, "
                               f"or put {path.name} back from a copy of the store.") from None
    return database


def prepare(database: sqlite3.Connection, path: Path) -> None:
    """Check that this is a store of our version, or make it one; several processes may do so at once."""
    database.row_factory = sqlite3.Row
    write_ahead(database)
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "recursive_triggers = ON", "trusted_schema = OFF"):
        database.execute(f"PRAGMA {pragma}")    # FULL: a receipt that was given holds even if the power fails
    database.execute("BEGIN IMMEDIATE")
    try:
        (version,), (tables,) = (database.execute(query).fetchone() for query in
                                 ("PRAGMA user_version", "SELECT count(*) FROM sqlite_master"))
        if not tables:
            for statement in statements(TABLES + TRIGGERS):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {VERSION}")
            database.execute(f"PRAGMA application_id = {APPLICATION}")
        elif database.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
            raise errors.DataError(f"{path} is a database, but not of a store. Choose another folder with --store.")
        elif version > VERSION:
            raise errors.DataError(f"The store {path.parent} has version {version}, and this kit reads {VERSION} and "
                                   f"older. Type, in the folder of the kit: git pull && pip install -e .")
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise


def write_ahead(database: sqlite3.Connection) -> None:
    """Let readers and one writer work at the same time; SQLite does not wait for others by itself here."""
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while database.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def statements(script: str) -> list[str]:
    """The statements of a script, one by one, as `executescript` would end the transaction.

    >>> statements("CREATE TABLE a (b); CREATE TRIGGER c BEFORE DELETE ON a BEGIN SELECT 1; END;")
    ['CREATE TABLE a (b);', 'CREATE TRIGGER c BEFORE DELETE ON a BEGIN SELECT 1; END;']
    """
    found, begun = [], ""
    for part in script.split(";"):
        begun += part + ";"
        if sqlite3.complete_statement(begun):
            found.append(begun.strip())
            begun = ""
    return [statement for statement in found if statement != ";"]
