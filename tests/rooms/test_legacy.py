"""The deprecated ways to follow rooms."""

import asyncio
from typing import Any

from ..api import Homeserver, User
from .helpers import people, put_state, room_of


async def events(user: User, since: str | None = None, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = await user.call("GET", "/events", **{"from": since, "timeout": 0, **params})
    return found


async def until(user: User, since: str, *kinds: str) -> dict[str, Any]:
    """The event of each type, waited for one answer after the other."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(10):
        while not found.keys() >= set(kinds):
            page = await events(user, since, timeout=5000)
            since = page["end"]
            found.update((event["type"], event) for event in page["chunk"])
    return {**found, "end": since}


async def test_the_event_stream(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    start = (await events(bob))["end"]
    waiting = asyncio.create_task(until(bob, start, "m.room.message"))
    await asyncio.sleep(0.1)
    sent = await alice.send(room_id, "hello")
    assert (await waiting)["m.room.message"]["event_id"] == sent
    await bob.call("POST", f"/rooms/{room_id}/receipt/m.read/{sent}")
    await alice.call("PUT", f"/rooms/{room_id}/typing/{alice.user_id}", {"typing": True, "timeout": 5000})
    await alice.call("PUT", f"/user/{alice.user_id}/rooms/{room_id}/tags/m.favourite", {})
    seen = await until(alice, start, "m.receipt", "m.typing", "m.tag")
    assert seen["m.receipt"]["room_id"] == room_id
    assert seen["m.typing"]["content"]["user_ids"] == [alice.user_id]
    assert seen["m.tag"]["room_id"] == room_id
    rest = await events(alice, seen["end"])
    assert {event["type"] for event in rest["chunk"]} <= {"m.presence"}


async def test_looking_into_a_room(client: Homeserver) -> None:
    alice, eve = await people(client, "alice", "eve")
    room_id = await room_of(alice)
    await eve.fail("GET", "/events", status=403, room_id=room_id, timeout=0)
    await put_state(alice, room_id, "m.room.history_visibility", {"history_visibility": "world_readable"})
    start = (await events(eve, room_id=room_id))["end"]
    sent = await alice.send(room_id, "x")
    page = await events(eve, start, room_id=room_id, timeout=5000)
    assert sent in [event.get("event_id") for event in page["chunk"]]


async def test_initial_sync(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    here, left = await room_of(alice, bob, name="here"), await room_of(alice, bob, name="before")
    invited = await alice.create_room(invite=[bob.user_id])
    seen = await alice.send(left, "seen")
    await bob.call("POST", f"/rooms/{left}/leave")
    await put_state(alice, left, "m.room.name", {"name": "after"})
    sent = await alice.send(here, "x")
    body = await bob.call("GET", "/initialSync", limit=1)
    rooms = {room["room_id"]: room for room in body["rooms"]}
    assert set(rooms) == {here, invited}
    assert rooms[invited]["membership"] == "invite"
    assert [event["event_id"] for event in rooms[here]["messages"]["chunk"]] == [sent]
    archived = await bob.call("GET", "/initialSync", limit=2, archived="true")
    gone = next(room for room in archived["rooms"] if room["room_id"] == left)
    assert gone["membership"] == "leave"
    assert gone["messages"]["chunk"][0]["event_id"] == seen
    assert [event["content"] for event in gone["state"] if event["type"] == "m.room.name"] == [{"name": "before"}]
    one = await bob.call("GET", f"/rooms/{here}/initialSync", limit=0)
    assert one["messages"]["chunk"] == []
    assert {event["sender"] for event in one["presence"]} == {alice.user_id, bob.user_id}
    for bad in ("-1", "many"):
        assert await bob.fail("GET", "/initialSync", limit=bad, status=400) == "M_INVALID_PARAM"
    eve = await client.register("eve")
    await eve.fail("GET", f"/rooms/{here}/initialSync", status=403)
