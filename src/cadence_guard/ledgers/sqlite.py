"""The SQLite ledger: the embedded default. One file, many threads and processes.

Write-ahead log, `synchronous=FULL` (a commit survives a power cut), `BEGIN IMMEDIATE` (who decides
to write is alone), `secure_delete` and `VACUUM` (what is forgotten is overwritten).
Source: https://sqlite.org/pragma.html, https://sqlite.org/wal.html
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import Final, TypeVar

from cadence_guard.errors import Conflict, LedgerUnavailable
from cadence_guard.events import parse_event, to_line
from cadence_guard.history import Streams
from cadence_guard.instants import to_us
from cadence_guard.ledgers._base import Filed, Page
from cadence_guard.ledgers._forks import hold_over_forks
from cadence_guard.touch import Touch

_Result = TypeVar("_Result")

_APPLICATION: Final = 0x63646764  # "cdgd"
_SCHEMA: Final = 1
_WAIT_SECONDS: Final = 30.0
_TABLES: Final = """
CREATE TABLE event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,      -- microseconds since the epoch
    touch TEXT,               -- the id, if it is a touch or a release
    is_touch INTEGER NOT NULL,
    telling INTEGER NOT NULL, -- whether it is a touch whose outcome says something
    speaks_of TEXT,           -- the touch that the outcome, or a signal, says something about
    content BLOB UNIQUE,      -- a hash, for what is the same event when its content is the same
    streams TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX event_touch ON event (touch) WHERE touch IS NOT NULL;
CREATE INDEX event_speaks_of ON event (speaks_of) WHERE speaks_of IS NOT NULL;
CREATE TABLE filed (
    stream TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (stream, number)
) WITHOUT ROWID;
CREATE INDEX filed_number ON filed (number);
CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""
_EPOCH: Final = "SELECT value FROM kept WHERE name = 'epoch'"
_REVISION: Final = "SELECT max(number) FROM filed WHERE stream ="
_FEW: Final = 64
"""So many streams are asked for one by one, which is quicker than as a list."""
_FADES: Final = """
is_touch AND at < ? AND NOT telling
AND NOT EXISTS (SELECT 1 FROM event AS said WHERE said.speaks_of = event.touch)
"""
"""Whether an event is a touch before an instant of which nothing was said."""


