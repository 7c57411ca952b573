"""What is particular to PostgreSQL: several processes, lost connections, settings that lose data."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from palabre.bus import Bus, Hint
from palabre.bus.local import LocalBus
from palabre.storage import postgres as module
from palabre.storage.database import Database, Entry, StorageError, Transaction, Unavailable
from palabre.storage.postgres import PostgresDatabase

from ..api import until
from ..conftest import Cluster
from ..services import Postgres
from . import scratch

Open = Callable[..., Awaitable[PostgresDatabase]]


class DeafBus(LocalBus):
    """Loses every message."""

    def publish(self, first: int, last: int) -> None:
        return

    def subscribe(self, hint: Hint) -> None:
        return


@pytest.fixture
async def open_(postgres_url: str) -> AsyncIterator[Open]:
    """Opens the same database as another process would."""
    opened: list[PostgresDatabase] = []

    async def open_another(bus: Bus | None = None) -> PostgresDatabase:
        database = PostgresDatabase(postgres_url, bus or DeafBus())
        await database.start()
        opened.append(database)
        return database

    yield open_another
    for database in opened:
        await database.close()


def positions(database: Database) -> list[tuple[int, bool]]:
    """Collects what a listener hears: (position, own)."""
    heard: list[tuple[int, bool]] = []

    def listen(entries: list[Entry], own: bool) -> None:
        heard.extend((entry.pos, own) for entry in entries)

    database.listen(listen, lambda: heard.append((database.position, False)))
    return heard


# several processes


async def test_two_processes_share_one_log(open_: Open) -> None:
    one, two = await open_(), await open_()
    await scratch.create(one)
    heard_one, heard_two = positions(one), positions(two)

    await asyncio.gather(*(scratch.put((one, two)[id_ % 2], id_) for id_ in range(200)))
    await one.catch_up()
    await two.catch_up()

    assert [pos for pos, _ in heard_one] == [pos for pos, _ in heard_two] == list(range(1, 201))
    assert all(own_one != own_two for (_, own_one), (_, own_two) in zip(heard_one, heard_two, strict=True))
    assert sum(own for _, own in heard_one) == 100


async def test_read_check_write_has_no_race_between_processes(open_: Open) -> None:
    databases = await open_(), await open_()
    await scratch.create(databases[0])
    await scratch.put(databases[0], 1, "0")

    async def count(tx: Transaction) -> None:
        number = int(await tx.fetchval("SELECT text FROM scratch WHERE id = 1"))
        await tx.execute("UPDATE scratch SET text = $1 WHERE id = 1", str(number + 1))

    for _ in range(20):
        await asyncio.gather(*(database.write(count) for database in databases for _ in range(5)))

    assert await databases[0].fetchval("SELECT text FROM scratch WHERE id = 1") == "200"


async def test_work_runs_after_what_others_committed_was_announced(open_: Open) -> None:
    """In-memory state must be current inside work, though the bus and the poll have said nothing yet."""
    one, two = await open_(), await open_()
    heard = positions(two)
    await scratch.create(one)
    pos = await scratch.put(one, 1)

    async def work(tx: Transaction) -> bool:
        return heard[-1:] == [(pos, False)] and tx.position == pos

    assert await two.write(work)


async def test_everything_arrives_when_every_bus_message_is_lost(open_: Open) -> None:
    one, two = await open_(DeafBus()), await open_(DeafBus())
    heard = positions(two)
    await scratch.create(one)

    await asyncio.gather(*(scratch.put(one, id_) for id_ in range(50)))
    await until(lambda: len(heard) == 50)

    assert heard == [(pos, False) for pos in range(1, 51)]


async def test_a_hint_is_faster_than_the_poll(open_: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 3600)
    bus = LocalBus()
    one, two = await open_(bus), await open_(bus)
    heard = positions(two)
    await scratch.create(one)

    await scratch.put(one, 1)

    await until(lambda: heard == [(1, False)])


async def test_far_behind_catches_up_in_order(open_: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOG_CHUNK", 7)
    one, two = await open_(), await open_()
    heard = positions(two)
    await scratch.create(one)
    await asyncio.gather(*(scratch.put(one, id_) for id_ in range(50)))

    assert await scratch.put(two, 99) == 51

    assert heard == [(pos, pos == 51) for pos in range(1, 52)]


async def test_a_stuck_process_does_not_block_others(open_: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module._WRITER_SETTINGS, "idle_in_transaction_session_timeout", "300ms")
    stuck, other = await open_(), await open_()
    await scratch.create(other)
    holds, goes_on = asyncio.Event(), asyncio.Event()

    async def hang(tx: Transaction) -> None:
        tx.advance("scratch", "hanging")
        holds.set()
        await goes_on.wait()

    hanging = asyncio.create_task(stuck.write(hang))
    await holds.wait()

    assert await scratch.put(other, 1) == 1
    goes_on.set()
    with pytest.raises(Unavailable):
        await hanging
    assert await scratch.put(stuck, 2) == 2


async def test_catching_up_during_ones_own_write_waits_for_its_end(open_: Open) -> None:
    """A sync token from a process that is further on must not look as if it came from another database."""
    one, two = await open_(), await open_()
    await scratch.create(one)
    inside, goes_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Transaction) -> None:
        inside.set()
        await goes_on.wait()

    writing = asyncio.create_task(two.write(slow))
    await inside.wait()
    further = asyncio.create_task(scratch.put(one, 1))
    goes_on.set()
    pos = await further
    await two.catch_up()

    assert two.position >= pos
    await writing


async def test_catching_up_while_writing_all_the_time(open_: Open) -> None:
    one, two = await open_(), await open_()
    await scratch.create(one)
    stop = asyncio.Event()

    async def write(database: Database, first: int) -> None:
        while not stop.is_set():
            await scratch.put(database, first)
            first += 1

    writers = [asyncio.create_task(write(two, first)) for first in (1_000, 2_000, 3_000)]
    for id_ in range(50):
        pos = await scratch.put(one, id_)
        await two.catch_up()
        assert two.position >= pos
    stop.set()
    await asyncio.gather(*writers)


async def test_a_bus_that_fails_does_not_repeat_the_write(open_: Open) -> None:
    class Broken(DeafBus):
        def publish(self, first: int, last: int) -> None:
            raise RuntimeError("broken bus")

    database = await open_(Broken())
    await scratch.create(database)

    assert await asyncio.gather(*(scratch.put(database, id_) for id_ in range(3))) == [1, 2, 3]


async def test_a_server_that_became_a_standby_is_tried_again_and_not_a_mistake_of_the_work(open_: Open) -> None:
    database = await open_()
    await scratch.create(database)
    connection: Any = database._connection
    await connection.execute("SET default_transaction_read_only = on")

    with pytest.raises(Unavailable):
        await scratch.put(database, 1)
    assert await scratch.put(database, 2) == 1


START = """
import asyncio, sys
from palabre.bus.local import LocalBus
from palabre.storage.postgres import PostgresDatabase
async def main():
    database = PostgresDatabase(sys.argv[1], LocalBus())
    await database.start()
    await database.close()
