"""What the tests of rooms have in common."""

from typing import Any
from urllib.parse import quote

from ..api import PASSWORD, Homeserver, User, unique

V1 = "/_matrix/client/v1"


async def people(client: Homeserver, *names: str) -> list[User]:
    return [await client.register(name) for name in names]


async def room_of(creator: User, *others: User, **body: Any) -> str:
    """A public room, so that `others` can join it at once."""
    room_id = await creator.create_room(**{"preset": "public_chat", **body})
    for other in others:
        await other.call("POST", f"/join/{room_id}")
    return room_id


async def put_state(user: User, room_id: str, event_type: str, content: dict[str, Any], key: str = "") -> str:
    path = f"/rooms/{room_id}/state/{event_type}" + (f"/{quote(key, safe='')}" if key else "")
    event_id: str = (await user.call("PUT", path, content))["event_id"]
    return event_id


async def send(user: User, room_id: str, event_type: str, content: dict[str, Any]) -> str:
    path = f"/rooms/{room_id}/send/{event_type}/{unique('txn')}"
    event_id: str = (await user.call("PUT", path, content))["event_id"]
    return event_id


async def messages(user: User, room_id: str, direction: str = "b", **params: Any) -> dict[str, Any]:
    page: dict[str, Any] = await user.call("GET", f"/rooms/{room_id}/messages", dir=direction, **params)
    return page


async def bodies(user: User, room_id: str) -> list[str]:
    """The texts that the person can read, oldest first."""
    page = await messages(user, room_id, limit=100)
    return [event["content"]["body"] for event in reversed(page["chunk"]) if event["type"] == "m.room.message"]


async def state(user: User, room_id: str, event_type: str, key: str = "") -> dict[str, Any]:
    path = f"/rooms/{room_id}/state/{event_type}" + (f"/{quote(key, safe='')}" if key else "")
    content: dict[str, Any] = await user.call("GET", path)
    return content


async def event(user: User, room_id: str, event_id: str) -> dict[str, Any]:
    found: dict[str, Any] = await user.call("GET", f"/rooms/{room_id}/event/{event_id}")
    return found


def alias_path(alias: str) -> str:
    return f"/directory/room/{quote(alias, safe='')}"


def password_auth(user: User) -> dict[str, Any]:
    """User-interactive authentication by password."""
    identifier = {"type": "m.id.user", "user": user.user_id}
    return {"type": "m.login.password", "identifier": identifier, "password": PASSWORD}
