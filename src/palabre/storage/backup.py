"""Backup and restore: the whole database in one file, consistent, while the server runs.

The file is a gzipped tar archive: `palabre.json` (format, schema revision), the rows of each table in pieces
(`tables/NAME/000001.msgpack`), and at the end `complete.json` (rows of each table). It names no backend: what was saved
from SQLite restores into PostgreSQL and the other way round. Only the database is in it; the operator's token is made
anew.
"""

import asyncio
import io
import os
import sqlite3
import tarfile
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from .database import Row, StorageError
from .open import SQLITE_FILE, is_postgres
from .schema import is_current

FORMAT = 1
_ROWS = 1000
_UNREADABLE = (tarfile.TarError, zlib.error, EOFError, OSError, msgspec.MsgspecError)

_SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
_POSTGRES_TABLES = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name
"""
_SEQUENCES = """
    SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)
    FROM information_schema.columns
    WHERE table_schema = current_schema() AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL
"""


class Manifest(msgspec.Struct):
    format: int
    revision: str


class Piece(msgspec.Struct):
    """Some rows of one table."""

    table: str
    columns: list[str]
    rows: list[list[Any]]


_pieces = msgspec.msgpack.Decoder(Piece)


async def backup(url: str | None, data: Path, file: Path) -> None:
    """Write the database at `url` (None: the one in the folder `data`) to `file`, which must not exist.

    Raises `StorageError` when there is nothing to save or `file` is there already.
    """
    if await asyncio.to_thread(file.exists):
        raise StorageError(f"{file} exists already; choose another name.")
    pieces = _read_postgres(url) if url is not None and is_postgres(url) else _read_sqlite(data / SQLITE_FILE)
    unfinished = file.with_name(file.name + ".unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as archive:
                counts: Counter[str] = Counter()
                number = 0
                async for piece in pieces:
                    if piece.table == "alembic_version":
                        manifest = Manifest(FORMAT, piece.rows[0][0])
                        _add(archive, "palabre.json", msgspec.json.encode(manifest))
                        continue
                    number += 1
                    counts[piece.table] += len(piece.rows)
                    name = f"tables/{piece.table}/{number:06}.msgpack"
                    await asyncio.to_thread(_add, archive, name, msgspec.msgpack.encode(piece))
                _add(archive, "complete.json", msgspec.json.encode(counts))
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


async def restore(url: str | None, data: Path, file: Path) -> None:
    """Fill a new database at `url` (None: in the folder `data`) from `file`. All of it, or nothing.

    Raises `StorageError` when there is a database already, or `file` is not a whole backup.
    """
    manifest = await asyncio.to_thread(_check, file)
    if manifest.format != FORMAT:
        raise StorageError(f"{file} was written by a newer version of Palabre. Restore it with that version.")
    is_current(manifest.revision)
    if url is not None and is_postgres(url):
        await _restore_postgres(url, manifest.revision, file)
    else:
        await asyncio.to_thread(_restore_sqlite, data / SQLITE_FILE, manifest.revision, file)


# the file


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _members(file: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(file, "r|gz") as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                yield member.name, content.read()


def _check(file: Path) -> Manifest:
    """Read all of it before anything is written. Raises `StorageError` unless it is whole."""
    if not file.is_file():
        raise StorageError(f"There is no file {file}.")
    counts: Counter[str] = Counter()
    manifest: Manifest | None = None
    complete: dict[str, int] | None = None
    try:
        for name, content in _members(file):
            if name == "palabre.json":
                manifest = msgspec.json.decode(content, type=Manifest)
            elif name == "complete.json":
                complete = msgspec.json.decode(content, type=dict[str, int])
            else:
                piece = _pieces.decode(content)
                counts[piece.table] += len(piece.rows)
    except _UNREADABLE as error:
        raise StorageError(f"{file} is damaged or not a backup: {error}") from error
    if manifest is None or complete is None or counts != complete:
        raise StorageError(f"{file} is not a whole backup.")
    return manifest


def _pieces_of(file: Path) -> Iterator[Piece]:
    for name, content in _members(file):
        if name.startswith("tables/"):
            yield _pieces.decode(content)


# SQLite


async def _read_sqlite(path: Path) -> AsyncIterator[Piece]:
    """All rows as they were at one moment: in WAL mode a reader keeps its view, and disturbs no writer."""
    if not await asyncio.to_thread(path.exists):
        raise StorageError(f"There is no database at {path}.")
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("BEGIN")
        tables = [row[0] for row in connection.execute(_SQLITE_TABLES)]
        for table in _version_first(tables, str(path)):
            cursor = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 (a name from the schema)
            columns = [column[0] for column in cursor.description]
            while rows := await asyncio.to_thread(cursor.fetchmany, _ROWS):
                yield _piece(table, columns, rows)
    finally:
        connection.close()


def _restore_sqlite(path: Path, revision: str, file: Path) -> None:
    from .migrate import migrate_sqlite

    if path.exists():
        raise StorageError(f"There is a database already: {path}. Stop the server and move it away first.")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        migrate_sqlite(unfinished, revision)
        connection = sqlite3.connect(unfinished, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("BEGIN")
        for (table,) in connection.execute(_SQLITE_TABLES).fetchall():
            if table != "alembic_version":
                connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 (a name from the schema)
        for piece in _pieces_of(file):
            names = ", ".join(f'"{name}"' for name in piece.columns)
            places = ", ".join("?" * len(piece.columns))
            sql = f'INSERT INTO "{piece.table}" ({names}) VALUES ({places})'  # noqa: S608 (names, and from a backup)
            connection.executemany(sql, piece.rows)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        unfinished.rename(path)
    except sqlite3.Error as error:
        raise StorageError(f"{file} does not fit into a database: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


# PostgreSQL


async def _read_postgres(url: str) -> AsyncIterator[Piece]:
    """All rows as they were at one moment."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            tables = [row[0] for row in await connection.fetch(_POSTGRES_TABLES)]
            for table in _version_first(tables, "that address"):
                query = await connection.prepare(f'SELECT * FROM "{table}"')  # noqa: S608 (a name from the schema)
                columns = [attribute.name for attribute in query.get_attributes()]
                cursor = await query.cursor()
                while rows := await cursor.fetch(_ROWS):
                    yield _piece(table, columns, rows)
    finally:
        await connection.close()


