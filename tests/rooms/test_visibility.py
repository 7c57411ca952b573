"""Who may read which part of a room's past."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palabre.messaging.history.visibility import visible

from ..api import Homeserver
from .helpers import bodies, event, messages, password_auth, people, put_state, room_of, send, state

VALUES = ("world_readable", "shared", "invited", "joined", "not a value")
MEMBERSHIPS = ("join", "leave", "invite", "ban", "knock")
Changes = list[tuple[int, str]]


def _at(changes: Changes, pos: int, default: str) -> str:
    return next((value for at, value in reversed(changes) if at <= pos), default)


def _allowed(pos: int, history: str, membership: str, memberships: Changes) -> bool:
    """The five rules of the specification, word for word."""
    if history == "world_readable" or membership == "join":
        return True
    if history in ("shared", "not a value") and any(at > pos and value == "join" for at, value in memberships):
        return True
    return history == "invited" and membership == "invite"


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.integers(0, 4)), max_size=14))
def test_intervals_say_what_the_rules_say(steps: list[tuple[int, bool, int]]) -> None:
    pos = 0
    histories: Changes = []
    memberships: Changes = []
    for gap, is_history, pick in steps:
        pos += gap
        if is_history:
            histories.append((pos, VALUES[pick]))
        else:
            memberships.append((pos, MEMBERSHIPS[pick]))
    found = visible(histories, memberships)
    everywhere = range(pos + 3)
    allowed = [
        at
        for at in everywhere
        if any(
            _allowed(at, _at(histories, seen, "shared"), _at(memberships, seen, "leave"), memberships)
            for seen in (at - 1, at)
        )
    ]
    assert [at for at in everywhere if found.allows(at)] == allowed
    for at in range(pos + 2):
        assert found.last_before(at) == max((one for one in allowed if one <= at), default=0)
        assert found.first_after(at) == min((one for one in allowed if one > at), default=None)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("world_readable", ["early", "before invite", "before join", "after join"]),
        ("shared", ["early", "before invite", "before join", "after join"]),
        ("invited", ["early", "before join", "after join"]),
        ("joined", ["early", "after join"]),
    ],
)
async def test_what_a_new_member_sees(client: Homeserver, setting: str, expected: list[str]) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice)
    await alice.send(room_id, "early")
    await put_state(alice, room_id, "m.room.history_visibility", {"history_visibility": setting})
    hidden = await alice.send(room_id, "before invite")
    await alice.call("POST", f"/rooms/{room_id}/invite", {"user_id": bob.user_id})
    await alice.send(room_id, "before join")
    await bob.call("POST", f"/join/{room_id}")
    await alice.send(room_id, "after join")
    assert await bodies(bob, room_id) == expected
    path = f"/rooms/{room_id}/event/{hidden}"
    if "before invite" in expected:
        await bob.call("GET", path)
    else:
        assert await bob.fail("GET", path, status=404) == "M_NOT_FOUND"
        assert await bob.fail("GET", f"/rooms/{room_id}/context/{hidden}", status=404) == "M_NOT_FOUND"


async def test_who_left_sees_the_room_as_it_was(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob, name="before")
    await alice.send(room_id, "seen")
    await bob.call("POST", f"/rooms/{room_id}/leave")
    unseen = await alice.send(room_id, "not seen")
    await put_state(alice, room_id, "m.room.name", {"name": "after"})
    assert await bodies(bob, room_id) == ["seen"]
    assert await state(bob, room_id, "m.room.name") == {"name": "before"}
    members = (await bob.call("GET", f"/rooms/{room_id}/members"))["chunk"]
    assert {one["state_key"]: one["content"]["membership"] for one in members} == {
        alice.user_id: "join",
        bob.user_id: "leave",
    }
    await bob.fail("GET", f"/rooms/{room_id}/event/{unseen}", status=404)
    assert (await messages(bob, room_id, "f", limit=100))["chunk"][-1]["state_key"] == bob.user_id
    await bob.call("POST", f"/join/{room_id}")
    assert await bodies(bob, room_id) == ["seen", "not seen"]


async def test_the_gap_between_two_stays_is_hidden_where_only_members_read(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    visibility = {"type": "m.room.history_visibility", "content": {"history_visibility": "joined"}}
    room_id = await room_of(alice, initial_state=[visibility])
    await alice.send(room_id, "0")
    for number in (1, 3):
        await bob.call("POST", f"/join/{room_id}")
        await alice.send(room_id, str(number))
        await bob.call("POST", f"/rooms/{room_id}/leave")
        await alice.send(room_id, str(number + 1))
    assert await bodies(bob, room_id) == ["1", "3"]


async def test_a_stranger_reads_what_is_world_readable_and_nothing_else(client: Homeserver) -> None:
    alice, eve = await people(client, "alice", "eve")
    room_id = await room_of(alice)
    await alice.send(room_id, "private")
    await eve.fail("GET", f"/rooms/{room_id}/messages", status=403, dir="b")
    change = await put_state(alice, room_id, "m.room.history_visibility", {"history_visibility": "world_readable"})
    await alice.send(room_id, "public")
    page = await messages(eve, room_id, limit=100)
    assert [one["event_id"] for one in page["chunk"]][-1] == change
    assert await bodies(eve, room_id) == ["public"]
    assert (await eve.call("GET", f"/rooms/{room_id}/state/m.room.create"))["room_version"]
    await eve.fail("GET", f"/rooms/{room_id}/joined_members", status=403)


async def test_banned_people_see_no_further(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    await alice.send(room_id, "seen")
    await alice.call("POST", f"/rooms/{room_id}/ban", {"user_id": bob.user_id})
    await alice.send(room_id, "not seen")
    assert await bodies(bob, room_id) == ["seen"]


async def test_refusing_an_invitation_opens_nothing(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await alice.create_room(invite=[bob.user_id])
    await alice.send(room_id, "secret")
    for _ in range(2):
        await bob.fail("GET", f"/rooms/{room_id}/messages", status=403, dir="b")
        await bob.fail("GET", f"/rooms/{room_id}/state", status=403)
        await bob.fail("GET", f"/rooms/{room_id}/members", status=403)
        await bob.call("POST", f"/rooms/{room_id}/leave")


async def test_edits_after_leaving_are_not_bundled(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    sent = await alice.send(room_id, "one")
    await bob.call("POST", f"/rooms/{room_id}/leave")
    relation = {"rel_type": "m.replace", "event_id": sent}
    edit: dict[str, Any] = {"body": "* two", "m.new_content": {"body": "two"}, "m.relates_to": relation}
    await send(alice, room_id, "m.room.message", edit)
    assert "m.relations" in (await event(alice, room_id, sent))["unsigned"]
    assert "m.relations" not in (await event(bob, room_id, sent)).get("unsigned", {})


async def test_what_erased_people_wrote_stays_with_who_was_there(client: Homeserver) -> None:
    alice, bob, carol = await people(client, "alice", "bob", "carol")
    room_id = await room_of(alice, bob)
    sent = await alice.send(room_id, "mine")
    relation = {"rel_type": "m.replace", "event_id": sent}
    edit: dict[str, Any] = {"body": "* x", "m.new_content": {"body": "x"}, "m.relates_to": relation}
    await send(alice, room_id, "m.room.message", edit)
    await carol.call("POST", f"/join/{room_id}")
    await alice.call("POST", "/account/deactivate", {"erase": True, "auth": password_auth(alice)})
    assert await bodies(bob, room_id) == ["mine", "* x"]
    texts = [one["content"] for one in (await messages(carol, room_id, limit=100))["chunk"]]
    assert not any("body" in content for content in texts)
    found = await event(carol, room_id, sent)
    assert found["content"] == {}
    assert found.get("unsigned", {}).get("m.relations", {}).get("m.replace", {"content": {}})["content"] == {}
    body = {"search_categories": {"room_events": {"search_term": "mine"}}}
    for reader, count in ((bob, 1), (carol, 0)):
        answer = await reader.call("POST", "/search", body)
        assert answer["search_categories"]["room_events"]["count"] == count
