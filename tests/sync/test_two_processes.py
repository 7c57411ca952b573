"""Two server processes on one PostgreSQL: what happens at one wakes who waits at the other."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from ..api import Homeserver, User, over_socket
from ..services import Nats, Palabre, running

Pair = tuple[Homeserver, Homeserver]


@pytest.fixture
async def pair(tmp_path: Path, postgres_url: str, nats: Nats) -> AsyncIterator[Pair]:
    with (
        running(Palabre(tmp_path / "a", postgres_url, nats.url)) as a,
        running(Palabre(tmp_path / "b", postgres_url, nats.url)) as b,
    ):
        async with AsyncExitStack() as stack:
            yield tuple([await stack.enter_async_context(over_socket(url)) for url in (a.url, b.url)])  # type: ignore[misc] # two


def at(server: Homeserver, user: User) -> User:
    """The same device, talking to another process."""
    return User(server.http, user.login)


async def waiting(user: User, token: str) -> "asyncio.Task[dict[str, Any]]":
    task = asyncio.create_task(user.sync(token, 20_000, set_presence="offline"))
    await asyncio.sleep(0.3)
    return task


async def test_news_cross_over(pair: Pair) -> None:
    a, b = pair
    ann, ben = await a.register("ann"), await b.register("ben")
    token = (await ben.sync(set_presence="offline"))["next_batch"]

    task = await waiting(ben, token)
    room_id = await ann.create_room(invite=[ben.user_id], preset="private_chat")
    answer = await asyncio.wait_for(task, 5)
    assert room_id in answer["rooms"]["invite"]

    await ben.call("POST", f"/join/{room_id}")
    token = (await ben.sync(answer["next_batch"], set_presence="offline"))["next_batch"]
    task = await waiting(ben, token)
    sent = time.monotonic()
    event_id = await ann.send(room_id, "across")
    answer = await asyncio.wait_for(task, 5)
    assert time.monotonic() - sent < 2
    events = answer["rooms"]["join"][room_id]["timeline"]["events"]
    assert [event["event_id"] for event in events] == [event_id]
    assert answer["rooms"]["join"][room_id]["unread_notifications"]["notification_count"] == 1

    task = await waiting(ann, (await ann.sync(set_presence="offline"))["next_batch"])
    await ben.call("POST", f"/rooms/{room_id}/receipt/m.read/{event_id}", {})
    receipts = (await asyncio.wait_for(task, 5))["rooms"]["join"][room_id]["ephemeral"]["events"]
    assert [event["type"] for event in receipts] == ["m.receipt"]

    # The same person at the other process: counts and account data are what they were made here.
    task = await waiting(at(a, ben), answer["next_batch"])
    await ben.call("PUT", f"/user/{ben.user_id}/account_data/a.b", {"x": 1})
    answer = await asyncio.wait_for(task, 5)
    task = await waiting(at(a, ben), answer["next_batch"]) if "account_data" not in answer else task
    answer = await asyncio.wait_for(task, 5)
    assert answer["account_data"]["events"] == [{"type": "a.b", "content": {"x": 1}}]
    fresh = await at(a, ben).sync(set_presence="offline")
    assert fresh["rooms"]["join"][room_id]["unread_notifications"]["notification_count"] == 0


async def test_a_token_of_one_process_serves_at_the_other(pair: Pair) -> None:
    a, b = pair
    ann = await a.register("ann")
    room_id = await ann.create_room()
    elsewhere = at(b, ann)
    token = (await ann.sync(set_presence="offline"))["next_batch"]
    seen: list[str] = []
    sent: list[str] = []
    for number in range(20):
        sent.append(await (ann if number % 2 else elsewhere).send(room_id, str(number)))
        answer = await (elsewhere if number % 3 else ann).sync(token, 5_000, set_presence="offline")
        token = answer["next_batch"]
        room = answer.get("rooms", {}).get("join", {}).get(room_id)
        seen += [event["event_id"] for event in room["timeline"]["events"]] if room else []
    while seen[-1:] != sent[-1:]:
        answer = await ann.sync(token, 5_000, set_presence="offline")
        token = answer["next_batch"]
        seen += [event["event_id"] for event in answer["rooms"]["join"][room_id]["timeline"]["events"]]
    assert seen == sent
