"""A room in memory keeps no decoded member events: it may have tens of thousands."""

from palabre.core import json
from palabre.messaging.rooms.models import Event, Room
from palabre.messaging.rooms.registry import build_room


def member(pos: int, user_id: str, membership: str, *, decoded: bool) -> Event:
    body = {
        "type": "m.room.member",
        "state_key": user_id,
        "sender": user_id,
        "content": {"membership": membership, "displayname": user_id.upper()},
        "event_id": f"${pos}",
    }
    known = body if decoded else None
    return Event(
        pos, f"${pos}", "!room", "m.room.member", user_id, user_id, pos, json.encode(body), None, None, None, known
    )


def check(room: Room) -> None:
    assert room.joined == {"@a:x", "@b:x"}
    assert room.members("invite") == ["@c:x"]
    assert [room.membership(f"@{name}:x") for name in "abcd"] == ["join", "join", "invite", "leave"]
    assert room.content("m.room.member", "@a:x") == {"membership": "join", "displayname": "@A:X"}
    event = room.state["m.room.member", "@a:x"]
    assert (event.body["sender"], event.stripped()["content"]["displayname"]) == ("@a:x", "@A:X")
    assert [event.parsed for event in room.state.values()] == [None] * 3


def test_a_room_read_from_the_store() -> None:
    people = {"@a:x": "join", "@b:x": "join", "@c:x": "invite"}
    check(build_room("!room", "11", [member(n, *who, decoded=False) for n, who in enumerate(people.items(), 1)]))


def test_a_room_that_people_came_to() -> None:
    room = build_room("!room", "11", [])
    for event in (
        member(1, "@a:x", "join", decoded=True),
        member(2, "@c:x", "join", decoded=True),
        member(3, "@b:x", "join", decoded=True),
        member(4, "@c:x", "invite", decoded=True),
    ):
        room = room.with_state(event)
        assert event.parsed is not None, "what has just happened is still decoded for those who read it"
    check(room)
