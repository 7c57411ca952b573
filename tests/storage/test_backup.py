"""Backup while writing, and restore into either backend."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from palabre.bus.local import LocalBus
from palabre.storage.backup import backup, restore
from palabre.storage.database import Database, StorageError, Transaction
from palabre.storage.open import open_database

from ..conftest import BACKENDS, Cluster

Place = tuple[str | None, Path]
Started = Callable[[Place], Awaitable[Database]]

TOKEN = "INSERT INTO access_tokens (hash, session_id, user_id, device_id, unused) VALUES ($1, 's', '@a:x', 'D', 0)"
PROFILE = "INSERT INTO profile_fields (user_id, field, value) VALUES ($1, 'displayname', $2)"


@pytest.fixture
def place(data_dir: Path, database_url: str | None) -> Place:
    return database_url, data_dir


@pytest.fixture(params=BACKENDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where nothing is yet."""
    if request.param == "sqlite":
        yield None, tmp_path / "empty"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    url = cluster.create(migrated=False)
    yield url, tmp_path / "empty"
    cluster.drop(url)


@pytest.fixture
async def started() -> AsyncIterator[Started]:
    opened: list[Database] = []

    async def start(place: Place) -> Database:
        database = open_database(*place, LocalBus())
        await database.start()
        opened.append(database)
        return database

    yield start
    for database in opened:
        await database.close()


async def people(database: Database, numbers: range) -> None:
    """For each number a person with a profile and a token; in pairs, so that half a pair shows."""

    async def work(number: int, tx: Transaction) -> None:
        await tx.execute(PROFILE, f"@{number}:x", f"Zoë {number}")
        await tx.execute(TOKEN, number.to_bytes(4, "big") + b"\x00\xff")
        tx.advance("profile", f"@{number}:x")

    await asyncio.gather(*(database.write(partial(work, number)) for number in numbers))


async def content(database: Database) -> tuple[list[object], ...]:
    return (
        [tuple(row) for row in await database.fetch("SELECT user_id, value FROM profile_fields ORDER BY user_id")],
        [tuple(row) for row in await database.fetch("SELECT token_id, hash FROM access_tokens ORDER BY token_id")],
        [tuple(row) for row in await database.fetch("SELECT * FROM log ORDER BY pos")],
        [tuple(row) for row in await database.fetch("SELECT * FROM log_position")],
    )


async def test_a_backup_restores_into_either(place: Place, empty: Place, started: Started, tmp_path: Path) -> None:
    original = await started(place)
    await people(original, range(2500))
    file = tmp_path / "backup"

    await backup(*place, file)
    await restore(*empty, file)
    restored = await started(empty)

    assert await content(restored) == await content(original)
    assert restored.position == 2500
    await people(restored, range(2500, 2600))
    assert await restored.fetchval("SELECT count(DISTINCT token_id) FROM access_tokens") == 2600
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_backup_shows_one_moment(place: Place, empty: Place, started: Started, tmp_path: Path) -> None:
    original = await started(place)
    await people(original, range(1000))
    saving = asyncio.create_task(backup(*place, tmp_path / "backup"))
    written = 1000
    while not saving.done():
        await people(original, range(written, written + 10))
        written += 10
        await asyncio.sleep(0)

    await saving
    await restore(*empty, tmp_path / "backup")
    profiles, tokens, log, position = await content(await started(empty))

    assert len(profiles) == len(tokens) == len(log) >= 1000
    assert position == [(len(log),)]


async def test_nothing_is_restored_over_a_database(place: Place, started: Started, tmp_path: Path) -> None:
    original = await started(place)
    await people(original, range(1))
    await backup(*place, tmp_path / "backup")

    with pytest.raises(StorageError, match="already"):
        await restore(*place, tmp_path / "backup")
    assert len((await content(original))[0]) == 1


async def test_nothing_is_saved_over_a_file(place: Place, started: Started, tmp_path: Path) -> None:
    await started(place)
    (tmp_path / "backup").write_text("precious")

    with pytest.raises(StorageError, match="exists"):
        await backup(*place, tmp_path / "backup")
    assert (tmp_path / "backup").read_text() == "precious"


async def test_a_damaged_file_is_refused_and_leaves_nothing(
    place: Place, empty: Place, started: Started, tmp_path: Path
) -> None:
    original = await started(place)
    await people(original, range(500))
    whole, damaged = tmp_path / "backup", tmp_path / "damaged"
    await backup(*place, whole)
    content = whole.read_bytes()

    flipped = content[:200] + bytes(byte ^ 0xFF for byte in content[200:210]) + content[210:]
    for damage in (b"", b"nonsense", content[: len(content) // 2], content[:-30], flipped):
        damaged.write_bytes(damage)
        with pytest.raises(StorageError, match="backup"):
            await restore(*empty, damaged)
    await restore(*empty, whole)


async def test_a_file_or_database_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no file"):
        await restore(None, tmp_path, tmp_path / "nowhere")
    with pytest.raises(StorageError, match="no database"):
        await backup(None, tmp_path, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
