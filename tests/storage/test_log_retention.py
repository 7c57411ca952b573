"""The log is pruned, and a process that missed entries forgets what it believed (docs/decisions/0005)."""

import pytest

from palabre.messaging.keys.device_lists.service import DeviceListService
from palabre.messaging.sync.tracker import Tracker
from palabre.storage import database as module
from palabre.storage import postgres
from palabre.storage.database import CommitCache, Database, Entry, Transaction

from . import scratch
from .test_postgres import Open, open_

__all__ = ["open_"]

KEPT = 10


@pytest.fixture(autouse=True)
def short_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_ENTRIES", KEPT)
    monkeypatch.setattr(module, "PRUNE_EVERY", 5)
    monkeypatch.setattr(postgres, "POLL_SECONDS", 3600)


async def fill(database: Database, count: int, first: int = 0) -> None:
    for id_ in range(first, first + count):
        await scratch.put(database, id_)


async def test_only_the_newest_entries_stay(database: Database) -> None:
    await scratch.create(database)
    await fill(database, 33)

    positions = [row[0] for row in await database.fetch("SELECT pos FROM log ORDER BY pos")]

    assert positions[-1] == 33
    assert KEPT <= len(positions) <= KEPT + 5 + 1
    assert positions == list(range(positions[0], 34))


class Memory:
    """A cache filled by one process and made stale by another, and what the listener was told."""

    def __init__(self, database: Database) -> None:
        self.cache: CommitCache[str, str] = CommitCache(10)
        self.heard: list[int] = []
        self.gaps: list[int] = []
        self._database = database
        database.listen(self._on_commit, self._forget)

    def _on_commit(self, entries: list[Entry], own: bool) -> None:
        self.heard += [entry.pos for entry in entries]
        for entry in entries:
            self.cache.forget(entry.key)

    def _forget(self) -> None:
        self.gaps.append(self._database.position)
        self.cache.clear()


async def test_who_was_away_for_too_long_forgets_everything_before_its_next_work(open_: Open) -> None:
    one, two = await open_(), await open_()
    await scratch.create(one)
    memory = Memory(two)
    memory.cache.fill("1", "old")
    await fill(one, 40)

    async def work(tx: Transaction) -> str | None:
        return memory.cache.get("1", tx)

    assert await two.write(work) is None
    assert len(memory.gaps) == 1
    assert memory.heard == list(range(memory.gaps[0] + 1, 41))
    assert two.position == 40


async def test_and_when_it_only_reads(open_: Open) -> None:
    one, two = await open_(), await open_()
    await scratch.create(one)
    memory = Memory(two)
    await fill(one, 40)

    await two.catch_up()

    assert len(memory.gaps) == 1
    assert memory.heard == list(range(memory.gaps[0] + 1, 41))


async def test_an_emptied_log_is_a_gap_too(open_: Open) -> None:
    one, two, three = await open_(), await open_(), await open_()
    await scratch.create(one)
    reader, writer = Memory(two), Memory(three)
    await fill(one, 3)
    await one.write(lambda tx: tx.execute("DELETE FROM log"))

    await two.catch_up()
    await scratch.put(three, 99)

    assert (reader.gaps, reader.heard, two.position) == ([3], [], 3)
    assert (writer.gaps, writer.heard, three.position) == ([3], [4], 4)


async def test_within_what_is_kept_nothing_is_forgotten(open_: Open) -> None:
    one, two = await open_(), await open_()
    await scratch.create(one)
    memory = Memory(two)
    await fill(one, KEPT - 1)

    await two.catch_up()

    assert (memory.gaps, memory.heard) == ([], list(range(1, KEPT)))


class NoRooms:
    async def share_rooms_with(self, user_id: str) -> set[str]:
        return {user_id}

    async def moved(self, user_id: str, since: int, upto: int) -> tuple[set[str], set[str]]:
        return set(), set()


async def test_sync_and_device_lists_know_that_they_do_not_know(open_: Open) -> None:
    """Somebody's keys and room changed in the entries that are gone: nobody may be told that nothing happened."""
    one, two = await open_(), await open_()
    await scratch.create(one)
    tracker = Tracker(two)
    assert tracker.position == 0
    there, here = DeviceListService(one, NoRooms()), DeviceListService(two, NoRooms())

    async def change(tx: Transaction) -> None:
        there.mark(tx, "@a:test.local")
        tx.advance("room", "!r:test.local")

    await one.write(change)
    await fill(one, 40)
    await two.catch_up()

    assert tracker.rooms.since("!r:test.local", 0)
    assert not tracker.rooms.since("!r:test.local", two.position)
    assert (await here.changes("@a:test.local", 0, two.position)).changed == ["@a:test.local"]
