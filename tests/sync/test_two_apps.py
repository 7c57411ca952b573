"""Typing and presence of two servers on one PostgreSQL: what the log does not carry, the bus does."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from palabre.app import build
from palabre.messaging.presence import service as presence
from palabre.messaging.sync import peers
from palabre.messaging.sync.serial import PROCESSES, STEPS
from palabre.settings import Settings

from ..api import Homeserver, User, in_process
from ..services import Nats, Palabre

Json = dict[str, Any]
Start = Callable[..., Any]


@pytest.fixture
def start(tmp_path: Path, postgres_url: str, nats: Nats) -> Start:
    """Start one more server on the same database: `async with start("name") as homeserver`."""

    @asynccontextmanager
    async def start(name: str, bus: str = nats.url) -> AsyncIterator[Homeserver]:
        settings = Settings(
            server_name=Palabre.SERVER_NAME, data=tmp_path / name, database=postgres_url, bus=bus, test_mode=True
        )
        async with in_process(build(settings)) as homeserver:
            yield homeserver

    return start


@pytest.fixture
async def pair(start: Start) -> AsyncIterator[tuple[Homeserver, Homeserver]]:
    async with start("a") as a, start("b") as b:
        yield a, b


def at(server: Homeserver, user: User) -> User:
    """The same device, talking to another process."""
    return User(server.http, user.login)


async def room_of(ann: User, ben: User) -> str:
    room_id = await ann.create_room(preset="private_chat", invite=[ben.user_id])
    await ben.call("POST", f"/join/{room_id}")
    return room_id


async def types(user: User, room_id: str, *, typing: bool = True, timeout: int = 30_000) -> None:
    body = {"typing": typing, "timeout": timeout} if typing else {"typing": False}
    await user.call("PUT", f"/rooms/{room_id}/typing/{user.user_id}", body)


def typing_in(answer: Json, room_id: str) -> list[list[str]]:
    room = answer.get("rooms", {}).get("join", {}).get(room_id, {})
    events = room.get("ephemeral", {}).get("events", [])
    return [event["content"]["user_ids"] for event in events if event["type"] == "m.typing"]


def presence_in(answer: Json, user: User) -> list[Json]:
    events = answer.get("presence", {}).get("events", [])
    return [event["content"] for event in events if event["sender"] == user.user_id]


class Watch:
    """A device that syncs until it sees what it waits for."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.token: str | None = None

    async def begin(self) -> "Watch":
        """Until all that happened so far is behind."""
        answer = await self.user.sync(set_presence="offline")
        while set(answer) != {"next_batch", "device_one_time_keys_count", "device_unused_fallback_key_types"}:
            answer = await self.user.sync(answer["next_batch"], 500, set_presence="offline")
        self.token = answer["next_batch"]
        return self

    async def until(self, seen: Callable[[Json], bool], seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while True:
            assert time.monotonic() < deadline, "waited in vain"
            answer = await self.user.sync(self.token, 1000, set_presence="offline")
            self.token = answer["next_batch"]
            if seen(answer):
                return

    async def typing(self, room_id: str, *user_ids: str) -> None:
        await self.until(lambda answer: list(user_ids) in typing_in(answer, room_id))

    async def presence(self, user: User, state: str) -> None:
        await self.until(lambda answer: state in [content["presence"] for content in presence_in(answer, user)])


async def test_typing_is_seen_at_the_other_process(pair: tuple[Homeserver, Homeserver]) -> None:
    a, b = pair
    ann, ben = await a.register("ann"), await b.register("ben")
    room_id = await room_of(ann, ben)
    watch = await Watch(ben).begin()

    waiting = asyncio.create_task(watch.typing(room_id, ann.user_id))
    await asyncio.sleep(0.2)
    began = time.monotonic()
    await types(ann, room_id)
    await waiting
    assert time.monotonic() - began < 1
    assert typing_in(await ben.sync(set_presence="offline"), room_id) == [[ann.user_id]]

    await types(at(b, ann), room_id, typing=False)  # she moved, and ends it there
    await watch.typing(room_id)
    assert typing_in(await at(a, ben).sync(set_presence="offline"), room_id) == []

    await types(ann, room_id, timeout=500)
    await watch.typing(room_id, ann.user_id)
    await watch.typing(room_id)  # over there it ends of itself too


async def test_presence_is_seen_at_the_other_process(pair: tuple[Homeserver, Homeserver]) -> None:
    a, b = pair
    ann, ben = await a.register("ann"), await b.register("ben")
    await room_of(ann, ben)
    watch = await Watch(ben).begin()

    await ann.sync()
    await watch.presence(ann, "online")
    status = f"/presence/{ann.user_id}/status"
    await ann.call("PUT", status, {"presence": "unavailable", "status_msg": "at lunch"})
    await watch.presence(ann, "unavailable")
    there = await ben.call("GET", status)
    assert there["status_msg"] == "at lunch"
    assert there["last_active_ago"] < 10_000

    await at(b, ann).call("PUT", status, {"presence": "online"})
    await (await Watch(at(a, ben)).begin()).until(lambda answer: True)
    here = await at(a, ben).call("GET", status)
    assert (here["presence"], "status_msg" in here) == ("online", False)


async def test_a_process_that_starts_learns_what_the_others_know(start: Start) -> None:
    async with start("a") as a:
        ann, ben = await a.register("ann"), await a.register("ben")
        room_id = await room_of(ann, ben)
        await ann.sync()
        await types(ann, room_id)
        async with start("b") as b:
            watch = Watch(at(b, ben))
            await watch.presence(ann, "online")
            await watch.until(lambda _: True)
            assert typing_in(await watch.user.sync(set_presence="offline"), room_id) == [[ann.user_id]]


async def test_a_device_that_changes_process_hears_everything_and_not_over_and_over(
    pair: tuple[Homeserver, Homeserver],
) -> None:
    """The next request always goes to the other process, with the token of the one before."""
    a, b = pair
    ann, ben = await a.register("ann"), await b.register("ben")
    room_id = await room_of(ann, ben)
    token = (await Watch(ben).begin()).token
    ends = [at(a, ben), at(b, ben)]
    answers: list[tuple[float, list[list[str]]]] = []
    stop = False

    async def device() -> None:
        nonlocal token
        while not stop:
            answer = await ends[len(answers) % 2].sync(token, 1500, set_presence="offline")
            token = answer["next_batch"]
            answers.append((time.monotonic(), typing_in(answer, room_id)))

    task = asyncio.create_task(device())
    changes: list[tuple[float, list[str]]] = []
    for number in range(6):
        on = number % 2 == 0
        await types(at((a, b)[number // 2 % 2], ann), room_id, typing=on)
        changes.append((time.monotonic(), [ann.user_id] if on else []))
        await asyncio.sleep(0.3 + number * 0.2)
    await asyncio.sleep(3)
    stop = True
    await task

    for (at_time, users), later in zip(changes, [*changes[1:], (float("inf"), [])], strict=True):
        heard = [when - at_time for when, told in answers if users in told and at_time <= when < later[0] + 1.2]
        assert heard
        assert heard[0] < 1.2
    told = [users for _, events in answers for users in events]
    assert told[-1] == []
    assert len(changes) <= len(told) <= 3 * len(changes)
    assert len(answers) < 8 * len(changes), "it went in circles"
    quiet = [when for when, _ in answers if when > changes[-1][0] + 1.5]
    assert len(quiet) <= 4


async def test_a_token_of_elsewhere_is_told_again_of_its_last_second_and_of_no_more(
    pair: tuple[Homeserver, Homeserver],
) -> None:
    """The process that gave it may not have heard of that yet."""
    a, b = pair
    ann, ben = await a.register("ann"), await b.register("ben")
    room_id = await room_of(ann, ben)
    watch = await Watch(ben).begin()
    await types(ann, room_id)
    await watch.typing(room_id, ann.user_id)

    answer = await ben.sync(foreign(watch.token, 100), 5000, set_presence="offline")
    assert typing_in(answer, room_id) == [[ann.user_id]]
    answer = await ben.sync(answer["next_batch"], 300, set_presence="offline")
    assert typing_in(answer, room_id) == []
    answer = await ben.sync(foreign(watch.token, 1500), 300, set_presence="offline")
    assert typing_in(answer, room_id) == []


def foreign(token: str | None, later_ms: int) -> str:
    """A token that some other process gave out `later_ms` after this one."""
    assert token is not None
    pos, _, serial = token.partition("_")
    return f"{pos}_{(int(serial) // PROCESSES + later_ms * STEPS) * PROCESSES}"


async def test_who_is_connected_to_one_process_is_not_offline_for_the_other(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "SWEEP_SECONDS", 0.2)
    monkeypatch.setattr(presence, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(presence, "GATHER_SECONDS", 0.05)
    async with start("a") as a, start("b") as b:
        ann, ben = await a.register("ann"), await b.register("ben")
        await room_of(ann, ben)
        token = (await ann.sync())["next_batch"]
        watch = Watch(at(a, ben))
        await watch.presence(ann, "online")

        there = asyncio.create_task(at(b, ann).sync(token, 4000))  # she moves, and her presence is news to nobody
        answer = await watch.user.sync(watch.token, 1500, set_presence="offline")
        assert presence_in(answer, ann) == []
        for server in (a, b):
            seen = await at(server, ben).call("GET", f"/presence/{ann.user_id}/status")
            assert seen["presence"] == "online"
        await there
        await watch.presence(ann, "offline")
        for server in (a, b):
            await asyncio.sleep(0.3)
            assert (await at(server, ben).call("GET", f"/presence/{ann.user_id}/status"))["presence"] == "offline"


async def test_the_people_of_a_process_that_dies_go_offline(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "SWEEP_SECONDS", 0.2)
    monkeypatch.setattr(presence, "GRACE_SECONDS", 0.5)
    monkeypatch.setattr(peers, "BEAT_SECONDS", 0.2)
    monkeypatch.setattr(peers, "SILENT_SECONDS", 1.5)
    async with start("b") as b, AsyncExitStack() as stack:
        a = await stack.enter_async_context(start("a"))
        ann, ben = await a.register("ann"), await b.register("ben")
        await room_of(ann, ben)
        watch = await Watch(ben).begin()
        waiting = asyncio.create_task(ann.sync((await ann.sync())["next_batch"], 60_000))
        await watch.presence(ann, "online")
        await asyncio.sleep(2)
        assert (await ben.call("GET", f"/presence/{ann.user_id}/status"))["presence"] == "online"

        await stack.aclose()
        await watch.presence(ann, "offline")
        waiting.cancel()


async def test_nats_is_lost_and_found(start: Start, tmp_path: Path) -> None:
    nats = await asyncio.to_thread(Nats, tmp_path)
    async with start("a", nats.url) as a, start("b", nats.url) as b:
        ann, ben = await a.register("ann"), await b.register("ben")
        room_id = await room_of(ann, ben)
        watch = await Watch(ben).begin()

        await asyncio.to_thread(nats.stop)
        await asyncio.sleep(0.2)
        await types(ann, room_id)
        await ann.sync()
        answer = await ben.sync(watch.token, 500, set_presence="offline")
        assert (typing_in(answer, room_id), presence_in(answer, ann)) == ([], [])

        await asyncio.to_thread(nats.start)
        seen: set[str] = set()

        def both(answer: Json) -> bool:
            seen.update(["typing"] * ([ann.user_id] in typing_in(answer, room_id)))
            seen.update(content["presence"] for content in presence_in(answer, ann))
            return seen == {"typing", "online"}

        await watch.until(both)
        await types(ann, room_id, typing=False)
        await watch.typing(room_id)
    await asyncio.to_thread(nats.stop)