class SqliteLedger:
    """Events in an SQLite file at `path`; made if it is missing.

    Raises LedgerUnavailable if the file is not a ledger, is one of a later version, or cannot be
    used.
    """

    def __init__(self, path: str | Path) -> None:
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        """Which file it is, wherever it may lie."""
        self.path = Path(path).absolute()  # it may be opened again from elsewhere
        hold_over_forks(self)
        self._do(lambda db: None)  # so that a file that is no ledger is refused now

    # -- the contract ---------------------------------------------------------------------------

    def history(self, keys: Sequence[str], since: int | None = None, after: int = 0) -> Page:
        return self._do(lambda db: _history(db, keys, since, after))

    def append(self, events: Iterable[Filed], expect: Mapping[str, int] | None = None) -> None:
        self._write(lambda db: _add(db, events), expect)

    def forget(
        self,
        key: str,
        keep: Iterable[Filed] = (),
        expect: Mapping[str, int] | None = None,
        also: Iterable[Filed] = (),
    ) -> None:
        def erase(db: sqlite3.Connection) -> None:
            db.execute("CREATE TEMP TABLE IF NOT EXISTS gone (number INTEGER PRIMARY KEY)")
            db.execute("DELETE FROM gone")
            db.execute("INSERT INTO gone SELECT number FROM filed WHERE stream = ?", (key,))
            db.executemany(
                "INSERT OR IGNORE INTO gone SELECT number FROM event WHERE content = ?",
                ((_content(to_line(filed.event)),) for filed in also),
            )
            _remove(db)
            _add(db, keep)

        self._write(erase, expect)
        self._do(self._scrub)

    def prune(self, before: int) -> int:
        return self._write(lambda db: _prune(db, before))

    def secret(self) -> bytes:
        sql = "SELECT value FROM kept WHERE name = 'secret'"
        return bytes(self._do(lambda db: db.execute(sql).fetchone())[0])

    def close(self) -> None:
        """Closes the file. The ledger opens it again when it is used again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps everybody else from the file, and it closed: an open connection must not be carried
        over a fork (https://sqlite.org/howtocorrupt.html, 2.6)."""
        with self._lock:
            self.close()
            yield

    def __del__(self) -> None:
        self.close()

    # -- the file -----------------------------------------------------------------------------

    def _do(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Works with the connection, for this thread alone; every error as LedgerUnavailable. A
        transaction that is still open at the end is undone."""
        with self._lock:
            try:
                if self._file is not None and self._file != _file_at(self.path):
                    # https://sqlite.org/howtocorrupt.html, 2.4: whoever has the old one open would
                    # go on with it, and know of no no that others tell the new one.
                    raise LedgerUnavailable(
                        f"{self.path}: the file that was opened is not there any more; restart"
                        " all that use it once the right one is in its place"
                    )
                if self._connection is None:
                    self._connection = self._open()
                    self._file = _file_at(self.path)
                db = self._connection
                try:
                    return work(db)
                finally:  # here, since what a signal raises may come right behind a BEGIN
                    if db.in_transaction:
                        db.rollback()
            except (sqlite3.Error, OSError) as error:
                raise LedgerUnavailable(f"{self.path}: {error}") from error

    def _write(
        self,
        work: Callable[[sqlite3.Connection], _Result],
        expect: Mapping[str, int] | None = None,
    ) -> _Result:
        """Works in one transaction, which is undone if anything is raised."""

        def alone(db: sqlite3.Connection) -> _Result:
            db.execute("BEGIN IMMEDIATE")
            if expect and _revisions(db, [*expect])[0] != expect:
                raise Conflict("a stream has moved on since it was read")
            done = work(db)
            db.execute("COMMIT")
            return done

        return self._do(alone)

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self.path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        deadline = monotonic() + _WAIT_SECONDS
        try:
            while True:
                try:
                    self._greet(db)
                except sqlite3.OperationalError as error:
                    # While somebody else makes the log SQLite does not wait by itself.
                    if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                        raise
                    sleep(0.01)
                else:
                    return db
        except BaseException:
            db.close()
            raise

    def _greet(self, db: sqlite3.Connection) -> None:
        # In this order: whoever sees the tables of a ledger being made sees its mark too.
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = db.execute("PRAGMA application_id").fetchone()
        if tables and application != _APPLICATION:
            raise LedgerUnavailable(
                f"{self.path}: an SQLite file of another program; name a file of its own"
            )
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("BEGIN IMMEDIATE")
        try:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in _TABLES.split(";\n"):
                    db.execute(statement)
                db.execute("INSERT INTO kept VALUES ('epoch', 0), ('secret', randomblob(32))")
                db.execute(f"PRAGMA application_id = {_APPLICATION}")
                db.execute(f"PRAGMA user_version = {_SCHEMA}")
            elif version != _SCHEMA:
                raise LedgerUnavailable(
                    f"{self.path}: a ledger of schema version {version}; this program knows"
                    f" {_SCHEMA}, so use the version that wrote it, or a later one"
                )
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.rollback()

    def _scrub(self, db: sqlite3.Connection) -> None:
        """Writes the file anew, since pages keep stale copies of rows that were once moved, and
        empties the log."""
        db.execute("VACUUM")
        (busy, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise LedgerUnavailable(
                f"{self.path}: what was taken away may still stand in the log, since somebody"
                " is reading it; do it again"
            )


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _history(db: sqlite3.Connection, keys: Sequence[str], since: int | None, after: int) -> Page:
    revisions, epoch = _revisions(db, keys)
    if max(revisions.values(), default=0) <= after:
        return Page([], revisions, epoch)
    db.execute("BEGIN")  # revisions and events of one moment
    revisions, epoch = _revisions(db, keys)
    rows: list[tuple[str, str]] = db.execute(
        "SELECT streams, body FROM event WHERE number IN (SELECT number FROM filed"
        " WHERE stream IN (SELECT value FROM json_each(?)) AND number > ?)"
        f" AND NOT ({_FADES}) ORDER BY number",
        (json.dumps(keys), after, -1 if since is None else since),
    ).fetchall()
    return Page([_filed(*row) for row in rows], revisions, epoch)


def _revisions(db: sqlite3.Connection, keys: Sequence[str]) -> tuple[dict[str, int], int]:
    """The revision of each stream, and the epoch, of one moment."""
    if len(keys) <= _FEW:
        epoch, *numbers = db.execute(_revisions_of(len(keys)), keys).fetchone()
        return {key: number or 0 for key, number in zip(keys, numbers, strict=True)}, epoch
    # One look-up a stream, however long it is: a GROUP BY would read all of it.
    rows = db.execute(
        f"SELECT NULL, ({_EPOCH}) UNION ALL SELECT value, ({_REVISION} value) FROM json_each(?)",
        (json.dumps(keys),),
    )
    (_, epoch), *found = rows
    return {key: number or 0 for key, number in found}, epoch


@cache
def _revisions_of(number: int) -> str:
    """What asks for the epoch and the revisions of so many streams, in one row."""
    return f"SELECT ({_EPOCH}){f', ({_REVISION} ?)' * number}"


def _add(db: sqlite3.Connection, events: Iterable[Filed]) -> None:
    for filed in events:
        event = filed.event
        assert event.at is not None  # the guard has seen to it
        body = to_line(event)
        contact, account, points = filed.streams
        found = db.execute(
            "INSERT OR IGNORE INTO event"
            " (at, touch, is_touch, telling, speaks_of, content, streams, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                to_us(event.at),
                filed.touch,
                isinstance(event, Touch),
                filed.telling,
                filed.speaks_of,
                _content(body) if filed.once else None,
                json.dumps([contact, account, sorted(points)]),
                body,
            ),
        )
        if found.rowcount:
            number = found.lastrowid
            db.executemany("INSERT INTO filed VALUES (?, ?)", [(key, number) for key in filed.keys])


def _remove(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM filed WHERE number IN (SELECT number FROM gone)")
    db.execute("DELETE FROM event WHERE number IN (SELECT number FROM gone)")
    db.execute("UPDATE kept SET value = value + 1 WHERE name = 'epoch'")


def _prune(db: sqlite3.Connection, before: int) -> int:
    db.execute("CREATE TEMP TABLE IF NOT EXISTS gone (number INTEGER PRIMARY KEY)")
    db.execute("DELETE FROM gone")
    db.execute(
        f"INSERT INTO gone SELECT number FROM event WHERE {_FADES} AND NOT EXISTS"
        " (SELECT 1 FROM event AS later"
        " WHERE later.touch = event.touch AND later.is_touch AND later.at >= ?)",
        (before, before),
    )
    (number,) = db.execute("SELECT count(*) FROM gone").fetchone()
    db.execute(
        "INSERT OR IGNORE INTO gone SELECT number FROM event WHERE NOT is_touch"
        " AND touch IN (SELECT touch FROM event WHERE number IN (SELECT number FROM gone))"
    )
    _remove(db)
    return int(number)


def _content(body: str) -> bytes:
    return sha256(body.encode()).digest()


def _filed(streams: str, body: str) -> Filed:
    contact, account, points = json.loads(streams)
    return Filed(parse_event(body), Streams(contact, account, frozenset(points)))
