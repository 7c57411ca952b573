"""A database that is out of reach for a moment delays news; it silences nobody."""

import asyncio
import time
from typing import Any

import pytest

from palabre.messaging.presence import service as presence
from palabre.messaging.rooms.registry import RoomRegistry
from palabre.messaging.sync import notifier
from palabre.storage.database import Unavailable

from ..api import Homeserver


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(notifier, "RETRY_SECONDS", 0.01)


def in_task(name: str) -> bool:
    task = asyncio.current_task()
    return task is not None and str(task.get_coro()).find(name) >= 0


async def test_presence_is_told_later(client: Homeserver, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, bo = await client.register("ana"), await client.register("bo")
    room_id = await ana.create_room(preset="public_chat")
    await bo.call("POST", f"/join/{room_id}")
    since = (await bo.sync())["next_batch"]
    failures = 0
    original = RoomRegistry.joined_rooms

    async def fails_once(self: RoomRegistry, user_id: str) -> list[str]:
        nonlocal failures
        if in_task("._tell") and not failures:
            failures += 1
            raise Unavailable("gone")
        return await original(self, user_id)

    monkeypatch.setattr(RoomRegistry, "joined_rooms", fails_once)
    status = {"presence": "online", "status_msg": "here"}
    await ana.call("PUT", f"/presence/{ana.user_id}/status", status)

    deadline = time.monotonic() + 10
    told: list[Any] = []
    while not told and time.monotonic() < deadline:
        news = await bo.sync(since, timeout=1000)
        since = news["next_batch"]
        events = news.get("presence", {}).get("events", [])
        told = [event for event in events if event["content"].get("status_msg") == "here"]
    assert failures == 1
    assert told


async def test_a_wait_ends_though_looking_up_the_room_failed_once(
    client: Homeserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room is not in memory, as when another process wrote into it."""
    ana, bo = await client.register("ana"), await client.register("bo")
    room_id = await ana.create_room(preset="public_chat")
    await bo.call("POST", f"/join/{room_id}")
    await asyncio.sleep(0.3)
    quiet = {"presence": {"not_types": ["*"]}}
    since = (await bo.sync())["next_batch"]
    failures = 0
    original = RoomRegistry.room

    async def fails_once(self: RoomRegistry, *args: Any) -> Any:
        nonlocal failures
        if in_task("_wake_when_known") and not failures:
            failures += 1
            raise Unavailable("gone")
        return await original(self, *args)

    monkeypatch.setattr(RoomRegistry, "joined_now", lambda self, room_id: frozenset())
    monkeypatch.setattr(RoomRegistry, "room", fails_once)
    waiting = asyncio.create_task(bo.sync(since, timeout=15_000, filter=quiet))
    await asyncio.sleep(0.2)
    begun = time.monotonic()
    await ana.send(room_id, "news")
    news = await waiting

    assert failures == 1
    assert room_id in news["rooms"]["join"]
    assert time.monotonic() - begun < 5
