"""What is particular to SQLite."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from palabre.bus.local import LocalBus
from palabre.storage.database import StorageError, Transaction, Unavailable
from palabre.storage.migrate import migrate_sqlite
from palabre.storage.open import SQLITE_FILE, open_database
from palabre.storage.schema import MIGRATIONS, newest
from palabre.storage.sqlite import SqliteDatabase

from . import scratch

OPEN = """
import asyncio, sys
from pathlib import Path
from palabre.storage.database import StorageError
from palabre.storage.sqlite import SqliteDatabase
try:
    asyncio.run(SqliteDatabase(Path(sys.argv[1])).start())
except StorageError as error:
    print(error)
    sys.exit(3)
"""


def open_elsewhere(path: Path) -> subprocess.CompletedProcess[str]:
    """Start the same database in a process of its own."""
    return subprocess.run([sys.executable, "-c", OPEN, path], capture_output=True, text=True, check=False)


async def test_nobody_else_can_read_the_files(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / SQLITE_FILE)
    await database.start()
    try:
        await database.write(scratch_write)
        assert open_to_others(tmp_path) == []
    finally:
        await database.close()


def open_to_others(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.stat().st_mode & 0o077]


async def scratch_write(tx: Transaction) -> None:
    tx.advance("room", "!somewhere")


async def test_the_first_start_makes_the_file_and_a_second_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / SQLITE_FILE
    for expected in (1, 2):
        database = SqliteDatabase(path)
        await database.start()
        if expected == 1:
            await scratch.create(database)
        assert await scratch.put(database, expected) == expected
        await database.close()


async def test_a_second_process_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    path = tmp_path / SQLITE_FILE
    database = SqliteDatabase(path)
    await database.start()

    refused = await asyncio.to_thread(open_elsewhere, path)
    await database.close()
    accepted = await asyncio.to_thread(open_elsewhere, path)

    assert refused.returncode == 3, refused.stderr
    assert "Another Palabre server" in refused.stdout
    assert accepted.returncode == 0, accepted.stderr


async def test_it_waits_for_the_disk(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / SQLITE_FILE)
    await database.start()

    assert await database.fetchval("PRAGMA synchronous") == 2
    assert await database.fetchval("PRAGMA journal_mode") == "wal"
    await database.close()


def test_other_database_addresses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="postgresql://"):
        open_database("mysql://localhost/x", tmp_path, LocalBus())


def test_each_migration_is_named_after_its_revision() -> None:
    """The quick check for "nothing to migrate" goes by the names."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)

    assert scripts.get_heads() == [newest()]
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")


async def test_a_database_from_the_future_is_refused(tmp_path: Path) -> None:
    path = tmp_path / SQLITE_FILE
    migrate_sqlite(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    with pytest.raises(StorageError, match="newer version"):
        await SqliteDatabase(path).start()


async def test_a_full_disk_is_said_to_be_one_and_passes(tmp_path: Path) -> None:
    """Nothing of the batch is stored, nobody is told that it was, and with room again writing goes on."""
    database = SqliteDatabase(tmp_path / SQLITE_FILE)
    await database.start()
    await scratch.create(database)
    pages = database._write.execute("PRAGMA page_count").fetchone()[0]
    database._write.execute(f"PRAGMA max_page_count = {pages + 2}")

    async def direct(tx: Transaction) -> None:
        for id_ in range(1, 50):
            await tx.execute(scratch.INSERT, id_, "x" * 4000)

    results = await asyncio.gather(
        database.write(direct), scratch.put(database, 90, "x" * 400_000), return_exceptions=True
    )
    assert [type(result) for result in results] == [Unavailable, Unavailable]
    assert await scratch.ids(database) == []

    database._write.execute("PRAGMA max_page_count = 1000000")
    assert await scratch.put(database, 99) == 1
    assert await scratch.ids(database) == [99]
    await database.close()


async def test_a_database_that_somebody_else_has_locked_is_out_of_reach_for_now(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / SQLITE_FILE)
    await database.start()
    await scratch.create(database)
    database._write.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(tmp_path / SQLITE_FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    results = await asyncio.gather(*(scratch.put(database, id_) for id_ in (1, 2)), return_exceptions=True)
    other.execute("ROLLBACK")
    other.close()

    assert [type(result) for result in results] == [Unavailable, Unavailable]
    assert await scratch.put(database, 3) == 1
    await database.close()
