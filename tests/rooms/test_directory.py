"""Aliases and the list of published rooms."""

from typing import Any
from urllib.parse import quote

from ..api import Homeserver, User, unique
from .helpers import alias_path, people, put_state, room_of, state


async def test_an_alias_leads_to_its_room(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice)
    alias = f"#{unique('☕')}:test.local"
    assert await client.fail("GET", alias_path(alias), status=404) == "M_NOT_FOUND"
    await alice.call("PUT", alias_path(alias), {"room_id": room_id})
    assert await client.call("GET", alias_path(alias)) == {"room_id": room_id, "servers": ["test.local"]}
    assert (await alice.call("GET", f"/rooms/{room_id}/aliases"))["aliases"] == [alias]
    assert await bob.call("POST", f"/join/{quote(alias, safe='')}") == {"room_id": room_id}
    assert await bob.fail("PUT", alias_path(alias), {"room_id": room_id}, status=409) == "M_UNKNOWN"


async def test_alias_names_are_checked(client: Homeserver) -> None:
    alice = await client.register("alice")
    room_id = await room_of(alice)
    for alias in ("#a:elsewhere.org", "#:test.local", "no-hash:test.local", "#a b:test.local", "#none"):
        assert await alice.fail("PUT", alias_path(alias), {"room_id": room_id}, status=400) == "M_INVALID_PARAM"
    long = f"#{'a' * 255}:test.local"
    assert await alice.fail("PUT", alias_path(long), {"room_id": room_id}, status=400) == "M_INVALID_PARAM"
    assert await alice.fail("PUT", alias_path("#a:test.local"), {}, status=400) == "M_BAD_JSON"


async def test_who_may_remove_an_alias(client: Homeserver) -> None:
    alice, bob, carol = await people(client, "alice", "bob", "carol")
    room_id = await room_of(alice, bob, carol)
    alias = f"#{unique('a')}:test.local"
    await bob.call("PUT", alias_path(alias), {"room_id": room_id})
    assert await carol.fail("DELETE", alias_path(alias), status=403) == "M_FORBIDDEN"
    await bob.call("DELETE", alias_path(alias))
    assert await bob.fail("DELETE", alias_path(alias), status=404) == "M_NOT_FOUND"
    await bob.call("PUT", alias_path(alias), {"room_id": room_id})
    await put_state(alice, room_id, "m.room.canonical_alias", {"alias": alias, "alt_aliases": [alias]})
    await alice.call("DELETE", alias_path(alias))
    assert await state(alice, room_id, "m.room.canonical_alias") == {"alt_aliases": []}


async def test_a_canonical_alias_must_point_to_the_room(client: Homeserver) -> None:
    alice = await client.register("alice")
    name = unique("a")
    room_id = await room_of(alice, room_alias_name=name)
    assert await state(alice, room_id, "m.room.canonical_alias") == {"alias": f"#{name}:test.local"}
    path = f"/rooms/{room_id}/state/m.room.canonical_alias"
    other = unique("b")
    await room_of(alice, room_alias_name=other)
    elsewhere = {"alias": f"#{other}:test.local"}
    assert await alice.fail("PUT", path, elsewhere, status=400) == "M_BAD_ALIAS"
    assert await alice.fail("PUT", path, {"alias": "#nothing:test.local"}, status=400) == "M_BAD_ALIAS"
    assert await alice.fail("PUT", path, {"alt_aliases": ["%x:test.local"]}, status=400) == "M_INVALID_PARAM"


async def test_publishing(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    room_id = await room_of(alice, bob)
    path = f"/directory/list/room/{room_id}"
    assert await client.call("GET", path) == {"visibility": "private"}
    assert await bob.fail("PUT", path, {"visibility": "public"}, status=403) == "M_FORBIDDEN"
    await alice.call("PUT", path, {"visibility": "public"})
    assert await client.call("GET", path) == {"visibility": "public"}
    listed = (await client.call("GET", "/publicRooms"))["chunk"]
    assert [room["room_id"] for room in listed] == [room_id]
    await alice.call("PUT", path, {"visibility": "private"})
    assert (await client.call("GET", "/publicRooms"))["chunk"] == []
    assert await alice.fail("GET", "/directory/list/room/!none", status=404) == "M_NOT_FOUND"
    assert await alice.fail("PUT", path, {"visibility": "some"}, status=400) == "M_BAD_JSON"


async def _walk(user: User, key: str, token: str | None, **body: Any) -> tuple[list[str], str | None]:
    seen: list[str] = []
    last = None
    while True:
        page = await user.call("POST", "/publicRooms", {"limit": 3, "since": token, **body})
        seen += [room["room_id"] for room in page["chunk"]]
        last = page.get("prev_batch", last)
        token = page.get(key)
        if token is None:
            return seen, last


async def test_paging_through_published_rooms(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    rooms = [await room_of(alice, visibility="public", name=f"n{number}") for number in range(7)]
    await bob.call("POST", f"/join/{rooms[4]}")
    seen, last = await _walk(alice, "next_batch", None)
    assert seen[0] == rooms[4]
    assert sorted(seen) == sorted(rooms)
    back, _ = await _walk(alice, "prev_batch", last)
    assert set(back) == set(seen[:6])
    assert await alice.fail("POST", "/publicRooms", {"since": "x"}, status=400) == "M_INVALID_PARAM"


async def test_searching_published_rooms(client: Homeserver) -> None:
    alice = await client.register("alice")
    talk = await room_of(alice, visibility="public", name="Grand Arbre", topic="Wombles")
    space = await room_of(alice, visibility="public", name="Espace", creation_content={"type": "m.space"})

    async def find(**wanted: Any) -> list[str]:
        page = await alice.call("POST", "/publicRooms", {"filter": wanted})
        return sorted(room["room_id"] for room in page["chunk"])

    assert await find(generic_search_term="ARBRE") == [talk]
    assert await find(generic_search_term="wombles") == [talk]
    assert await find(generic_search_term="nothing") == []
    assert await find(room_types=["m.space"]) == [space]
    assert await find(room_types=[None]) == [talk]
    assert await find(room_types=[None, "m.space"]) == sorted([talk, space])
    page = await alice.call("POST", "/publicRooms", {"filter": {"room_types": ["m.space"]}})
    entry = page["chunk"][0]
    assert (entry["room_type"], entry["join_rule"], entry["num_joined_members"]) == ("m.space", "public", 1)
    assert await alice.fail("GET", "/publicRooms", server="elsewhere.org", status=404) == "M_NOT_FOUND"
