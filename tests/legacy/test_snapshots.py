"""`GET /initialSync`, of everything and of one room."""

import pytest

from ..api import Homeserver
from ..rooms.helpers import people, put_state, room_of


async def test_everything_of_a_person(client: Homeserver) -> None:
    ada, bob = await people(client, "ada", "bob")
    room_id = await room_of(ada, bob, name="Lemurs", visibility="public")
    await ada.call("PUT", f"/user/{ada.user_id}/account_data/org.test", {"a": 1})
    await ada.call("PUT", f"/user/{ada.user_id}/rooms/{room_id}/tags/work", {"order": 0.5})
    sent = [await ada.send(room_id, f"message {number}") for number in range(3)]
    await bob.call("POST", f"/rooms/{room_id}/receipt/m.read/{sent[1]}")
    await ada.sync()

    answer = await ada.call("GET", "/initialSync", limit=2)
    (room,) = answer["rooms"]
    assert (room["room_id"], room["membership"], room["visibility"]) == (room_id, "join", "public")
    assert [event["event_id"] for event in room["messages"]["chunk"]] == sent[1:]
    assert {event["user_id"] for event in room["messages"]["chunk"]} == {ada.user_id}
    assert {"type": "m.tag", "content": {"tags": {"work": {"order": 0.5}}}} in room["account_data"]
    state = {(event["type"], event["state_key"]): event for event in room["state"]}
    assert state["m.room.name", ""]["content"] == {"name": "Lemurs"}
    assert state["m.room.member", bob.user_id]["user_id"] == bob.user_id
    (receipt,) = answer["receipts"]
    assert (receipt["type"], receipt["room_id"]) == ("m.receipt", room_id)
    assert list(receipt["content"]) == [sent[1]]
    assert {"type": "org.test", "content": {"a": 1}} in answer["account_data"]
    own = next(event for event in answer["presence"] if event["content"]["user_id"] == ada.user_id)
    assert (own["type"], own["content"]["presence"]) == ("m.presence", "online")

    older = await ada.call("GET", f"/rooms/{room_id}/messages", dir="b", limit=1, **{"from": room["messages"]["start"]})
    assert [event["event_id"] for event in older["chunk"]] == sent[:1]
    assert (await ada.call("GET", "/events", timeout=0, **{"from": answer["end"]}))["chunk"] == []
    (room,) = (await ada.call("GET", "/initialSync", limit=0))["rooms"]
    assert room["messages"]["chunk"] == []


async def test_invitations_and_departures(client: Homeserver) -> None:
    ada, bob = await people(client, "ada", "bob")
    left, invited, refused = await room_of(ada, bob, name="before"), await room_of(ada), await room_of(ada)
    last = await ada.send(left, "before")
    await bob.call("POST", f"/rooms/{left}/leave")
    await ada.send(left, "after")
    await put_state(ada, left, "m.room.name", {"name": "after"})
    for room_id in (invited, refused):
        await ada.call("POST", f"/rooms/{room_id}/invite", {"user_id": bob.user_id})
    await bob.call("POST", f"/rooms/{refused}/leave")

    (room,) = (await bob.call("GET", "/initialSync"))["rooms"]
    assert (room["room_id"], room["membership"]) == (invited, "invite")
    assert (room["invite"]["state_key"], room["invite"]["content"]["membership"]) == (bob.user_id, "invite")
    assert "state" not in room

    rooms = {room["room_id"]: room for room in (await bob.call("GET", "/initialSync", archived=True, limit=2))["rooms"]}
    assert set(rooms) == {left, invited}
    assert rooms[left]["membership"] == "leave"
    assert rooms[left]["messages"]["chunk"][0]["event_id"] == last
    assert [event["content"] for event in rooms[left]["state"] if event["type"] == "m.room.name"] == [
        {"name": "before"}
    ]
    alone = await bob.call("GET", f"/rooms/{left}/initialSync", limit=2)
    assert alone["messages"]["chunk"] == rooms[left]["messages"]["chunk"]
    assert alone["presence"] == alone["receipts"] == []


async def test_one_room_with_everybody_in_it(client: Homeserver) -> None:
    ada, bob = await people(client, "ada", "bob")
    room_id = await room_of(ada, bob)
    sent = await ada.send(room_id)
    await ada.call("POST", f"/rooms/{room_id}/receipt/m.read/{sent}")
    room = await bob.call("GET", f"/rooms/{room_id}/initialSync")
    assert (room["room_id"], room["membership"], room["visibility"]) == (room_id, "join", "private")
    assert room["messages"]["chunk"][-1]["event_id"] == sent
    assert {event["content"]["user_id"] for event in room["presence"]} == {ada.user_id, bob.user_id}
    assert [list(event["content"]) for event in room["receipts"]] == [[sent]]


async def test_only_a_world_readable_room_is_shown_to_strangers(client: Homeserver) -> None:
    ada, eve = await people(client, "ada", "eve")
    room_id = await room_of(ada)
    await ada.send(room_id, "before")
    assert await eve.fail("GET", f"/rooms/{room_id}/initialSync", status=403) == "M_FORBIDDEN"
    assert await eve.fail("GET", "/rooms/!nowhere/initialSync", status=403) == "M_FORBIDDEN"
    await put_state(ada, room_id, "m.room.history_visibility", {"history_visibility": "world_readable"})
    await ada.send(room_id, "after")
    room = await eve.call("GET", f"/rooms/{room_id}/initialSync")
    assert [event["content"].get("body") for event in room["messages"]["chunk"]] == [None, "after"]


@pytest.mark.parametrize("path", ["/initialSync", "/rooms/!r/initialSync", "/events"])
async def test_bad_limits(client: Homeserver, path: str) -> None:
    ada = await client.register("ada")
    for limit in ("hello", "-2"):
        assert await ada.fail("GET", path, status=400, limit=limit) == "M_INVALID_PARAM"
