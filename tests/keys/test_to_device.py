"""To-device messages: accepted once, delivered once to each device, deleted when acknowledged."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from palabre.bus.local import LocalBus
from palabre.storage.database import Database, Transaction
from palabre.storage.open import open_database

from .world import Device, World, running


def contents(events: list[dict[str, Any]]) -> list[Any]:
    return [event["content"] for event in events]


async def stored(database: Database) -> int:
    number: int = await database.fetchval("SELECT COUNT(*) FROM to_device_messages")
    return number


async def test_delivered_until_acknowledged_and_then_deleted(database: Database, alice: Device, bob: Device) -> None:
    await alice.send({bob.user_id: {bob.device_id: {"n": 1}}}, type_="m.room.encrypted")
    events, position = await bob.receive(0)
    assert events == [{"sender": alice.user_id, "type": "m.room.encrypted", "content": {"n": 1}}]
    assert (await bob.receive(0))[0] == events, "not acknowledged yet"
    assert await bob.receive(position) == ([], database.position)
    assert await stored(database) == 0
    assert (await bob.receive(0))[0] == []


async def test_messages_sent_in_between_survive_the_acknowledgement(alice: Device, bob: Device) -> None:
    await alice.send({bob.user_id: {bob.device_id: {"n": 1}}})
    events, position = await bob.receive(0)
    await alice.send({bob.user_id: {bob.device_id: {"n": 2}}})
    assert contents(events) == [{"n": 1}]
    events, position = await bob.receive(position)
    assert contents(events) == [{"n": 2}]
    assert (await bob.receive(position))[0] == []


async def test_long_queue_comes_in_pieces(world: World, alice: Device, bob: Device) -> None:
    for n in range(25):
        await alice.send({bob.user_id: {bob.device_id: {"n": n}}})
    await alice.send({alice.user_id: {alice.device_id: {}}})
    received, position, pieces = [], 0, 0
    while position < world.database.position:
        events, position = await bob.receive(position, limit=10)
        received += contents(events)
        pieces += 1
    assert received == [{"n": n} for n in range(25)]
    assert pieces == 3


async def test_star_reaches_every_device_and_unknown_ones_are_dropped(
    world: World, database: Database, alice: Device
) -> None:
    phones = [world.device("@bob:test.local") for _ in range(3)]
    await alice.send(
        {
            "@bob:test.local": {"*": {"to": "all"}, phones[0].device_id: {"to": "one"}, "NOBODY": {}},
            "@nobody:test.local": {"*": {}, "X": {}},
            "": {"*": {}},
        }
    )
    assert [contents((await phone.receive(0))[0]) for phone in phones] == [
        [{"to": "one"}],
        [{"to": "all"}],
        [{"to": "all"}],
    ]
    assert await stored(database) == 3


async def test_transaction_id_counts_for_device_and_type(world: World, alice: Device, bob: Device) -> None:
    to_bob = {bob.user_id: {bob.device_id: {"n": 1}}}
    await asyncio.gather(*[alice.send(to_bob, txn="1") for _ in range(5)])
    assert len((await bob.receive(0))[0]) == 1
    await alice.send(to_bob, txn="1", type_="m.other")
    await world.device(alice.user_id).send(to_bob, txn="1")
    assert len((await bob.receive(0))[0]) == 3


async def test_transaction_ids_and_messages_survive_a_restart(data_dir: Path, database_url: str | None) -> None:
    to_bob = {"@bob:test.local": {"PHONE": {"n": 1}}}
    position = 0
    for run in range(2):
        database = open_database(database_url, data_dir, LocalBus())
        await database.start()
        async with running(database) as (world,):
            bob = world.device("@bob:test.local", "PHONE")
            await world.device("@alice:test.local", "LAPTOP").send(to_bob, txn="same")
            events, position = await bob.receive(0)
            assert contents(events) == [{"n": 1}], f"run {run}"
            await bob.receive(position)
            if run == 0:
                await world.device("@alice:test.local", "LAPTOP").send(to_bob, txn="kept")
        await database.close()
        if run == 0:
            database = open_database(database_url, data_dir, LocalBus())
            await database.start()
            async with running(database) as (world,):
                bob = world.device("@bob:test.local", "PHONE")
                assert contents((await bob.receive(position))[0]) == [{"n": 1}]
            await database.close()


async def test_other_process_delivers(postgres_url: str, tmp_path: Path) -> None:
    bus = LocalBus()
    databases = [open_database(postgres_url, tmp_path, bus) for _ in range(2)]
    for database in databases:
        await database.start()
    async with running(*databases) as (here, there):
        alice = here.device("@alice:test.local")
        bob = there.device("@bob:test.local")
        assert await bob.receive(0) == ([], 0)
        for n in range(3):
            await alice.send({bob.user_id: {bob.device_id: {"n": n}}})
        await there.database.catch_up()
        events, position = await bob.receive(0)
        assert contents(events) == [{"n": n} for n in range(3)]
        await bob.receive(position)
        await alice.send({bob.user_id: {bob.device_id: {"n": 3}}})
        await there.database.catch_up()
        assert contents((await bob.receive(position))[0]) == [{"n": 3}]
    for database in databases:
        await database.close()


async def test_concurrent_senders_and_receiver_lose_and_repeat_nothing(world: World, bob: Device) -> None:
    senders = [world.device(f"@sender{n}:test.local") for n in range(8)]
    received: list[Any] = []

    async def send(sender: Device) -> None:
        for n in range(20):
            await sender.send({bob.user_id: {bob.device_id: {"from": sender.user_id, "n": n}}})

    async def receive() -> None:
        position = 0
        while len(received) < 160:
            events, position = await bob.receive(position, limit=7)
            received.extend(contents(events))
            await asyncio.sleep(0)

    await asyncio.wait_for(asyncio.gather(receive(), *map(send, senders)), 60)
    for sender in senders:
        assert [each["n"] for each in received if each["from"] == sender.user_id] == list(range(20))
    assert (await bob.receive(world.database.position))[0] == []
    assert await stored(world.database) == 0


async def test_a_look_during_the_commit_does_not_hide_the_message(world: World, alice: Device, bob: Device) -> None:
    """Before the commit nothing waits, and that must not be remembered."""

    async def look(_: Transaction) -> None:
        assert (await bob.receive(0))[0] == []

    to_bob = {bob.user_id: {bob.device_id: {"n": 1}}}
    await asyncio.gather(
        world.to_device.send(alice.user_id, alice.device_id, "m.test", "1", to_bob), world.database.write(look)
    )
    assert contents((await bob.receive(0))[0]) == [{"n": 1}]


async def test_a_look_that_takes_longer_than_a_commit_does_not_hide_the_message(
    world: World, alice: Device, bob: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, go_on = asyncio.Event(), asyncio.Event()
    fetch = world.database.fetch

    async def slow(sql: str, *args: Any) -> Any:
        rows = await fetch(sql, *args)
        read.set()
        await go_on.wait()
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(world.database, "fetch", slow)
        looking = asyncio.create_task(world.to_device.pending(bob.user_id, bob.device_id, 0, 0))
        await read.wait()
    await alice.send({bob.user_id: {bob.device_id: {"n": 1}}})
    go_on.set()
    await looking
    assert contents((await bob.receive(0))[0]) == [{"n": 1}]


async def test_deleted_device_leaves_no_messages(world: World, database: Database, alice: Device) -> None:
    bob = world.device("@bob:test.local", "PHONE")
    await alice.send({bob.user_id: {"*": {"n": 1}}})
    await world.delete_device(bob.user_id, bob.device_id)
    assert await stored(database) == 0
    bob = world.device("@bob:test.local", "PHONE")
    assert (await bob.receive(0))[0] == []


async def test_forgetting_old_transactions(world: World, database: Database, alice: Device, bob: Device) -> None:
    await alice.send({bob.user_id: {bob.device_id: {}}}, txn="old")
    await world.to_device.forget_transactions(1)
    assert await database.fetchval("SELECT COUNT(*) FROM to_device_transactions") == 1
    await world.to_device.forget_transactions(2**50)
    assert await database.fetchval("SELECT COUNT(*) FROM to_device_transactions") == 0


async def test_no_query_where_nothing_waits(
    database: Database, alice: Device, bob: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bob.receive(0)
    await alice.receive(0)
    await alice.send({alice.user_id: {alice.device_id: {}}})

    async def fail(*_: object) -> list[Any]:
        raise AssertionError("a query on the hot path")

    monkeypatch.setattr(database, "fetch", fail)
    assert await bob.receive(0) == ([], database.position)
    assert await bob.receive(database.position) == ([], database.position)


@pytest.mark.parametrize(
    "body",
    [{}, {"messages": []}, {"messages": {"@a:b": []}}, {"messages": {"@a:b": {"D": "text"}}}],
)
async def test_bad_bodies(alice: Device, body: Any) -> None:
    assert await alice.fail("PUT", "/sendToDevice/m.test/1", body, status=400) == "M_BAD_JSON"