asyncio.run(main())
"""


def test_two_processes_start_on_an_empty_database_at_once(postgres: Cluster) -> None:
    url = postgres.create(migrated=False)
    command = [sys.executable, "-c", START, url]

    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=60)[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], errors
    postgres.drop(url)


# lost connections


async def test_losing_the_connection_in_the_middle_fails_the_write_and_keeps_nothing(open_: Open) -> None:
    one, two = await open_(), await open_()
    await scratch.create(one)

    async def work(tx: Transaction) -> None:
        await tx.execute(scratch.INSERT, 1, None)
        tx.advance("scratch", "1")
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
            await tx.fetch("SELECT pg_terminate_backend(pg_backend_pid())")

    results = await asyncio.gather(one.write(work), scratch.put(one, 2), return_exceptions=True)

    assert [type(result) for result in results] == [Unavailable, Unavailable]
    assert await scratch.ids(two) == []
    assert await scratch.put(one, 3) == 1


async def test_a_commit_whose_outcome_is_unknown_is_not_a_success(open_: Open) -> None:
    """The commit is carried out and its answer lost: the writer hears an error, and everybody hears of the
    entry.
    """
    one, two = await open_(), await open_()
    await scratch.create(one)
    heard_one, heard_two = positions(one), positions(two)
    connection: Any = one._connection

    class Loses:
        """The writer's connection, whose network fails as the answer to COMMIT travels."""

        def __getattr__(self, name: str) -> Any:
            return getattr(connection, name)

        async def execute(self, sql: str, *args: Any) -> Any:
            await connection.execute(sql, *args)
            if sql == "COMMIT":
                raise ConnectionResetError("lost")

    one._connection = Loses()
    with pytest.raises(Unavailable):
        await scratch.put(one, 1)
    await one.catch_up()
    await two.catch_up()

    assert heard_one == heard_two == [(1, False)]
    assert await scratch.put(one, 2) == 2
    assert await scratch.ids(one) == [1, 2]


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A cluster that a test may stop and set wrongly."""
    service = Postgres()
    yield service
    service.remove()


async def test_a_restart_is_survived(own_postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BACKOFF_SECONDS", (0.01, 0.05))
    database = PostgresDatabase(own_postgres.url("postgres"), LocalBus())
    await database.start()
    await scratch.create(database)
    await scratch.put(database, 1)

    await asyncio.to_thread(own_postgres.stop)
    with pytest.raises(Unavailable):
        await scratch.put(database, 2)
    with pytest.raises(Unavailable):
        await scratch.ids(database)
    await asyncio.to_thread(own_postgres.start)
    await asyncio.sleep(0.1)

    assert await scratch.put(database, 3) == 2
    assert await scratch.ids(database) == [1, 3]
    await database.close()


# refusals


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
async def test_settings_that_lose_data_are_refused(own_postgres: Postgres, setting: str) -> None:
    own_postgres.stop()
    own_postgres.start(**{setting: "off"})
    database = PostgresDatabase(own_postgres.url("postgres"), LocalBus())

    with pytest.raises(StorageError, match=f"{setting}=off"):
        await database.start()
    await database.close()
    own_postgres.stop()
    own_postgres.start()


async def test_an_address_where_nothing_answers_is_said_without_its_password() -> None:
    database = PostgresDatabase("postgresql://someone:hunter2@127.0.0.1:1/palabre", LocalBus())

    with pytest.raises(StorageError, match=r"127\.0\.0\.1:1/palabre cannot be used") as caught:
        await database.start()
    assert "hunter2" not in str(caught.value)
    await database.close()
