"""Space hierarchies and room summaries."""

from typing import Any
from urllib.parse import quote

from ..api import Homeserver, User, unique
from .helpers import V1, people, put_state, room_of

VIA = {"via": ["test.local"]}


async def space_of(user: User, name: str, **body: Any) -> str:
    return await room_of(user, name=name, creation_content={"type": "m.space"}, **body)


async def names(user: User, space: str, **params: Any) -> list[str]:
    """Names of the rooms of a space, in the order of the pages."""
    found: list[str] = []
    while True:
        page = await user.call("GET", f"{V1}/rooms/{space}/hierarchy", **params)
        found += [room["name"] for room in page["rooms"]]
        if "next_batch" not in page:
            return found
        params["from"] = page["next_batch"]


async def test_depth_first_in_order(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    top = await space_of(alice, "top")
    inner = await space_of(alice, "inner")
    leaf = await room_of(alice, name="leaf")
    first, last = await room_of(alice, name="first"), await room_of(alice, name="last")
    hidden = await alice.create_room(name="hidden")
    await put_state(alice, top, "m.space.child", VIA, last)
    await put_state(alice, top, "m.space.child", {**VIA, "order": "b"}, inner)
    await put_state(alice, top, "m.space.child", {**VIA, "order": "a", "suggested": True}, first)
    await put_state(alice, top, "m.space.child", {**VIA, "order": "c"}, hidden)
    await put_state(alice, top, "m.space.child", {}, "!removed")
    await put_state(alice, inner, "m.space.child", VIA, leaf)
    await put_state(alice, inner, "m.space.child", VIA, top)
    assert await names(bob, top) == ["top", "first", "inner", "leaf", "last"]
    assert await names(alice, top) == ["top", "first", "inner", "leaf", "hidden", "last"]
    assert await names(bob, top, limit=2) == await names(bob, top)
    assert await names(bob, top, max_depth=1) == ["top", "first", "inner", "last"]
    assert await names(bob, top, max_depth=0) == ["top"]
    assert await names(bob, top, suggested_only="true") == ["top", "first"]
    page = await bob.call("GET", f"{V1}/rooms/{top}/hierarchy", limit=1)
    children = page["rooms"][0]["children_state"]
    assert [child["state_key"] for child in children] == [first, inner, hidden, last]
    assert all("origin_server_ts" in child for child in children)
    changed: dict[str, Any] = {"from": page["next_batch"], "max_depth": 1}
    assert await bob.fail("GET", f"{V1}/rooms/{top}/hierarchy", status=400, **changed) == "M_INVALID_PARAM"


async def test_who_may_see_a_space(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    space = await space_of(alice, "closed", preset="private_chat")
    path = f"{V1}/rooms/{space}/hierarchy"
    assert await bob.fail("GET", path, status=403) == "M_FORBIDDEN"
    assert await bob.fail("GET", f"{V1}/rooms/!none/hierarchy", status=403) == "M_FORBIDDEN"
    await alice.call("POST", f"/rooms/{space}/invite", {"user_id": bob.user_id})
    await bob.call("GET", path)
    await alice.call("POST", f"/rooms/{space}/ban", {"user_id": bob.user_id})
    assert await bob.fail("GET", path, status=403) == "M_FORBIDDEN"


async def test_room_summaries(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    name = unique("a")
    public = await room_of(alice, name="open", room_alias_name=name, room_version="11")
    private = await alice.create_room(name="closed")
    alias = quote(f"#{name}:test.local", safe="")
    for target in (public, alias):
        found = await bob.call("GET", f"{V1}/room_summary/{target}")
        assert (found["room_id"], found["name"], found["membership"]) == (public, "open", "leave")
        assert (found["room_version"], found["num_joined_members"]) == ("11", 1)
        assert "membership" not in await client.call("GET", f"{V1}/room_summary/{target}")
    assert await bob.fail("GET", f"{V1}/room_summary/{private}", status=404) == "M_NOT_FOUND"
    found = await alice.call("GET", f"{V1}/room_summary/{private}")
    assert (found["encryption"], found["membership"]) == ("m.megolm.v1.aes-sha2", "join")
    rules = {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": public}]}
    club = await alice.create_room(name="club", initial_state=[{"type": "m.room.join_rules", "content": rules}])
    assert await bob.fail("GET", f"{V1}/room_summary/{club}", status=404) == "M_NOT_FOUND"
    await bob.call("POST", f"/join/{public}")
    assert (await bob.call("GET", f"{V1}/room_summary/{club}"))["allowed_room_ids"] == [public]
