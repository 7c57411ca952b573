"""Which backend a database address means. What PostgreSQL needs is loaded only where it is used."""

from pathlib import Path

from ..bus import Bus
from .database import Database, StorageError
from .sqlite import SqliteDatabase

SQLITE_FILE = "palabre.db"
_POSTGRES = ("postgresql://", "postgres://")


def is_postgres(url: str | None) -> bool:
    """Whether `url` (`--database`) means PostgreSQL; None means SQLite. Raises `StorageError` for other
    addresses.
    """
    if url is None:
        return False
    if url.startswith(_POSTGRES):
        return True
    raise StorageError("The database address must begin with postgresql:// (leave it out to use SQLite).")


def open_database(url: str | None, data_dir: Path, bus: Bus) -> Database:
    """A database that is not started yet: PostgreSQL at `url`, or without one SQLite in `data_dir`.

    `bus` tells the other processes on the same PostgreSQL what was committed; SQLite belongs to one process.
    """
    if url is not None and is_postgres(url):
        from .postgres import PostgresDatabase

        return PostgresDatabase(url, bus)
    return SqliteDatabase(data_dir / SQLITE_FILE)
