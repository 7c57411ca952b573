"""Making rooms, sending to them, coming and going, over HTTP."""

import asyncio

import pytest

from ..api import Homeserver, User, unique
from .helpers import bodies, event, people, put_state, room_of, send, state


@pytest.mark.parametrize(
    ("preset", "rule", "guests"),
    [
        ("private_chat", "invite", "can_join"),
        ("trusted_private_chat", "invite", "can_join"),
        ("public_chat", "public", None),
    ],
)
async def test_presets(client: Homeserver, preset: str, rule: str, guests: str | None) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await alice.create_room(preset=preset, invite=[bob.user_id], room_version="11")
    assert await state(alice, room_id, "m.room.join_rules") == {"join_rule": rule}
    if guests is None:
        await alice.fail("GET", f"/rooms/{room_id}/state/m.room.guest_access", status=404)
    else:
        assert await state(alice, room_id, "m.room.guest_access") == {"guest_access": guests}
    assert await state(alice, room_id, "m.room.history_visibility") == {"history_visibility": "shared"}
    users = (await state(alice, room_id, "m.room.power_levels"))["users"]
    expected = {alice.user_id: 100}
    if preset == "trusted_private_chat":
        expected[bob.user_id] = 100
    assert users == expected


@pytest.mark.parametrize("version", [str(number) for number in range(1, 13)])
async def test_every_version(client: Homeserver, version: str) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob, room_version=version, name="Arbre", topic="à palabres")
    create = await state(alice, room_id, "m.room.create")
    assert create["room_version"] == version
    assert ("creator" in create) == (int(version) < 11)
    assert (":" in room_id) == (int(version) < 12)
    assert await state(bob, room_id, "m.room.name") == {"name": "Arbre"}
    await bob.send(room_id, "hello")
    assert await bodies(alice, room_id) == ["hello"]


async def test_create_body_is_checked(client: Homeserver) -> None:
    alice = await client.register("alice")
    assert await alice.fail("POST", "/createRoom", {"room_version": "99"}, status=400) == "M_UNSUPPORTED_ROOM_VERSION"
    assert await alice.fail("POST", "/createRoom", {"invite": "x"}, status=400) == "M_BAD_JSON"
    assert await alice.fail("POST", "/createRoom", {"invite": ["x"]}, status=400) == "M_INVALID_PARAM"
    await alice.fail("POST", "/createRoom", {"invite": ["@nobody:test.local"]}, status=404)
    bad_power = {"power_level_content_override": {"users": {alice.user_id: "much"}}}
    assert await alice.fail("POST", "/createRoom", {**bad_power, "room_version": "10"}, status=400) == "M_BAD_JSON"
    name = unique("palabre")
    await alice.create_room(room_alias_name=name)
    assert await alice.fail("POST", "/createRoom", {"room_alias_name": name}, status=400) == "M_ROOM_IN_USE"


async def test_initial_state_and_encryption(client: Homeserver) -> None:
    alice = await client.register("alice")
    private = await alice.create_room(initial_state=[{"type": "org.example", "state_key": "k", "content": {"v": 1}}])
    assert await state(alice, private, "org.example", "k") == {"v": 1}
    assert (await state(alice, private, "m.room.encryption"))["algorithm"] == "m.megolm.v1.aes-sha2"
    public = await alice.create_room(preset="public_chat")
    assert await alice.fail("GET", f"/rooms/{public}/state/m.room.encryption", status=404) == "M_NOT_FOUND"


