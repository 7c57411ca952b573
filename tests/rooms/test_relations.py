"""Bundled aggregations, relations and threads."""

from typing import Any

from ..api import Homeserver, User
from .helpers import V1, event, messages, people, room_of, send


async def relate(user: User, room_id: str, rel_type: str, parent: str, **content: Any) -> str:
    relation = {"rel_type": rel_type, "event_id": parent, **content.pop("relation", {})}
    kind = content.pop("type", "m.room.message")
    return await send(user, room_id, kind, {"body": "x", **content, "m.relates_to": relation})


async def edit(user: User, room_id: str, parent: str, text: str, **content: Any) -> str:
    new = {"m.new_content": {"body": text}}
    return await relate(user, room_id, "m.replace", parent, **{"body": f"* {text}", **new, **content})


async def bundled(user: User, room_id: str, event_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await event(user, room_id, event_id)).get("unsigned", {}).get("m.relations", {})
    return found


async def test_the_newest_valid_edit_is_bundled(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    sent = await alice.send(room_id, "first")
    assert await bundled(bob, room_id, sent) == {}
    await edit(alice, room_id, sent, "second")
    third = await edit(alice, room_id, sent, "third")
    await edit(bob, room_id, sent, "not his to edit")
    await edit(alice, room_id, sent, "another type", type="org.example")
    await relate(alice, room_id, "m.replace", sent)
    replaced = (await bundled(bob, room_id, sent))["m.replace"]
    assert replaced["event_id"] == third
    assert replaced["content"]["m.new_content"] == {"body": "third"}
    assert (await event(bob, room_id, sent))["content"]["body"] == "first"
    chunk = (await messages(bob, room_id, limit=100))["chunk"]
    by_id = {one["event_id"]: one for one in chunk}
    assert by_id[sent]["unsigned"]["m.relations"]["m.replace"]["event_id"] == third


async def test_redacting_an_edit_goes_back_one(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    sent = await alice.send(room_id, "first")
    second = await edit(alice, room_id, sent, "second")
    third = await edit(alice, room_id, sent, "third")
    await alice.call("PUT", f"/rooms/{room_id}/redact/{third}/1", {})
    assert (await bundled(alice, room_id, sent))["m.replace"]["event_id"] == second
    await alice.call("PUT", f"/rooms/{room_id}/redact/{sent}/2", {})
    assert await bundled(alice, room_id, sent) == {}


async def test_annotations_and_references(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    sent = await alice.send(room_id)
    like = {"type": "m.reaction", "relation": {"key": "👍"}}
    reaction = await relate(bob, room_id, "m.annotation", sent, **like)
    refused = {"m.relates_to": {"rel_type": "m.annotation", "event_id": sent, "key": "👍"}}
    path = f"/rooms/{room_id}/send/m.reaction"
    assert await bob.fail("PUT", f"{path}/again", refused, status=400) == "M_DUPLICATE_ANNOTATION"
    await relate(alice, room_id, "m.annotation", sent, **like)
    assert await bundled(alice, room_id, sent) == {}
    references = [await relate(bob, room_id, "m.reference", sent) for _ in range(2)]
    expected = {"chunk": [{"event_id": one} for one in references]}
    assert await bundled(alice, room_id, sent) == {"m.reference": expected}
    await bob.call("PUT", f"/rooms/{room_id}/redact/{reaction}/1", {})
    await bob.call("PUT", f"{path}/once-more", refused)


async def test_a_repeated_reaction_request_is_not_a_duplicate(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    sent = await alice.send(room_id)
    body = {"m.relates_to": {"rel_type": "m.annotation", "event_id": sent, "key": "x"}}
    path = f"/rooms/{room_id}/send/m.reaction/same"
    assert await alice.call("PUT", path, body) == await alice.call("PUT", path, body)


async def test_threads(client: Homeserver) -> None:
    alice, bob, carol = await people(client, "alice", "bob", "carol")
    room_id = await room_of(alice, bob, carol)
    root = await alice.send(room_id, "root")
    await relate(bob, room_id, "m.thread", root)
    latest = await relate(bob, room_id, "m.thread", root)
    corrected = await edit(bob, room_id, latest, "corrected")
    thread = (await bundled(bob, room_id, root))["m.thread"]
    assert (thread["count"], thread["current_user_participated"]) == (2, True)
    assert thread["latest_event"]["event_id"] == latest
    assert thread["latest_event"]["unsigned"]["m.relations"]["m.replace"]["event_id"] == corrected
    assert (await bundled(alice, room_id, root))["m.thread"]["current_user_participated"] is True
    assert (await bundled(carol, room_id, root))["m.thread"]["current_user_participated"] is False
    nested = {"body": "x", "m.relates_to": {"rel_type": "m.thread", "event_id": latest}}
    await bob.fail("PUT", f"/rooms/{room_id}/send/m.room.message/nested", nested, status=400)


async def test_list_of_threads(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    roots = [await alice.send(room_id, str(number)) for number in range(5)]
    for root in roots:
        await relate(alice, room_id, "m.thread", root)
    await relate(bob, room_id, "m.thread", roots[1])
    path = f"{V1}/rooms/{room_id}/threads"
    wanted = [roots[1], roots[4], roots[3], roots[2], roots[0]]
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2}
    while True:
        page = await alice.call("GET", path, **params)
        seen += [one["event_id"] for one in page["chunk"]]
        assert all("m.thread" in one["unsigned"]["m.relations"] for one in page["chunk"])
        if "next_batch" not in page:
            break
        params["from"] = page["next_batch"]
    assert seen == wanted
    mine = await bob.call("GET", path, include="participated")
    assert [one["event_id"] for one in mine["chunk"]] == [roots[1]]
    assert await bob.fail("GET", path, include="some", status=400) == "M_INVALID_PARAM"


async def test_relations_by_type_pages_and_directions(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    root = await alice.send(room_id)
    replies = [await relate(bob, room_id, "m.thread", root) for _ in range(5)]
    reaction = await relate(alice, room_id, "m.annotation", root, type="m.reaction", relation={"key": "+"})
    base = f"{V1}/rooms/{room_id}/relations/{root}"

    async def walk(path: str, **params: Any) -> list[str]:
        seen: list[str] = []
        while True:
            page = await alice.call("GET", path, limit=2, **params)
            seen += [one["event_id"] for one in page["chunk"]]
            if "next_batch" not in page:
                return seen
            params["from"] = page["next_batch"]

    assert await walk(base) == [reaction, *reversed(replies)]
    assert await walk(base, dir="f") == [*replies, reaction]
    assert await walk(f"{base}/m.thread", dir="f") == replies
    assert await walk(f"{base}/m.annotation/m.reaction") == [reaction]
    assert await walk(f"{base}/m.annotation/m.room.message") == []
    stranger = await client.register("eve")
    await stranger.fail("GET", base, status=403)
    await alice.fail("GET", f"{V1}/rooms/{room_id}/relations/$nothing", status=404)


async def test_relations_of_relations(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    root = await alice.send(room_id)
    reply = await relate(alice, room_id, "m.thread", root)
    edited = await edit(alice, room_id, reply, "x")
    base = f"{V1}/rooms/{room_id}/relations/{root}"
    direct = await alice.call("GET", base)
    assert [one["event_id"] for one in direct["chunk"]] == [reply]
    assert "recursion_depth" not in direct
    deep = await alice.call("GET", base, recurse="true")
    assert [one["event_id"] for one in deep["chunk"]] == [edited, reply]
    assert deep["recursion_depth"] >= 3


async def test_a_relation_across_rooms_is_none(client: Homeserver) -> None:
    alice = await client.register("alice")
    here, there = await room_of(alice), await room_of(alice)
    sent = await alice.send(here)
    await edit(alice, there, sent, "elsewhere")
    assert await bundled(alice, here, sent) == {}
    assert (await alice.call("GET", f"{V1}/rooms/{here}/relations/{sent}"))["chunk"] == []
