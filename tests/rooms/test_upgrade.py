"""Upgrading rooms."""

from ..api import Homeserver, unique
from .helpers import alias_path, messages, people, put_state, room_of, state


async def test_the_new_room_takes_over(client: Homeserver) -> None:
    alice, bob, mallory = await people(client, "alice", "bob", "mallory")
    name = unique("a")
    old = await room_of(
        alice, bob, mallory, room_version="9", name="Arbre", topic="t", visibility="public", room_alias_name=name
    )
    await alice.call("POST", f"/rooms/{old}/ban", {"user_id": mallory.user_id})
    power = await state(alice, old, "m.room.power_levels")
    power["users"][bob.user_id] = 50
    await put_state(alice, old, "m.room.power_levels", power)
    await bob.fail("POST", f"/rooms/{old}/upgrade", {"new_version": "10"}, status=403)
    new = (await alice.call("POST", f"/rooms/{old}/upgrade", {"new_version": "10"}))["replacement_room"]

    create = await state(alice, new, "m.room.create")
    assert (create["room_version"], create["predecessor"]["room_id"]) == ("10", old)
    tombstone = await alice.call("GET", f"/rooms/{old}/state/m.room.tombstone", format="event")
    assert tombstone["content"]["replacement_room"] == new
    assert create["predecessor"]["event_id"] == tombstone["event_id"]
    assert await state(alice, new, "m.room.name") == {"name": "Arbre"}
    assert await state(alice, new, "m.room.join_rules") == {"join_rule": "public"}
    assert await state(alice, new, "m.room.power_levels") == power
    assert await state(alice, old, "m.room.canonical_alias") == {}
    alias = f"#{name}:test.local"
    assert await state(alice, new, "m.room.canonical_alias") == {"alias": alias}
    assert (await client.call("GET", alias_path(alias)))["room_id"] == new
    assert await client.call("GET", f"/directory/list/room/{old}") == {"visibility": "private"}
    assert await client.call("GET", f"/directory/list/room/{new}") == {"visibility": "public"}
    silenced = await state(alice, old, "m.room.power_levels")
    assert (silenced["events_default"], silenced["invite"]) == (50, 50)
    await mallory.fail("POST", f"/join/{new}", status=403)
    await bob.call("POST", f"/join/{new}")
    first = (await messages(bob, new, "f", limit=1))["chunk"][0]
    assert first["type"] == "m.room.create"


async def test_creators_of_version_12(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    old = await room_of(alice, bob, room_version="11")
    power = await state(alice, old, "m.room.power_levels")
    power["users"][bob.user_id] = 75
    await put_state(alice, old, "m.room.power_levels", power)
    body = {"new_version": "12", "additional_creators": [bob.user_id]}
    new = (await alice.call("POST", f"/rooms/{old}/upgrade", body))["replacement_room"]
    assert (await state(alice, new, "m.room.create"))["additional_creators"] == [bob.user_id]
    assert (await state(alice, new, "m.room.power_levels"))["users"] == {}
    back = (await alice.call("POST", f"/rooms/{new}/upgrade", {"new_version": "11"}))["replacement_room"]
    users = (await state(alice, back, "m.room.power_levels"))["users"]
    assert users == {alice.user_id: 100, bob.user_id: 100}
    bad = {"new_version": "12", "additional_creators": ["nobody"]}
    assert await alice.fail("POST", f"/rooms/{back}/upgrade", bad, status=400) == "M_INVALID_PARAM"


async def test_what_an_old_version_cannot_do_is_not_copied(client: Homeserver) -> None:
    alice = await client.register("alice")
    old = await room_of(
        alice,
        room_version="10",
        initial_state=[{"type": "m.room.join_rules", "content": {"join_rule": "knock_restricted", "allow": []}}],
        creation_content={"type": "m.space", "m.federate": False},
    )
    await put_state(alice, old, "m.space.child", {"via": ["test.local"]}, "!child")
    new = (await alice.call("POST", f"/rooms/{old}/upgrade", {"new_version": "6"}))["replacement_room"]
    assert await state(alice, new, "m.room.join_rules") == {"join_rule": "invite"}
    create = await state(alice, new, "m.room.create")
    assert (create["type"], create["m.federate"]) == ("m.space", False)
    assert await state(alice, new, "m.space.child", "!child") == {"via": ["test.local"]}


async def test_refusals(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    path = f"/rooms/{room_id}/upgrade"
    assert await alice.fail("POST", path, {"new_version": "77"}, status=400) == "M_UNSUPPORTED_ROOM_VERSION"
    assert await alice.fail("POST", "/rooms/!none/upgrade", {"new_version": "2"}, status=404) == "M_NOT_FOUND"
    assert await alice.fail("POST", path, {}, status=400) == "M_BAD_JSON"
    itself = {"replacement_room": room_id}
    await alice.fail("PUT", f"/rooms/{room_id}/state/m.room.tombstone", itself, status=400)


async def test_tags_and_direct_chats_follow(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    old = await alice.create_room(is_direct=True, preset="trusted_private_chat", invite=[bob.user_id])
    await bob.call("PUT", f"/user/{bob.user_id}/rooms/{old}/tags/m.favourite", {"order": 0.5})
    new = (await alice.call("POST", f"/rooms/{old}/upgrade", {"new_version": "11"}))["replacement_room"]
    await alice.call("POST", f"/rooms/{new}/invite", {"user_id": bob.user_id})
    await bob.call("POST", f"/join/{new}")
    tags = (await bob.call("GET", f"/user/{bob.user_id}/rooms/{new}/tags"))["tags"]
    assert tags == {"m.favourite": {"order": 0.5}}
    direct = await bob.call("GET", f"/user/{bob.user_id}/account_data/m.direct")
    assert new in direct[alice.user_id]
