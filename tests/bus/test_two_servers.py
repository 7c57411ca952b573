"""Two server processes on one PostgreSQL serve the same people, with a bus and without one."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from ..api import Homeserver, User, over_socket
from ..conftest import Cluster
from ..services import Nats, Palabre, free_port

ROUNDS = 20


@pytest.fixture(scope="module", params=["nats", "no bus"])
def processes(
    request: pytest.FixtureRequest, postgres: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Palabre, Palabre]]:
    """Without a bus: its address is one where nothing listens, so every message is lost."""
    nats: Nats | None = request.getfixturevalue("nats") if request.param == "nats" else None
    bus = nats.url if nats else f"nats://127.0.0.1:{free_port()}"
    database = postgres.create()
    one = Palabre(tmp_path_factory.mktemp("one"), database, bus)
    try:
        two = Palabre(tmp_path_factory.mktemp("two"), database, bus)
        try:
            yield one, two
        finally:
            two.stop()
    finally:
        one.stop()
        postgres.drop(database)


@pytest.fixture
async def both(processes: tuple[Palabre, Palabre]) -> AsyncIterator[tuple[Homeserver, Homeserver]]:
    async with over_socket(processes[0].url) as one, over_socket(processes[1].url) as two:
        yield one, two


def texts(sync: dict[str, Any], room_id: str) -> list[str]:
    room = sync.get("rooms", {}).get("join", {}).get(room_id)
    events = room["timeline"]["events"] if room else []
    return [event["content"]["body"] for event in events if event["type"] == "m.room.message"]


async def room_of_two(one: Homeserver, two: Homeserver) -> tuple[User, User, str]:
    """Alice on the first server, Bob on the second, in a room."""
    alice, bob = await one.register("alice"), await two.register("bob")
    room_id = await alice.create_room(preset="private_chat", invite=[bob.user_id])
    await bob.call("POST", f"/join/{room_id}")
    return alice, bob, room_id


async def received(bob: User, since: str, room_id: str, wanted: int) -> tuple[list[str], str]:
    """Sync until `wanted` messages are there."""
    got: list[str] = []
    while len(got) < wanted:
        sync = await bob.sync(since, timeout=10_000)
        since = sync["next_batch"]
        got += texts(sync, room_id)
    return got, since


async def test_a_session_of_one_is_a_session_of_the_other(both: tuple[Homeserver, Homeserver]) -> None:
    one, two = both
    alice = await one.register("alice")
    elsewhere = User(two.http, alice.login)

    assert (await elsewhere.call("GET", "/account/whoami"))["user_id"] == alice.user_id
    await alice.call("POST", "/logout")
    for _ in range(200):
        await asyncio.sleep(0.05)
        answer = await elsewhere.request("GET", "/account/whoami")
        if answer.status_code == 401:
            break
    assert answer.json()["errcode"] == "M_UNKNOWN_TOKEN"


async def test_messages_cross_both_ways_in_order(both: tuple[Homeserver, Homeserver]) -> None:
    alice, bob, room_id = await room_of_two(*both)
    since = {"alice": (await alice.sync())["next_batch"], "bob": (await bob.sync())["next_batch"]}

    for number in range(ROUNDS):
        await (alice if number % 2 else bob).send(room_id, str(number))
    expected = [str(number) for number in range(ROUNDS)]

    assert (await received(alice, since["alice"], room_id, ROUNDS))[0] == expected
    assert (await received(bob, since["bob"], room_id, ROUNDS))[0] == expected


async def test_a_message_wakes_a_sync_of_the_other_server(
    both: tuple[Homeserver, Homeserver], request: pytest.FixtureRequest
) -> None:
    """With a bus at once; without, at the next look, which comes once a second."""
    alice, bob, room_id = await room_of_two(*both)
    since = (await bob.sync())["next_batch"]
    with_bus = "no bus" not in request.node.name
    delays: list[float] = []
    for number in range(ROUNDS if with_bus else 3):
        waiting = asyncio.create_task(received(bob, since, room_id, 1))
        await asyncio.sleep(0.05)
        sent = time.monotonic()
        await alice.send(room_id, str(number))
        got, since = await waiting
        delays.append(time.monotonic() - sent)
        assert got == [str(number)]
    if with_bus:
        assert statistics.median(delays) < 0.25, "no sooner than the look that comes once a second"
