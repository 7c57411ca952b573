"""`GET /events`: what happens, as one list."""

import asyncio
from typing import Any

from palabre.http.server import HttpServer

from ..api import Homeserver, User
from ..rooms.helpers import people, put_state, room_of


class Listener:
    """A client that follows the event stream from now on."""

    def __init__(self, user: User, room_id: str | None = None) -> None:
        self.user = user
        self.room_id = room_id
        self.token: str | None = None

    async def begin(self) -> "Listener":
        self.token = (await self.user.call("GET", "/events", room_id=self.room_id, timeout=0))["end"]
        return self

    async def hear(self, timeout: int = 10_000, **params: Any) -> list[dict[str, Any]]:
        params |= {"from": self.token, "room_id": self.room_id, "timeout": timeout}
        answer = await self.user.call("GET", "/events", **params)
        assert answer["start"] == self.token
        self.token = answer["end"]
        chunk: list[dict[str, Any]] = answer["chunk"]
        return chunk

    async def until(self, wanted: str) -> dict[str, Any]:
        """The next event of a type."""
        while True:
            for event in await self.hear():
                if event["type"] == wanted:
                    return event


async def test_a_message_ends_the_wait(client: Homeserver) -> None:
    ada, bob = await people(client, "ada", "bob")
    room_id = await room_of(ada, bob)
    listener = await Listener(bob).begin()
    waiting = asyncio.create_task(listener.until("m.room.message"))
    await asyncio.sleep(0.05)
    sent = await ada.send(room_id)
    event = await waiting
    assert (event["event_id"], event["room_id"], event["user_id"]) == (sent, room_id, ada.user_id)


async def test_the_stream_catches_up_in_the_order_of_events(client: Homeserver) -> None:
    ada = await client.register("ada")
    rooms = [await room_of(ada), await room_of(ada)]
    listener = await Listener(ada).begin()
    sent = [await ada.send(rooms[number % 2], f"message {number}") for number in range(13)]
    heard: list[str] = []
    for _ in range(3):
        chunk = [event for event in await listener.hear(0, limit=5) if event["type"] == "m.room.message"]
        assert 0 < len(chunk) <= 5
        heard += [event["event_id"] for event in chunk]
    assert heard == sent
    assert await listener.hear(0) == []


async def test_what_is_not_in_a_timeline_says_its_room(client: Homeserver) -> None:
    ada, bob = await people(client, "ada", "bob")
    room_id = await room_of(ada, bob)
    sent = await ada.send(room_id)
    listener = await Listener(bob).begin()
    await ada.call("POST", f"/rooms/{room_id}/receipt/m.read/{sent}")
    assert (await listener.until("m.receipt"))["room_id"] == room_id
    await ada.call("PUT", f"/rooms/{room_id}/typing/{ada.user_id}", {"typing": True, "timeout": 30000})
    assert await listener.until("m.typing") == {
        "type": "m.typing",
        "room_id": room_id,
        "content": {"user_ids": [ada.user_id]},
    }
    await bob.call("PUT", f"/user/{bob.user_id}/rooms/{room_id}/tags/work", {})
    assert (await listener.until("m.tag"))["room_id"] == room_id
    await bob.call("PUT", f"/user/{bob.user_id}/account_data/org.test", {"a": 1})
    assert await listener.until("org.test") == {"type": "org.test", "content": {"a": 1}}
    await ada.call("PUT", f"/presence/{ada.user_id}/status", {"presence": "unavailable", "status_msg": "away"})
    told = (await listener.until("m.presence"))["content"]
    assert (told["user_id"], told["presence"], told["status_msg"]) == (ada.user_id, "unavailable", "away")


async def test_coming_and_going(client: Homeserver) -> None:
    ada, bob = await people(client, "ada", "bob")
    room_id = await ada.create_room(preset="private_chat")
    await ada.send(room_id, "before")
    listener = await Listener(bob).begin()
    await ada.call("POST", f"/rooms/{room_id}/invite", {"user_id": bob.user_id})
    (invitation,) = [event for event in await listener.hear() if event["type"] != "m.presence"]
    assert (invitation["state_key"], invitation["content"]["membership"]) == (bob.user_id, "invite")
    await bob.call("POST", f"/join/{room_id}")
    assert (await listener.until("m.room.member"))["content"]["membership"] == "join"
    await ada.send(room_id, "one")
    await bob.call("POST", f"/rooms/{room_id}/leave")
    await ada.send(room_id, "two")
    events = [event for event in await listener.hear() if "event_id" in event]
    assert [event["content"].get("body", event["content"].get("membership")) for event in events] == ["one", "leave"]
    await ada.send(room_id, "three")
    assert await listener.hear(0) == []


async def test_ignored_people_are_not_heard(client: Homeserver) -> None:
    ada, eve = await people(client, "ada", "eve")
    room_id = await room_of(ada, eve)
    await ada.call("PUT", f"/user/{ada.user_id}/account_data/m.ignored_user_list", {"ignored_users": {eve.user_id: {}}})
    listener = await Listener(ada).begin()
    await eve.send(room_id)
    own = await ada.send(room_id)
    assert [event["event_id"] for event in await listener.hear() if "event_id" in event] == [own]


async def test_strangers_follow_a_world_readable_room(client: Homeserver, app: HttpServer) -> None:
    ada, eve = await people(client, "ada", "eve")
    room_id, other = await room_of(ada), await room_of(ada)
    assert await eve.fail("GET", "/events", status=403, room_id=room_id) == "M_FORBIDDEN"
    await put_state(ada, room_id, "m.room.history_visibility", {"history_visibility": "world_readable"})
    listener = await Listener(eve, room_id).begin()
    waiting = asyncio.create_task(listener.until("m.room.message"))
    await asyncio.sleep(0.05)
    await ada.send(other)
    sent = await ada.send(room_id)
    assert (await waiting)["event_id"] == sent
    waiting = asyncio.create_task(listener.until("m.typing"))
    await asyncio.sleep(0.05)
    await ada.call("PUT", f"/rooms/{room_id}/typing/{ada.user_id}", {"typing": True, "timeout": 30000})
    assert (await waiting)["room_id"] == room_id
    await ada.call("PUT", f"/presence/{ada.user_id}/status", {"presence": "unavailable"})
    assert (await listener.until("m.presence"))["content"]["user_id"] == ada.user_id
    await put_state(ada, room_id, "m.room.history_visibility", {"history_visibility": "shared"})
    assert await eve.fail("GET", "/events", status=403, room_id=room_id, **{"from": listener.token}) == "M_FORBIDDEN"


async def test_one_event_by_its_id(client: Homeserver) -> None:
    ada, eve = await people(client, "ada", "eve")
    sent = await ada.send(await room_of(ada), "hello")
    event = await ada.call("GET", f"/events/{sent}")
    assert (event["event_id"], event["content"]["body"], event["user_id"]) == (sent, "hello", ada.user_id)
    assert await eve.fail("GET", f"/events/{sent}", status=404) == "M_NOT_FOUND"
    assert await ada.fail("GET", "/events/$nothing", status=404) == "M_NOT_FOUND"


async def test_bad_parameters(client: Homeserver) -> None:
    ada = await client.register("ada")
    for params in ({"timeout": "hello"}, {"from": "hello"}):
        assert await ada.fail("GET", "/events", status=400, **params) == "M_INVALID_PARAM"
