"""What `Database.write` promises, on both backends."""

import asyncio
from typing import Any

import pytest

from palabre.storage.database import CommitCache, Database, Entry, Refused, Transaction, Unavailable

from . import scratch
from .scratch import INSERT


@pytest.fixture
async def db(database: Database) -> Database:
    await scratch.create(database)
    return database


async def in_one_batch(database: Database, *works: Any) -> list[Any]:
    """Queue all works before the writer can run, so that they share a transaction; results or exceptions."""
    return await asyncio.gather(*(database.write(work) for work in works), return_exceptions=True)


def writes(id_: int, *, directly: bool = False, fail: Exception | None = None) -> Any:
    """Work that writes one row and one line of the log."""

    async def work(tx: Transaction) -> int:
        if directly:
            await tx.execute(INSERT, id_, None)
        else:
            tx.defer(INSERT, id_, None)
        pos = tx.advance("scratch", str(id_))
        if fail is not None:
            raise fail
        return pos

    return work


async def test_a_write_is_readable_when_it_returns(db: Database) -> None:
    pos = await scratch.put(db, 1, "é")

    assert (pos, db.position) == (1, 1)
    assert await db.fetchrow("SELECT id, text FROM scratch") == (1, "é")
    assert await db.fetch("SELECT pos, stream, key FROM log") == [(1, "scratch", "1")]
    assert await db.fetchval("SELECT pos FROM log_position") == 1


async def test_values_come_back_as_they_went_in(db: Database) -> None:
    async def work(tx: Transaction) -> Any:
        await tx.execute("INSERT INTO scratch VALUES ($1, $2, $3)", 2**53, "a'$1", b"\x00\xff")
        tx.defer("INSERT INTO scratch VALUES ($1, $2, $3)", -1, None, None)
        return await tx.fetchval("SELECT count(*) FROM scratch WHERE id = ANY($1)", [2**53, -1, 7])

    assert await db.write(work) == 2
    assert await db.fetch("SELECT * FROM scratch ORDER BY id") == [(-1, None, None), (2**53, "a'$1", b"\x00\xff")]
    assert await db.fetch("SELECT id FROM scratch WHERE text = ANY($1)", ["a'$1", "b"]) == [(2**53,)]
    assert await db.fetch("SELECT id FROM scratch WHERE id = ANY($1)", []) == []
    assert await db.fetchrow("SELECT id FROM scratch WHERE id = $1", 5) is None


@pytest.mark.parametrize("directly", [True, False])
async def test_failing_work_leaves_no_trace_and_others_survive(db: Database, directly: bool) -> None:
    cache: CommitCache[str, int] = CommitCache(10)
    called: list[str] = []

    async def fails(tx: Transaction) -> None:
        await writes(2, directly=directly)(tx)
        cache.put("key", 2, tx)
        tx.after_commit(lambda: called.append("failed"))
        raise KeyError("no")

    async def works(tx: Transaction) -> int:
        tx.after_commit(lambda: called.append("worked"))
        assert cache.get("key", tx) is None
        pos: int = await writes(3, directly=directly)(tx)
        return pos

    first, failed, third = await in_one_batch(db, writes(1, directly=directly), fails, works)

    assert (first, third) == (1, 2)
    assert isinstance(failed, KeyError)
    assert await scratch.ids(db) == [1, 3]
    assert [row[0] for row in await db.fetch("SELECT key FROM log ORDER BY pos")] == ["1", "3"]
    assert called == ["worked"]
    assert cache.get("key") is None


async def test_a_failed_statement_undoes_only_its_work(db: Database) -> None:
    results = await in_one_batch(db, writes(1, directly=True), writes(1, directly=True), writes(2, directly=True))

    assert results[0] == 1
    assert isinstance(results[1], Exception)
    assert results[2] == 2
    assert await scratch.ids(db) == [1, 2]


async def test_a_refused_batch_isolates_the_culprit(db: Database) -> None:
    """Deferred rows are refused at the end of the transaction, where nothing says whose they are."""
    await scratch.put(db, 5)

    results = await in_one_batch(db, writes(1), writes(5), writes(2))

    assert isinstance(results[1], Refused)
    assert sorted([results[0], results[2]]) == [2, 3]
    assert await scratch.ids(db) == [1, 2, 5]
    assert await db.fetchval("SELECT pos FROM log_position") == 3


