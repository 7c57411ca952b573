"""For any history, folding incremental syncs gives what one initial sync gives."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..api import Homeserver, User, unique
from .client import KnownRoom, Observer

EXAMPLES = int(os.environ.get("PALABRE_EXAMPLES", "25"))
PEOPLE = 3
ROOMS = 2

Step = tuple[Any, ...]

_person = st.integers(0, PEOPLE - 1)
_room = st.integers(0, ROOMS - 1)
_number = st.integers(0, 30)

STEPS = st.one_of(
    st.tuples(st.just("sync"), st.integers(0, 9)),
    st.tuples(st.just("send"), _person, _room, st.integers(1, 4)),
    st.tuples(
        st.just("state"), _person, _room, st.sampled_from(["m.room.name", "m.room.topic", "a.b", "c.d"]), _number
    ),
    st.tuples(st.just("visibility"), _room, st.sampled_from(["shared", "joined", "invited", "world_readable"])),
    st.tuples(st.just("join"), _person, _room),
    st.tuples(st.just("leave"), _person, _room),
    st.tuples(st.sampled_from(["invite", "kick", "ban", "unban"]), _person, _room, _person),
    st.tuples(st.just("receipt"), _person, _room, st.sampled_from(["m.read", "m.read.private"]), _number),
    st.tuples(st.just("markers"), _person, _room, _number),
    st.tuples(st.just("thread"), _person, _room, _number),
    st.tuples(st.just("redact"), _person, _room, _number),
    st.tuples(st.sampled_from(["tag", "untag"]), _person, _room, st.sampled_from(["m.favourite", "u.x"])),
    st.tuples(st.just("account_data"), _person, st.sampled_from(["x.y", "z"]), _number),
    st.tuples(st.just("room_account_data"), _person, _room, st.sampled_from(["x.y", "z"]), _number),
    st.tuples(st.just("rename"), _person, _number),
    st.tuples(st.just("rule"), _person, _room),
)


class History:
    """People, rooms, and what happens. Steps that the server refuses are part of the game."""

    def __init__(self, people: list[User], rooms: list[str]) -> None:
        self.people = people
        self.rooms = rooms
        self.sent: dict[str, list[str]] = {room_id: [] for room_id in rooms}
        self.observers = [
            Observer(people[0], limit=2),
            Observer(people[0], limit=4, state_after=True),
            Observer(people[0], limit=3, lazy=True),
            Observer(people[1], limit=1),
            Observer(people[1], limit=20, lazy=True, state_after=True),
            Observer(people[2], limit=5),
        ]

    async def take(self, step: Step) -> None:
        await getattr(self, f"_{step[0]}", self._member)(*(step[1:] if hasattr(self, f"_{step[0]}") else step))

    async def _call(self, person: int, method: str, path: str, body: Any = None) -> Any:
        answer = await self.people[person].request(method, path, body)
        assert answer.status_code < 500, answer.text
        return answer.json()

    async def _event(self, person: int, room: int, method: str, path: str, body: Any) -> None:
        room_id = self.rooms[room]
        answer = await self._call(person, method, f"/rooms/{room_id}/{path}", body)
        if "event_id" in answer:
            self.sent[room_id].append(answer["event_id"])

    def _some_event(self, room: int, number: int) -> str:
        sent = self.sent[self.rooms[room]]
        return sent[-1 - number % len(sent)] if sent else "$none"

    async def _sync(self, which: int) -> None:
        for observer in self.observers if which >= len(self.observers) else [self.observers[which]]:
            await observer.sync()

    async def _send(self, person: int, room: int, times: int) -> None:
        for _ in range(times):
            body = {"msgtype": "m.text", "body": "hello"}
            await self._event(person, room, "PUT", f"send/m.room.message/{unique('t')}", body)

    async def _thread(self, person: int, room: int, number: int) -> None:
        relation = {"rel_type": "m.thread", "event_id": self._some_event(room, number)}
        body = {"msgtype": "m.text", "body": "in a thread", "m.relates_to": relation}
        await self._event(person, room, "PUT", f"send/m.room.message/{unique('t')}", body)

    async def _state(self, person: int, room: int, type_: str, number: int) -> None:
        field = {"m.room.name": "name", "m.room.topic": "topic"}.get(type_, "value")
        await self._event(person, room, "PUT", f"state/{type_}/", {field: str(number)})

    async def _visibility(self, room: int, value: str) -> None:
        await self._event(0, room, "PUT", "state/m.room.history_visibility/", {"history_visibility": value})

    async def _join(self, person: int, room: int) -> None:
        await self._call(person, "POST", f"/join/{self.rooms[room]}", {})

    async def _leave(self, person: int, room: int) -> None:
        await self._call(person, "POST", f"/rooms/{self.rooms[room]}/leave", {})

    async def _member(self, what: str, person: int, room: int, other: int) -> None:
        body = {"user_id": self.people[other].user_id}
        await self._call(person, "POST", f"/rooms/{self.rooms[room]}/{what}", body)

    async def _receipt(self, person: int, room: int, type_: str, number: int) -> None:
        body = {"thread_id": "main"} if number % 3 == 0 else {}
        path = f"/rooms/{self.rooms[room]}/receipt/{type_}/{self._some_event(room, number)}"
        await self._call(person, "POST", path, body)

    async def _markers(self, person: int, room: int, number: int) -> None:
        event_id = self._some_event(room, number)
        body = {"m.fully_read": event_id, "m.read": event_id}
        await self._call(person, "POST", f"/rooms/{self.rooms[room]}/read_markers", body)

    async def _redact(self, person: int, room: int, number: int) -> None:
        await self._event(person, room, "PUT", f"redact/{self._some_event(room, number)}/{unique('t')}", {})

    async def _tag(self, person: int, room: int, tag: str) -> None:
        user_id = self.people[person].user_id
        await self._call(person, "PUT", f"/user/{user_id}/rooms/{self.rooms[room]}/tags/{tag}", {"order": 0.5})

    async def _untag(self, person: int, room: int, tag: str) -> None:
        user_id = self.people[person].user_id
        await self._call(person, "DELETE", f"/user/{user_id}/rooms/{self.rooms[room]}/tags/{tag}")

    async def _account_data(self, person: int, type_: str, number: int) -> None:
        user_id = self.people[person].user_id
        await self._call(person, "PUT", f"/user/{user_id}/account_data/{type_}", {"value": number})

    async def _room_account_data(self, person: int, room: int, type_: str, number: int) -> None:
        user_id = self.people[person].user_id
        path = f"/user/{user_id}/rooms/{self.rooms[room]}/account_data/{type_}"
        await self._call(person, "PUT", path, {"value": number})

    async def _rename(self, person: int, number: int) -> None:
        user_id = self.people[person].user_id
        await self._call(person, "PUT", f"/profile/{user_id}/displayname", {"displayname": f"Name {number}"})

    async def _rule(self, person: int, room: int) -> None:
        rule: dict[str, Any] = {"actions": []}
        await self._call(person, "PUT", f"/pushrules/global/sender/{self.people[(person + 1) % PEOPLE].user_id}", rule)

    async def end(self) -> None:
        """Leave nothing behind that the next history would see."""
        for user in self.people:
            for room_id in self.rooms:
                await user.request("POST", f"/rooms/{room_id}/leave", {})
                await user.request("POST", f"/rooms/{room_id}/forget", {})
            await user.request("DELETE", f"/pushrules/global/sender/{user.user_id}")


def same_room(folded: KnownRoom, fresh: KnownRoom, *, lazy: bool, gone: bool = False) -> None:
    state, whole = folded.state_ids(), fresh.state_ids()
    if lazy:
        # What members the client was told of are the right ones, and of who spoke it was told.
        assert {key: whole.get(key) for key in state} == state
        assert {key for key in whole if key[0] != "m.room.member"} <= set(state)
        assert {("m.room.member", event["sender"]) for event in folded.timeline} <= set(state)
    else:
        assert state == whole
    old, new = folded.timeline_ids(), fresh.timeline_ids()
    assert len(set(old)) == len(old)
    assert [event_id for event_id in old if event_id in new] == [event_id for event_id in new if event_id in old]
    assert old[-1:] == new[-1:]
    if gone:
        return
    assert folded.receipts == fresh.receipts
    assert folded.account_data == fresh.account_data
    assert folded.unread == fresh.unread
    for count in ("m.joined_member_count", "m.invited_member_count"):
        assert folded.summary[count] == fresh.summary[count]


async def check(observer: Observer) -> None:
    await observer.sync()
    fresh = Observer(observer.user, limit=100, state_after=observer.state_after)
    await fresh.sync(include_leave=True)
    assert set(observer.joined) == set(fresh.joined)
    assert set(observer.invited) == set(fresh.invited)
    assert observer.account_data == fresh.account_data
    for room_id, room in fresh.joined.items():
        same_room(observer.joined[room_id], room, lazy=observer.lazy)
    for room_id, room in observer.left.items():
        if room.state.keys() - {("m.room.member", observer.user.user_id)} and room_id in fresh.left:
            same_room(room, fresh.left[room_id], lazy=observer.lazy, gone=True)


FOUND: list[list[Step]] = [
    [("leave", 0, 0), ("invite", 2, 0, 0)],
    [("leave", 1, 0), ("ban", 0, 0, 1)],
    [("leave", 1, 0), ("sync", 9), ("ban", 0, 0, 1)],
    [("leave", 1, 0), ("visibility", 0, "world_readable"), ("ban", 0, 0, 1)],
    [("send", 0, 1, 3), ("receipt", 0, 1, "m.read", 0), ("sync", 9), ("state", 0, 1, "c.d", 29), ("markers", 0, 1, 1)],
    [("join", 1, 1), ("leave", 1, 1), ("sync", 4), ("join", 1, 1), ("leave", 1, 1)],
    [("join", 2, 1), ("join", 1, 1), ("sync", 6), ("leave", 0, 1), ("leave", 1, 1), ("join", 0, 1), ("send", 0, 1, 3)],
    [("leave", 0, 0), ("invite", 2, 0, 0), ("sync", 9), ("join", 0, 0), ("leave", 2, 0), ("send", 1, 0, 2)],
    [
        ("join", 2, 1),
        ("visibility", 1, "invited"),
        ("rename", 2, 22),
        ("join", 1, 1),
        ("leave", 1, 1),
        ("rename", 2, 9),
    ],
]
"""Histories that were once folded wrongly."""


@pytest.mark.parametrize("steps", FOUND, ids=str)
async def test_what_went_wrong_once(client: Homeserver, steps: list[Step]) -> None:
    await play([await client.register(name) for name in ("ann", "ben", "cleo")], steps)


async def play(people: list[User], steps: list[Step]) -> None:
    rooms = [
        await people[0].create_room(preset="public_chat", power_level_content_override=POWER) for _ in range(ROOMS)
    ]
    history = History(people, rooms)
    try:
        for person in range(1, PEOPLE):
            await history._join(person, 0)
        await history._sync(9)
        for step in steps:
            await history.take(step)
        for observer in history.observers:
            await check(observer)
    finally:
        await history.end()


POWER = {"users_default": 50, "events": {"m.room.history_visibility": 0}}


# The same histories each time, so that a red run means a change; more of them, and others, with PALABRE_EXAMPLES.
@settings(
    max_examples=EXAMPLES,
    derandomize="PALABRE_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(steps=st.lists(STEPS, min_size=10, max_size=60))
async def test_increments_add_up(client: Homeserver, people: list[User], steps: list[Step]) -> None:
    if not people:
        people += [await client.register(name) for name in ("ann", "ben", "cleo")]
    await play(people, steps)


@pytest.fixture
def people() -> list[User]:
    """Registered by the first history, and kept for the others."""
    return []
