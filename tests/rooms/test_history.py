"""Paging through a room, events and their surroundings, members at a point in time."""

from typing import Any

import pytest

from ..api import Homeserver
from .helpers import V1, messages, people, put_state, room_of, send


async def test_paging_back_and_forth_gives_every_event_once(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    for number in range(17):
        await alice.send(room_id, str(number))
    walked: dict[str, list[str]] = {"b": [], "f": []}
    for direction, seen in walked.items():
        token = None
        while True:
            page = await messages(alice, room_id, direction, limit=5, **{"from": token})
            assert len(page["chunk"]) <= 5
            seen += [event["event_id"] for event in page["chunk"]]
            if token is not None:
                assert page["start"] == token
            token = page.get("end")
            if token is None:
                break
    assert walked["b"] == walked["f"][::-1]
    everything = [event["event_id"] for event in (await messages(alice, room_id, limit=100))["chunk"]]
    assert walked["b"] == everything
    assert len(set(everything)) == len(everything) > 17


async def test_to_stops_a_page(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    for number in range(6):
        await alice.send(room_id, str(number))
    newest = await messages(alice, room_id, limit=2)
    older = await messages(alice, room_id, limit=2, **{"from": newest["end"]})
    between = await messages(alice, room_id, limit=50, **{"from": newest["end"], "to": older["end"]})
    assert between["chunk"] == older["chunk"]
    forward = await messages(alice, room_id, "f", limit=50, **{"from": older["end"], "to": newest["end"]})
    assert forward["chunk"] == older["chunk"][::-1]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "M_MISSING_PARAM"),
        ({"dir": "x"}, "M_INVALID_PARAM"),
        ({"dir": "b", "from": "nonsense"}, "M_INVALID_PARAM"),
        ({"dir": "b", "limit": "many"}, "M_INVALID_PARAM"),
        ({"dir": "b", "filter": "{"}, "M_NOT_JSON"),
        ({"dir": "b", "filter": '{"types": 1}'}, "M_BAD_JSON"),
    ],
)
async def test_bad_parameters(client: Homeserver, params: dict[str, str], code: str) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    assert await alice.fail("GET", f"/rooms/{room_id}/messages", status=400, **params) == code


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"types": ["m.room.message"]}, ["text", "file", "other"]),
        ({"types": ["m.room.*"], "not_types": ["m.room.message"]}, None),
        ({"types": ["m.room.message"], "contains_url": True}, ["file"]),
        ({"types": ["m.room.message"], "contains_url": False}, ["text", "other"]),
        ({"senders": [], "types": ["m.room.message"]}, []),
    ],
)
async def test_filters(client: Homeserver, chosen: dict[str, Any], expected: list[str] | None) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    await send(alice, room_id, "m.room.message", {"msgtype": "m.text", "body": "text"})
    await send(alice, room_id, "m.room.message", {"msgtype": "m.file", "body": "file", "url": "mxc://a/b"})
    await send(bob, room_id, "m.room.message", {"msgtype": "m.text", "body": "other"})
    await send(bob, room_id, "org.example", {})
    page = await messages(alice, room_id, "f", limit=100, filter=chosen)
    if expected is None:
        every = (await messages(alice, room_id, "f", limit=100))["chunk"]
        assert page["chunk"] == [event for event in every if event["type"] not in ("m.room.message", "org.example")]
        assert page["chunk"]
    else:
        assert [event["content"]["body"] for event in page["chunk"]] == expected


