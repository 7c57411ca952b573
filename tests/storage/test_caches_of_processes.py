"""Two servers on one PostgreSQL, in this process: what is in memory is never stale inside a write, and is kept."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import palabre.app
from palabre.accounts.compose import Accounts
from palabre.bus import Bus
from palabre.bus.local import LocalBus
from palabre.messaging.account_data import store as account_data_store
from palabre.messaging.compose import Messaging
from palabre.messaging.receipts import store as receipt_store
from palabre.messaging.rooms import store as room_store
from palabre.messaging.rooms.models import Room
from palabre.messaging.rooms.registry import build_room
from palabre.settings import Settings
from palabre.storage.database import Database, Transaction

from ..api import Homeserver, User, in_process
from .test_postgres import DeafBus

STEPS = 60
WORKERS = 4


class Server(NamedTuple):
    http: Homeserver
    database: Database
    accounts: Accounts
    messaging: Messaging


@pytest.fixture(params=["shared bus", "deaf bus"])
async def servers(
    request: pytest.FixtureRequest, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[Server]]:
    bus: Bus = LocalBus() if request.param == "shared bus" else DeafBus()
    parts: list[tuple[Accounts, Messaging, Database]] = []

    def captured(accounts: Accounts, database: Database, *args: Any, **options: Any) -> Messaging:
        messaging = Messaging(accounts, database, *args, **options)
        parts.append((accounts, messaging, database))
        return messaging

    monkeypatch.setattr(palabre.app, "open_bus", lambda url: bus)
    monkeypatch.setattr(palabre.app, "Messaging", captured)
    async with AsyncExitStack() as stack:
        running = []
        for name in ("one", "two"):
            settings = Settings(server_name="test.local", data=tmp_path / name, database=postgres_url, test_mode=True)
            http = await stack.enter_async_context(in_process(palabre.app.build(settings)))
            accounts, messaging, database = parts[-1]
            running.append(Server(http, database, accounts, messaging))
        yield running


def state_of(room: Room) -> dict[tuple[str, str], bytes]:
    return {key: event.json for key, event in room.state.items()}


async def check(server: Server, users: list[str], room_ids: list[str]) -> None:
    """Inside a write, what memory says and what the database says are the same."""
    messaging, accounts = server.messaging, server.accounts

    async def work(tx: Transaction) -> None:
        for room_id in room_ids:
            room = await messaging.registry.room(room_id, tx)
            assert room is not None
            stored = build_room(room_id, room.version.id, await room_store.current_state(tx, room_id))
            assert state_of(room) == state_of(stored)
            assert (room.joined, room.state_pos) == (stored.joined, stored.state_pos)
        for user_id in users:
            assert await messaging.registry.rooms_of(user_id, tx) == await room_store.rooms_of(tx, user_id)
            data = await messaging.account_data.of(user_id, tx)
            assert data.items == await account_data_store.load(tx, user_id)
            assert await accounts.profiles.get(user_id, tx) == await accounts.profiles._store.get(tx, user_id)
            assert await accounts.people.get(user_id, tx) == await accounts.people._store.get(tx, user_id)
            for room_id in room_ids:
                mine = await messaging.aware.receipts.of(user_id, room_id, tx)
                assert set(mine.receipts) == set(await receipt_store.of(tx, user_id, room_id))

    await server.database.write(work)


async def act(user: User, server: Server, room_id: str, action: str, number: int) -> None:
    """Do something on one of the servers; refusals (not in the room any more) are part of it."""
    there = User(server.http.http, user.login)
    me, room = f"/user/{user.user_id}", f"/rooms/{room_id}"
    calls: dict[str, tuple[str, str, Any]] = {
        "name": ("PUT", f"{room}/state/m.room.name", {"name": str(number)}),
        "join": ("POST", f"/join/{room_id}", {}),
        "leave": ("POST", f"{room}/leave", {}),
        "forget": ("POST", f"{room}/forget", {}),
        "data": ("PUT", f"{me}/account_data/org.test", {"n": number}),
        "tag": ("PUT", f"{me}{room}/tags/u.{number % 3}", {"order": 0.5}),
        "profile": ("PUT", f"/profile/{user.user_id}/displayname", {"displayname": str(number)}),
        "redact": ("PUT", f"{room}/redact/$none/{number}", {}),
        "message": ("PUT", f"{room}/send/m.room.message/{number}", {"body": str(number)}),
    }
    if action == "receipt":
        sent = await there.request("PUT", f"{room}/send/m.room.message/r{number}", {"body": "read me"})
        if sent.status_code == 200:
            await there.request("POST", f"{room}/receipt/m.read/{sent.json()['event_id']}", {})
        return
    method, path, body = calls[action]
    answer = await there.request(method, path, body)
    assert answer.status_code in (200, 400, 403, 404), answer.text


ACTIONS = ["name", "join", "leave", "forget", "data", "tag", "profile", "receipt", "message", "redact"]


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_in_memory_is_stale_inside_a_write(servers: list[Server], seed: int) -> None:
    users = [await servers[0].http.register(name) for name in ("ana", "bo", "cy")]
    level = {"events_default": 0, "state_default": 0}
    room_ids = [await users[n].create_room(preset="public_chat", power_level_content_override=level) for n in range(2)]
    ids = [user.user_id for user in users]
    numbers, chance = itertools.count(), random.Random(seed)

    async def worker() -> None:
        for _ in range(STEPS):
            server, user, room_id = chance.choice(servers), chance.choice(users), chance.choice(room_ids)
            await act(user, server, room_id, chance.choice(ACTIONS), next(numbers))
            if chance.random() < 0.4:
                await check(chance.choice(servers), ids, room_ids)

    await asyncio.gather(*(worker() for _ in range(WORKERS)))
    for server in servers:
        await check(server, ids, room_ids)


async def test_caches_fill_while_others_write(servers: list[Server], monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = servers
    user = await one.http.register("ana")
    quiet, busy = await user.create_room(), await user.create_room()
    stop = asyncio.Event()
    reads: list[str] = []
    original = room_store.current_state

    async def counted(reader: Any, room_id: str) -> Any:
        reads.append(room_id)
        return await original(reader, room_id)

    async def write(server: Server) -> None:
        there = User(server.http.http, user.login)
        while not stop.is_set():
            await there.send(busy)

    writers = [asyncio.create_task(write(server)) for server in (one, two) for _ in range(4)]
    await asyncio.sleep(0.2)
    monkeypatch.setattr(room_store, "current_state", counted)
    registry, receipts, data = two.messaging.registry, two.messaging.aware.receipts, two.messaging.account_data
    before = two.database.position
    for cache in (registry._rooms, registry._people, receipts._mine, data._cache):
        cache.clear()
    for _ in range(50):
        await asyncio.gather(*(registry.room(quiet) for _ in range(3)))
        await registry.rooms_of(user.user_id)
        await receipts.of(user.user_id, quiet)
        await data.of(user.user_id)
        await asyncio.sleep(0.002)
    cached = (
        registry._rooms.get(quiet),
        registry._people.get(user.user_id),
        receipts._mine.get((user.user_id, quiet)),
        data.at_hand(user.user_id),
    )
    stop.set()
    await asyncio.gather(*writers)

    assert two.database.position > before + 10, "nobody wrote, so this says nothing"
    assert all(value is not None for value in cached)
    assert reads.count(quiet) <= 3
