"""Finding people: client-server API, section "User Directory"."""

from ..api import Homeserver, User, unique
from ..rooms.helpers import people, put_state, room_of


async def named(user: User) -> str:
    """Give the person a name that nobody else has."""
    name = unique("Lemur")
    await user.call("PUT", f"/profile/{user.user_id}/displayname", {"displayname": name})
    return name


async def found(user: User, term: str, **body: int) -> list[str]:
    answer = await user.call("POST", "/user_directory/search", {"search_term": term, **body})
    return [person["user_id"] for person in answer["results"]]


async def test_who_is_in_a_public_room_is_found_by_everybody(client: Homeserver) -> None:
    ada, eve = await people(client, "ada", "eve")
    name = await named(ada)
    assert await found(eve, name) == []
    room_id = await room_of(ada)
    assert await found(eve, name) == [ada.user_id]
    assert await found(eve, name.upper()) == [ada.user_id]
    assert await found(ada, name) == [ada.user_id]
    await ada.call("POST", f"/rooms/{room_id}/leave")
    assert await found(eve, name) == []


async def test_a_room_that_is_opened_or_closed_changes_who_is_found(client: Homeserver) -> None:
    ada, eve = await people(client, "ada", "eve")
    name = await named(ada)
    room_id = await room_of(ada)
    await put_state(ada, room_id, "m.room.join_rules", {"join_rule": "invite"})
    assert await found(eve, name) == []
    await put_state(ada, room_id, "m.room.history_visibility", {"history_visibility": "world_readable"})
    assert await found(eve, name) == [ada.user_id]
    await put_state(ada, room_id, "m.room.history_visibility", {"history_visibility": "shared"})
    assert await found(eve, name) == []


async def test_who_shares_a_private_room_is_found_while_they_do(client: Homeserver) -> None:
    ada, bob, eve = await people(client, "ada", "bob", "eve")
    name = await named(ada)
    rooms = [await ada.create_room(preset="private_chat", invite=[bob.user_id]) for _ in range(2)]
    assert await found(bob, name) == []
    for room_id in rooms:
        await bob.call("POST", f"/join/{room_id}")
    assert await found(bob, name) == [ada.user_id]
    assert await found(eve, name) == await found(ada, name) == []
    await bob.call("POST", f"/rooms/{rooms[0]}/leave")
    assert await found(bob, name) == [ada.user_id]
    await ada.call("POST", f"/rooms/{rooms[1]}/leave")
    assert await found(bob, name) == []


async def test_the_newest_name_is_found_and_a_limit_is_said(client: Homeserver) -> None:
    ada, bob, eve = await people(client, "ada", "bob", "eve")
    old = await named(ada)
    await room_of(ada, bob)
    new = await named(ada)
    assert await found(eve, old) == []
    assert await found(eve, new) == [ada.user_id]
    await bob.call("PUT", f"/profile/{bob.user_id}/displayname", {"displayname": f"{new} too"})
    answer = await eve.call("POST", "/user_directory/search", {"search_term": new, "limit": 1})
    assert answer["limited"] is True
    assert answer["results"] == [{"user_id": ada.user_id, "display_name": new}]
