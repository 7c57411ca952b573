"""The embedded backend: one SQLite file in WAL mode, `synchronous=FULL`.

Everything but the commit runs in place on the event loop: a point read costs a few microseconds, less than
handing it to a thread. The commit, which waits for the disk, runs on the writer's own thread, so requests go
on meanwhile and queue up for the next commit. The file belongs to one process at a time.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import re
import sqlite3
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

from .database import Database, Queued, Row, StorageError, Transaction, Unavailable
from .schema import VERSION, is_current

_ANY = re.compile(r"= ANY\(\$(\d+)\)")
_PARAMETER = re.compile(r"\$(\d+)")
_CACHED_STATEMENTS = 512
PAGE_CACHE_KIB = 16_384
"""For each of the two connections. What people use is in memory already; the rest the operating system caches."""
_UNAVAILABLE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY}


@lru_cache(maxsize=4096)
def _translate(sql: str) -> str:
    """PostgreSQL's form to SQLite's: `= ANY($1)` and `$1`."""
    sql = _ANY.sub(r"IN (SELECT value FROM json_each(?\1))", sql)
    return _PARAMETER.sub(r"?\1", sql)


def _adapt(args: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(json.dumps(arg) if type(arg) is list else arg for arg in args)


def _connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=_CACHED_STATEMENTS
    )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA cache_size=-{PAGE_CACHE_KIB}")
    connection.execute("PRAGMA temp_store=MEMORY")
    if read_only:
        connection.execute("PRAGMA query_only=ON")
    return connection


class SqliteTransaction(Transaction):
    def __init__(self, connection: sqlite3.Connection, position: int) -> None:
        super().__init__(position)
        self._connection = connection

    async def _run(self, sql: str, args: tuple[Any, ...]) -> list[Row]:
        try:
            return self._connection.execute(_translate(sql), _adapt(args)).fetchall()
        except sqlite3.Error as error:
            # Some errors (a full disk) end the transaction; what follows would be committed on its own. The first says
            # why, later ones only that there is no transaction.
            if not self._connection.in_transaction and self.failed is None:
                self.failed = error
            raise

    async def _run_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        self._connection.executemany(_translate(sql), rows)


class SqliteDatabase(Database):
    """Storage in one file. `path` is created when it is not there."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._lock: int | None = None

    async def start(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        self._migrate()
        self._write = _connect(self._path)
        self._read = _connect(self._path, read_only=True)
        if self._write.execute("PRAGMA synchronous").fetchone()[0] < 2:
            raise StorageError("SQLite runs with synchronous below FULL: messages could be lost. Remove that setting.")
        self.position = self._read.execute("SELECT pos FROM log_position").fetchone()[0]
        self._writer = asyncio.create_task(self._write_loop())

    def _migrate(self) -> None:
        row = None
        if self._path.exists():
            connection = _connect(self._path)
            with contextlib.suppress(sqlite3.OperationalError):  # a new file
                row = connection.execute(VERSION).fetchone()
            connection.close()
        if not is_current(row and row[0]):
            from .migrate import migrate_sqlite

            migrate_sqlite(self._path)

    def _take_lock(self) -> None:
        """A second server on the same file would not see this one's memory; PostgreSQL is for that."""
        self._lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StorageError(
                f"Another Palabre server is using {self._path}. Stop it first, or use PostgreSQL for several processes."
            ) from None

    async def close(self) -> None:
        if self._writer is not None:
            await self._stop_writer()
            self._writer = None
            self._read.close()
            self._write.close()
        self._thread.shutdown()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        return self._read.execute(_translate(sql), _adapt(args)).fetchall()

    async def catch_up(self) -> None:
        return

    async def _transact(self, batch: list[Queued]) -> None:
        connection = self._write
        try:
            connection.execute("BEGIN IMMEDIATE")
            tx = SqliteTransaction(connection, self.position)
            outcomes = await self._run_batch(tx, batch)
            await tx.finish()
            if tx.entries:
                connection.executemany("INSERT INTO log (pos, stream, key) VALUES (?, ?, ?)", tx.entries)
                connection.execute("UPDATE log_position SET pos = ?", (tx.position,))
                if before := self._prune_before(tx):
                    connection.execute("DELETE FROM log WHERE pos < ?", (before,))
            await asyncio.get_running_loop().run_in_executor(self._thread, connection.commit)
        except BaseException as error:
            connection.rollback()
            if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF in _UNAVAILABLE:
                raise Unavailable(f"SQLite cannot write to {self._path}: {error}.") from error
            raise
        tx.settle()
        self._announce(tx.entries, True)
        self._settle(outcomes)