async def test_a_direct_chat_needs_no_acceptance(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await alice.create_room(is_direct=True, preset="trusted_private_chat", invite=[bob.user_id])
    assert (await bob.call("GET", "/joined_rooms"))["joined_rooms"] == [room_id]
    await bob.send(room_id, "hi")
    assert await bodies(alice, room_id) == ["hi"]
    direct = await bob.call("GET", f"/user/{bob.user_id}/account_data/m.direct")
    assert direct == {alice.user_id: [room_id]}


async def test_sending_twice_under_one_transaction_sends_once(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    path = f"/rooms/{room_id}/send/m.room.message/txn1"
    body = {"msgtype": "m.text", "body": "once"}
    answers = await asyncio.gather(*(alice.call("PUT", path, body) for _ in range(5)))
    assert len({answer["event_id"] for answer in answers}) == 1
    assert await bodies(alice, room_id) == ["once"]
    other_device = await client.log_in(alice)
    await other_device.call("PUT", path, body)
    assert await bodies(alice, room_id) == ["once", "once"]


async def test_only_the_sending_device_gets_its_transaction_id(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    phone = await client.log_in(alice)
    sent = (await alice.call("PUT", f"/rooms/{room_id}/send/m.room.message/t7", {"body": "x"}))["event_id"]
    assert (await event(alice, room_id, sent))["unsigned"]["transaction_id"] == "t7"
    for other in (bob, phone):
        assert "transaction_id" not in (await event(other, room_id, sent)).get("unsigned", {})


async def test_setting_the_same_state_makes_no_event(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    first = await put_state(alice, room_id, "m.room.name", {"name": "A"})
    assert await put_state(alice, room_id, "m.room.name", {"name": "A"}) == first
    second = await put_state(alice, room_id, "m.room.name", {"name": "B"})
    assert second != first
    found = await event(alice, room_id, second)
    assert found["unsigned"]["prev_content"] == {"name": "A"}
    assert found["unsigned"]["replaces_state"] == first


async def test_who_is_outside_can_do_nothing(client: Homeserver) -> None:
    alice, mallory = await people(client, "alice", "mallory")
    room_id = await alice.create_room()
    for method, path, body in [
        ("PUT", f"/rooms/{room_id}/send/m.room.message/1", {"body": "x"}),
        ("PUT", f"/rooms/{room_id}/state/m.room.name", {"name": "x"}),
        ("POST", f"/rooms/{room_id}/invite", {"user_id": alice.user_id}),
        ("POST", f"/rooms/{room_id}/kick", {"user_id": alice.user_id}),
        ("POST", f"/rooms/{room_id}/ban", {"user_id": alice.user_id}),
        ("POST", f"/join/{room_id}", {}),
        ("POST", f"/knock/{room_id}", {}),
        ("GET", f"/rooms/{room_id}/state", None),
        ("GET", f"/rooms/{room_id}/members", None),
        ("GET", f"/rooms/{room_id}/joined_members", None),
        ("GET", f"/rooms/{room_id}/messages", None),
        ("GET", f"/rooms/{room_id}/aliases", None),
        ("POST", f"/rooms/{room_id}/upgrade", {"new_version": "12"}),
    ]:
        assert await mallory.fail(method, path, body, status=403, dir="b") == "M_FORBIDDEN", path


async def test_invite_join_leave_and_back(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await alice.create_room()
    await alice.call("POST", f"/rooms/{room_id}/invite", {"user_id": bob.user_id, "reason": "come"})
    assert (await state(alice, room_id, "m.room.member", bob.user_id))["membership"] == "invite"
    await bob.call("POST", f"/rooms/{room_id}/join")
    assert set((await alice.call("GET", f"/rooms/{room_id}/joined_members"))["joined"]) == {
        alice.user_id,
        bob.user_id,
    }
    await alice.fail("POST", f"/rooms/{room_id}/invite", {"user_id": bob.user_id}, status=403)
    await bob.call("POST", f"/rooms/{room_id}/leave", {"reason": "bye"})
    assert (await state(alice, room_id, "m.room.member", bob.user_id))["reason"] == "bye"
    await bob.fail("POST", f"/join/{room_id}", status=403)
    await bob.call("POST", f"/rooms/{room_id}/forget")
    await bob.fail("GET", f"/rooms/{room_id}/messages", status=403, dir="b")
    await alice.call("POST", f"/rooms/{room_id}/invite", {"user_id": bob.user_id})
    await bob.call("POST", f"/join/{room_id}")
    await alice.send(room_id, "welcome back")
    assert await bodies(bob, room_id) == ["welcome back"]


async def test_kick_ban_unban(client: Homeserver) -> None:
    alice, bob, carol = await people(client, "alice", "bob", "carol")
    room_id = await room_of(alice, bob, carol)
    await bob.fail("POST", f"/rooms/{room_id}/kick", {"user_id": carol.user_id}, status=403)
    await alice.call("POST", f"/rooms/{room_id}/kick", {"user_id": bob.user_id, "reason": "calm down"})
    assert await state(alice, room_id, "m.room.member", bob.user_id) == {"membership": "leave", "reason": "calm down"}
    await bob.call("POST", f"/join/{room_id}")
    await alice.call("POST", f"/rooms/{room_id}/ban", {"user_id": bob.user_id})
    await bob.fail("POST", f"/join/{room_id}", status=403)
    await alice.fail("POST", f"/rooms/{room_id}/invite", {"user_id": bob.user_id}, status=403)
    await carol.fail("POST", f"/rooms/{room_id}/unban", {"user_id": bob.user_id}, status=403)
    await alice.call("POST", f"/rooms/{room_id}/unban", {"user_id": bob.user_id})
    await bob.call("POST", f"/join/{room_id}")
    await bob.fail("POST", f"/rooms/{room_id}/kick", {"user_id": alice.user_id}, status=403)


async def test_knocking(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await alice.create_room(initial_state=[{"type": "m.room.join_rules", "content": {"join_rule": "knock"}}])
    await bob.fail("POST", f"/join/{room_id}", status=403)
    assert await bob.call("POST", f"/knock/{room_id}", {"reason": "please"}) == {"room_id": room_id}
    assert (await state(alice, room_id, "m.room.member", bob.user_id))["membership"] == "knock"
    await alice.call("POST", f"/rooms/{room_id}/invite", {"user_id": bob.user_id})
    await bob.call("POST", f"/join/{room_id}")
    await bob.fail("POST", f"/knock/{room_id}", status=403)


async def test_a_restricted_room_lets_members_of_the_other_in(client: Homeserver) -> None:
    alice, bob, carol = await people(client, "alice", "bob", "carol")
    club = await room_of(alice, bob)
    allow = [{"type": "m.room_membership", "room_id": club}]
    rules = {"join_rule": "restricted", "allow": allow}
    room_id = await alice.create_room(initial_state=[{"type": "m.room.join_rules", "content": rules}])
    await carol.fail("POST", f"/join/{room_id}", status=403)
    await bob.call("POST", f"/join/{room_id}")
    member = await state(alice, room_id, "m.room.member", bob.user_id)
    assert member["join_authorised_via_users_server"] == alice.user_id


async def test_redaction(client: Homeserver) -> None:
    alice, bob, carol = await people(client, "alice", "bob", "carol")
    room_id = await room_of(alice, bob, carol)
    sent = await bob.send(room_id, "oops")
    await carol.fail("PUT", f"/rooms/{room_id}/redact/{sent}/r0", {}, status=403)
    first = (await bob.call("PUT", f"/rooms/{room_id}/redact/{sent}/r1", {"reason": "typo"}))["event_id"]
    assert (await bob.call("PUT", f"/rooms/{room_id}/redact/{sent}/r1", {"reason": "typo"}))["event_id"] == first
    found = await event(alice, room_id, sent)
    assert found["content"] == {}
    assert found["unsigned"]["redacted_because"]["event_id"] == first
    assert found["unsigned"]["redacted_because"]["content"]["reason"] == "typo"
    by_moderator = await carol.send(room_id, "spam")
    await alice.call("PUT", f"/rooms/{room_id}/redact/{by_moderator}/r2", {})
    assert (await event(bob, room_id, by_moderator))["content"] == {}


async def test_redacted_state_keeps_what_the_room_needs(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    topic = await put_state(alice, room_id, "m.room.topic", {"topic": "secret"})
    rules = await put_state(alice, room_id, "m.room.join_rules", {"join_rule": "invite", "note": "x"})
    for event_id in (topic, rules):
        await alice.call("PUT", f"/rooms/{room_id}/redact/{event_id}/{unique('r')}", {})
    assert await state(alice, room_id, "m.room.topic") == {}
    assert await state(alice, room_id, "m.room.join_rules") == {"join_rule": "invite"}


@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (b'{"n": 1.5}', "M_BAD_JSON", 400),
        (b'{"n": 9007199254740992}', "M_BAD_JSON", 400),
        (b'{"n": ' + b"9" * 400 + b"}", "M_BAD_JSON", 400),
        (b"{", "M_NOT_JSON", 400),
        (b"[]", "M_BAD_JSON", 400),
        (b'"\\ud800"', "M_NOT_JSON", 400),
        (b"\xff\xfe", "M_NOT_JSON", 400),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "M_BAD_JSON", 400),
        (b'{"body": "' + b"x" * 70_000 + b'"}', "M_TOO_LARGE", 413),
    ],
    ids=["float", "2^53", "huge", "broken", "list", "surrogate", "not utf-8", "deep", "large"],
)
async def test_garbage_is_refused(client: Homeserver, content: bytes, code: str, status: int) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    path = f"/rooms/{room_id}/send/m.room.message/{unique('t')}"
    answer = await alice.request("PUT", path, content)
    assert (answer.status_code, answer.json()["errcode"]) == (status, code)


async def test_power_levels_guard_state(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob, room_version="11")
    await bob.fail("PUT", f"/rooms/{room_id}/state/m.room.name", {"name": "mine"}, status=403)
    await send(bob, room_id, "org.example.note", {})
    power = await state(alice, room_id, "m.room.power_levels")
    power["users"][bob.user_id] = 50
    await put_state(alice, room_id, "m.room.power_levels", power)
    await put_state(bob, room_id, "m.room.name", {"name": "ours"})
    power["users"][bob.user_id] = 100
    await bob.fail("PUT", f"/rooms/{room_id}/state/m.room.power_levels", power, status=403)


async def test_a_version_12_creator_cannot_be_demoted(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob, room_version="12", power_level_content_override={"users": {bob.user_id: 100}})
    await bob.fail("POST", f"/rooms/{room_id}/kick", {"user_id": alice.user_id}, status=403)
    power = await state(alice, room_id, "m.room.power_levels")
    power["users"][alice.user_id] = 0
    await bob.fail("PUT", f"/rooms/{room_id}/state/m.room.power_levels", power, status=403)
    await alice.call("POST", f"/rooms/{room_id}/kick", {"user_id": bob.user_id})


async def test_a_new_name_shows_in_every_room(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    await bob.call("PUT", f"/profile/{bob.user_id}/displayname", {"displayname": "Bob B."})
    assert (await state(alice, room_id, "m.room.member", bob.user_id))["displayname"] == "Bob B."


async def test_nobody_authorises_their_own_join(client: Homeserver) -> None:
    alice, mallory = await people(client, "alice", "mallory")
    rules = {"join_rule": "restricted", "allow": []}
    room_id = await alice.create_room(initial_state=[{"type": "m.room.join_rules", "content": rules}])
    forged = {"membership": "join", "join_authorised_via_users_server": alice.user_id}
    path = f"/rooms/{room_id}/state/m.room.member/{mallory.user_id}"
    assert await mallory.fail("PUT", path, forged, status=403) == "M_FORBIDDEN"
    assert await mallory.fail("POST", f"/join/{room_id}", forged, status=403) == "M_FORBIDDEN"


async def test_guests_come_and_go_with_guest_access(client: Homeserver) -> None:
    alice = await client.register("alice")
    guest = User(client.http, await client.call("POST", "/register", {}, kind="guest"))
    room_id = await room_of(alice)
    assert await guest.fail("POST", f"/join/{room_id}", status=403) == "M_GUEST_ACCESS_FORBIDDEN"
    await put_state(alice, room_id, "m.room.guest_access", {"guest_access": "can_join"})
    await guest.call("POST", f"/join/{room_id}")
    await guest.send(room_id, "hello from outside")
    assert await bodies(alice, room_id) == ["hello from outside"]
    await put_state(alice, room_id, "m.room.guest_access", {"guest_access": "forbidden"})
    assert (await state(alice, room_id, "m.room.member", guest.user_id))["membership"] == "leave"


async def test_custom_content_of_a_join(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice)
    await bob.call("POST", f"/join/{room_id}", {"org.example.mood": "good", "membership": "ban"})
    member = await state(alice, room_id, "m.room.member", bob.user_id)
    assert (member["org.example.mood"], member["membership"]) == ("good", "join")