async def test_bad_deferred_rows_do_not_fail_the_work_that_flushed_them(db: Database) -> None:
    await scratch.put(db, 5)

    async def reads(tx: Transaction) -> Any:
        return await tx.fetchval("SELECT count(*) FROM scratch")

    bad, good = await in_one_batch(db, writes(5), reads)

    assert isinstance(bad, Refused)
    assert good == 1


async def test_later_work_of_a_batch_sees_earlier_deferred_rows(db: Database) -> None:
    async def reads(tx: Transaction) -> Any:
        tx.defer(INSERT, 2, None)
        return await tx.fetch("SELECT id FROM scratch ORDER BY id")

    _, seen = await in_one_batch(db, writes(1), reads)

    assert seen == [(1,), (2,)]


async def test_positions_come_in_order_and_listeners_hear_each_once(db: Database) -> None:
    heard: list[Entry] = []
    db.listen(lambda entries, own: heard.extend(entries if own else []), heard.clear)

    positions = await asyncio.gather(*(scratch.put(db, id_) for id_ in range(200)))

    assert sorted(positions) == list(range(1, 201))
    assert [entry.pos for entry in heard] == list(range(1, 201))
    assert {entry.key: entry.pos for entry in heard} == {str(id_): pos for id_, pos in enumerate(positions)}
    assert db.position == 200


async def test_a_listener_hears_of_an_entry_before_its_writer_gets_the_answer(db: Database) -> None:
    heard: list[int] = []
    db.listen(lambda entries, own: heard.extend(entry.pos for entry in entries), heard.clear)

    pos = await scratch.put(db, 1)

    assert heard == [pos]


async def test_a_listener_that_fails_neither_fails_nor_repeats_the_write(db: Database) -> None:
    def broken(entries: list[Entry], own: bool) -> None:
        raise RuntimeError("broken listener")

    async def work(tx: Transaction) -> None:
        tx.advance("scratch", "1")
        tx.after_commit(lambda: broken([], True))

    db.listen(broken, lambda: None)
    await in_one_batch(db, work, work)

    assert await db.fetchval("SELECT count(*) FROM log") == 2


async def test_read_check_write_has_no_race(db: Database) -> None:
    await scratch.put(db, 1, "0")

    async def count(tx: Transaction) -> None:
        number = int(await tx.fetchval("SELECT text FROM scratch WHERE id = 1"))
        await tx.execute("UPDATE scratch SET text = $1 WHERE id = 1", str(number + 1))

    await asyncio.gather(*(db.write(count) for _ in range(100)))

    assert await db.fetchval("SELECT text FROM scratch WHERE id = 1") == "100"


async def test_a_request_that_went_away_disturbs_nobody(db: Database) -> None:
    gone = asyncio.create_task(scratch.put(db, 1))
    stays = asyncio.create_task(scratch.put(db, 2))
    await asyncio.sleep(0)
    gone.cancel()

    assert await stays == 1
    assert await scratch.ids(db) == [2]


async def test_close_finishes_what_is_queued_and_refuses_more(db: Database) -> None:
    queued = [asyncio.create_task(scratch.put(db, id_)) for id_ in range(20)]
    await asyncio.sleep(0)

    await db.close()

    assert sorted(await asyncio.gather(*queued)) == list(range(1, 21))
    with pytest.raises(Unavailable):
        await scratch.put(db, 99)


async def test_one_culprit_costs_a_big_batch_few_transactions(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else anybody who can make the database refuse a row makes everybody wait for a commit of their own."""
    await scratch.put(db, 1000)
    transactions = 0
    original = db._transact

    async def counted(batch: Any) -> None:
        nonlocal transactions
        transactions += 1
        await original(batch)

    monkeypatch.setattr(db, "_transact", counted)
    results = await in_one_batch(db, *(writes(1000 if id_ == 77 else id_) for id_ in range(256)))

    assert [type(result) for result in results].count(Refused) == 1
    assert isinstance(results[77], Refused)
    assert transactions <= 2 * 8 + 1
