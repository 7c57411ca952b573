"""`CommitCache` shows exactly what is committed."""

import asyncio

import pytest

from palabre.storage.database import CommitCache, Database, Transaction


async def test_a_change_is_seen_inside_at_once_and_outside_after_the_commit(database: Database) -> None:
    cache: CommitCache[str, int] = CommitCache(10)
    cache.fill("a", 1)
    cache.fill("b", 1)

    async def work(tx: Transaction) -> None:
        cache.put("a", 2, tx)
        cache.drop("b", tx)
        assert (cache.get("a", tx), cache.get("b", tx)) == (2, None)
        assert (cache.get("a"), cache.get("b")) == (1, 1)

    await database.write(work)

    assert (cache.get("a"), cache.get("b")) == (2, None)


async def test_later_work_of_the_same_transaction_sees_the_change(database: Database) -> None:
    cache: CommitCache[str, int] = CommitCache(10)

    async def count(tx: Transaction) -> int:
        value = (cache.get("a", tx) or 0) + 1
        cache.put("a", value, tx)
        return value

    assert await asyncio.gather(*(database.write(count) for _ in range(5))) == [1, 2, 3, 4, 5]
    assert cache.get("a") == 5


async def test_failed_work_changes_nothing(database: Database) -> None:
    cache: CommitCache[str, int] = CommitCache(10)
    cache.fill("a", 1)

    async def fails(tx: Transaction) -> None:
        cache.put("a", 2, tx)
        raise KeyError("no")

    with pytest.raises(KeyError):
        await database.write(fails)

    assert cache.get("a") == 1


def test_the_least_recently_used_goes_first() -> None:
    cache: CommitCache[str, int] = CommitCache(2)
    cache.fill("a", 1)
    cache.fill("b", 2)
    cache.get("a")
    cache.fill("c", 3)

    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)


async def test_load_reads_once_and_remembers() -> None:
    cache: CommitCache[str, int] = CommitCache(2)
    reads = 0

    async def read() -> int:
        nonlocal reads
        reads += 1
        return 1

    assert [await cache.load("a", read), await cache.load("a", read)] == [1, 1]
    assert reads == 1


async def test_a_slow_read_never_overwrites_a_newer_commit(database: Database) -> None:
    cache: CommitCache[str, int] = CommitCache(2)
    go_on = asyncio.Event()

    async def slow_read() -> int:
        await go_on.wait()
        return 1

    async def work(tx: Transaction) -> None:
        cache.put("a", 2, tx)

    async def forget(tx: Transaction) -> None:
        cache.drop("b", tx)

    loading = [asyncio.create_task(cache.load(key, slow_read)) for key in ("a", "b", "c")]
    await asyncio.sleep(0)
    await database.write(work)
    await database.write(forget)
    cache.forget("c")
    go_on.set()
    await asyncio.gather(*loading)

    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (2, None, None)


async def test_what_a_transaction_loads_is_its_own_view(database: Database) -> None:
    cache: CommitCache[str, int] = CommitCache(2)
    cache.fill("changed", 1)
    reads = 0

    async def read() -> int:
        nonlocal reads
        reads += 1
        return 2

    async def load(tx: Transaction) -> None:
        cache.drop("changed", tx)
        for key in ("changed", "new", "new"):
            assert await cache.load(key, read, tx) == 2
            assert cache.get(key) != 2

    async def fails(tx: Transaction) -> None:
        await load(tx)
        raise KeyError("no")

    with pytest.raises(KeyError):
        await database.write(fails)
    assert (reads, cache.get("changed"), cache.get("new")) == (2, 1, None)

    await database.write(load)
    assert (reads, cache.get("changed"), cache.get("new")) == (4, 2, 2)


async def test_readers_that_overlap_do_not_keep_each_other_from_remembering() -> None:
    """A popular key, asked for more often than it takes to read it."""
    cache: CommitCache[str, int] = CommitCache(2)
    reads = 0

    async def read() -> int:
        nonlocal reads
        reads += 1
        await asyncio.sleep(0.02)
        return 1

    async def ask(after: float) -> None:
        await asyncio.sleep(after)
        assert await cache.load("a", read) == 1

    await asyncio.gather(*(ask(number * 0.005) for number in range(20)))

    assert cache.get("a") == 1
    assert reads < 10


async def test_many_are_read_at_once_and_only_what_stayed_so_is_remembered(database: Database) -> None:
    cache: CommitCache[str, int] = CommitCache(10)
    cache.fill("here", 0)
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def read() -> dict[str, int]:
        reading.set()
        await go_on.wait()
        return {"a": 1, "b": 1, "c": 1, "here": 1, "unasked": 1}

    async def work(tx: Transaction) -> None:
        cache.put("a", 2, tx)

    loading = asyncio.create_task(cache.load_many(["a", "b", "c", "d", "here"], read))
    await reading.wait()
    await database.write(work)
    cache.forget("b")
    go_on.set()
    await loading

    assert [cache.get(key) for key in ("a", "b", "c", "d", "here", "unasked")] == [2, None, 1, None, 0, None]


async def test_a_read_that_fails_leaves_nothing_behind() -> None:
    cache: CommitCache[str, int] = CommitCache(2)

    async def fails() -> int:
        raise KeyError("no")

    async def works() -> int:
        return 1

    with pytest.raises(KeyError):
        await cache.load("a", fails)
    assert (await cache.load("a", works), cache.get("a")) == (1, 1)