async def _restore_postgres(url: str, revision: str, file: Path) -> None:
    from .migrate import migrate_postgres

    async def fill(connection: asyncpg.Connection) -> None:
        for (table,) in await connection.fetch(_POSTGRES_TABLES):
            if table != "alembic_version":
                await connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 (a name from the schema)
        for piece in _pieces_of(file):
            await connection.copy_records_to_table(piece.table, records=piece.rows, columns=piece.columns)
        for table, column, sequence in await connection.fetch(_SEQUENCES):
            largest = f'(SELECT max("{column}") FROM "{table}")'  # noqa: S608 (names from the schema)
            await connection.execute(f"SELECT setval('{sequence}', coalesce({largest}, 1), {largest} IS NOT NULL)")

    connection = await asyncpg.connect(url)
    try:
        if await connection.fetch(_POSTGRES_TABLES):
            raise StorageError("There is something in that PostgreSQL database already. Restore into an empty one.")
    finally:
        await connection.close()
    try:
        await migrate_postgres(url, revision, fill)
    except asyncpg.DataError as error:
        raise StorageError(f"{file} does not fit into PostgreSQL: {error}") from error


# both


def _version_first(tables: list[str], where: str) -> list[str]:
    if "alembic_version" not in tables:
        raise StorageError(f"There is no Palabre database at {where}.")
    return ["alembic_version", *(table for table in tables if table != "alembic_version")]


def _piece(table: str, columns: list[str], rows: list[Row]) -> Piece:
    return Piece(table, columns, [list(row) for row in rows])