async def test_a_filter_that_lets_little_through_pages_on(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    for number in range(9):
        await (bob if number % 4 == 0 else alice).send(room_id, str(number))
    chosen = {"senders": [bob.user_id], "types": ["m.room.message"]}
    first = await messages(alice, room_id, limit=2, filter=chosen)
    second = await messages(alice, room_id, limit=2, filter=chosen, **{"from": first["end"]})
    texts = [[event["content"]["body"] for event in page["chunk"]] for page in (first, second)]
    assert texts == [["8", "4"], ["0"]]


async def test_lazy_members(client: Homeserver) -> None:
    alice, bob, carol = await people(client, "alice", "bob", "carol")
    room_id = await room_of(alice, bob, carol)
    await bob.send(room_id, "x")
    page = await messages(alice, room_id, limit=1, filter={"lazy_load_members": True})
    assert [event["state_key"] for event in page["state"]] == [bob.user_id]
    assert "state" not in await messages(alice, room_id, limit=1)


async def test_ignored_people_are_left_out_but_their_state_is_not(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    await bob.send(room_id, "noise")
    await alice.send(room_id, "signal")
    ignored: dict[str, Any] = {"ignored_users": {bob.user_id: {}}}
    await alice.call("PUT", f"/user/{alice.user_id}/account_data/m.ignored_user_list", ignored)
    chunk = (await messages(alice, room_id, limit=100))["chunk"]
    assert [event["content"]["body"] for event in chunk if event["type"] == "m.room.message"] == ["signal"]
    assert bob.user_id in [event.get("state_key") for event in chunk]


async def test_context(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    sent = [await alice.send(room_id, str(number)) for number in range(7)]
    await put_state(alice, room_id, "m.room.topic", {"topic": "later"})
    found = await alice.call("GET", f"/rooms/{room_id}/context/{sent[3]}", limit=4)
    assert found["event"]["event_id"] == sent[3]
    assert [event["event_id"] for event in found["events_before"]] == [sent[2], sent[1]]
    assert [event["event_id"] for event in found["events_after"]] == [sent[4], sent[5]]
    assert "m.room.topic" not in {event["type"] for event in found["state"]}
    back = await messages(alice, room_id, limit=1, **{"from": found["start"]})
    assert back["chunk"][0]["event_id"] == sent[0]
    on = await messages(alice, room_id, "f", limit=1, **{"from": found["end"]})
    assert on["chunk"][0]["event_id"] == sent[6]
    alone = await alice.call("GET", f"/rooms/{room_id}/context/{sent[3]}", limit=0)
    assert (alone["events_before"], alone["events_after"]) == ([], [])


async def test_event_of_another_room_is_not_found(client: Homeserver) -> None:
    alice = await client.register("alice")
    here, there = await room_of(alice), await room_of(alice)
    sent = await alice.send(there, "x")
    assert await alice.fail("GET", f"/rooms/{here}/event/{sent}", status=404) == "M_NOT_FOUND"
    assert await alice.fail("GET", f"/rooms/{here}/event/$nothing", status=404) == "M_NOT_FOUND"
    assert await alice.fail("GET", f"/rooms/{here}/context/{sent}", status=404) == "M_NOT_FOUND"


async def test_event_nearest_to_a_moment(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    other = await room_of(alice)
    for _ in range(5):
        await alice.send(room_id)
        await alice.send(other)
    timeline = (await messages(alice, room_id, "f", limit=100))["chunk"]
    path = f"{V1}/rooms/{room_id}/timestamp_to_event"
    for ts in {event["origin_server_ts"] for event in timeline}:
        for moment in (ts - 1, ts, ts + 1):
            after = [event for event in timeline if event["origin_server_ts"] >= moment]
            before = [event for event in timeline if event["origin_server_ts"] <= moment]
            for direction, wanted in (("f", after[:1]), ("b", before[-1:])):
                if wanted:
                    found = await alice.call("GET", path, ts=moment, dir=direction)
                    assert found["event_id"] == wanted[0]["event_id"]
                else:
                    await alice.fail("GET", path, ts=moment, dir=direction, status=404)
    assert await alice.fail("GET", path, dir="f", status=400) == "M_MISSING_PARAM"


async def test_members_by_membership_and_at_a_point(client: Homeserver) -> None:
    alice, bob, carol = await people(client, "alice", "bob", "carol")
    room_id = await room_of(alice)
    await bob.call("POST", f"/join/{room_id}")
    then = (await messages(alice, room_id, limit=1))["start"]
    await carol.call("POST", f"/join/{room_id}")
    await bob.call("POST", f"/rooms/{room_id}/leave")

    async def members(**params: Any) -> set[str]:
        answer = await alice.call("GET", f"/rooms/{room_id}/members", **params)
        return {event["state_key"] for event in answer["chunk"]}

    assert await members() == {alice.user_id, bob.user_id, carol.user_id}
    assert await members(membership="join") == {alice.user_id, carol.user_id}
    assert await members(not_membership="join") == {bob.user_id}
    assert await members(at=then) == {alice.user_id, bob.user_id}
    assert await members(at=then, membership="join") == {alice.user_id, bob.user_id}
