"""Rooms over HTTP: making, sending, coming and going, and reading the current state.

Client-server API, sections "Creation", "Sending events to a room", "Room membership" and "Getting events for a room".
"""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import Reply, endpoint
from ...http.request import Request
from .create import CreateRoom
from .service import RoomService

_V3 = "/_matrix/client/v3"
_ROOM = f"{_V3}/rooms/{{room_id}}"


class Reason(msgspec.Struct):
    reason: str | None = None


class Target(msgspec.Struct):
    user_id: str
    reason: str | None = None


class Invitation(msgspec.Struct):
    """A person by user id, or by an address of theirs."""

    user_id: str | None = None
    reason: str | None = None
    medium: str | None = None
    address: str | None = None


class Aliases(Protocol):
    async def resolve(self, room_id_or_alias: str) -> str:
        """The room id. Raises 404 `M_NOT_FOUND` for an alias that does not exist."""
        ...


class RoomRoutes:
    def __init__(self, rooms: RoomService, aliases: Aliases, active: Callable[[str], None]) -> None:
        """`active(user_id)` is called when somebody has sent a message."""
        self._rooms = rooms
        self._aliases = aliases
        self._active = active

    @endpoint("POST", f"{_V3}/createRoom", access="rooms", body=CreateRoom, limit="rooms.create")
    async def create(self, request: Request, body: CreateRoom) -> JsonObject:
        if body.invite_3pid:
            raise errors.ApiError(403, "M_THREEPID_DENIED", "People are invited by user id here, not by address.")
        return {"room_id": await self._rooms.create(request.user_id, body)}

    # sending

    @endpoint(
        "PUT",
        f"{_ROOM}/send/{{event_type}}/{{txn_id}}",
        access="send",
        guest=True,
        body=JsonObject,
        limit="messages.send",
    )
    async def send(self, request: Request, body: JsonObject) -> JsonObject:
        return await self._send(request, body, request.params["txn_id"])

    @endpoint("POST", f"{_ROOM}/send/{{event_type}}", access="send", guest=True, body=JsonObject, limit="messages.send")
    async def send_without_transaction(self, request: Request, body: JsonObject) -> JsonObject:
        return await self._send(request, body, None)

    async def _send(self, request: Request, body: JsonObject, txn_id: str | None) -> JsonObject:
        room_id, event_type = request.params["room_id"], request.params["event_type"]
        event_id = await self._rooms.send(request.session, room_id, event_type, body, txn_id)
        self._active(request.user_id)
        return {"event_id": event_id}

    @endpoint(
        "PUT",
        f"{_ROOM}/state/{{event_type}}",
        f"{_ROOM}/state/{{event_type}}/{{state_key}}",
        access="send",
        guest=True,
        body=JsonObject,
        limit="messages.send",
    )
    async def send_state(self, request: Request, body: JsonObject) -> JsonObject:
        params = request.params
        event_id = await self._rooms.send_state(
            request.session, params["room_id"], params["event_type"], params.get("state_key", ""), body
        )
        return {"event_id": event_id}

    @endpoint(
        "PUT",
        f"{_ROOM}/redact/{{event_id}}/{{txn_id}}",
        access="send",
        guest=True,
        body=JsonObject,
        optional_body=True,
        limit="messages.send",
    )
    async def redact(self, request: Request, body: JsonObject) -> JsonObject:
        return await self._redact(request, body, request.params["txn_id"])

    @endpoint(
        "POST",
        f"{_ROOM}/redact/{{event_id}}",
        access="send",
        body=JsonObject,
        optional_body=True,
        limit="messages.send",
    )
    async def redact_without_transaction(self, request: Request, body: JsonObject) -> JsonObject:
        return await self._redact(request, body, None)

    async def _redact(self, request: Request, body: JsonObject, txn_id: str | None) -> JsonObject:
        params = request.params
        event_id = await self._rooms.redact(request.session, params["room_id"], params["event_id"], body, txn_id)
        return {"event_id": event_id}

    # reading

    @endpoint(
        "GET", f"{_ROOM}/state/{{event_type}}", f"{_ROOM}/state/{{event_type}}/{{state_key}}", access="read", guest=True
    )
    async def state_event(self, request: Request) -> Any:
        params = request.params
        state = await self._rooms.readable_state(params["room_id"], request.user_id)
        event = state.get((params["event_type"], params.get("state_key", "")))
        if event is None:
            raise errors.not_found("This room has no such state.")
        if request.query.get("format") == "event":
            return Reply(event.json)
        return event.content

    @endpoint("GET", f"{_ROOM}/state", access="read", guest=True)
    async def state(self, request: Request) -> list[msgspec.Raw]:
        state = await self._rooms.readable_state(request.params["room_id"], request.user_id)
        return [msgspec.Raw(event.json) for event in state.values()]

    @endpoint("GET", f"{_ROOM}/joined_members", access="read", guest=True)
    async def joined_members(self, request: Request) -> JsonObject:
        room = await self._rooms.joined_room(request.params["room_id"], request.user_id)
        joined: JsonObject = {}
        for user_id in room.joined:
            content = room.content("m.room.member", user_id)
            joined[user_id] = {
                "display_name": content.get("displayname"),
                "avatar_url": content.get("avatar_url"),
            }
        return {"joined": joined}

    @endpoint("GET", f"{_V3}/joined_rooms", access="read", guest=True)
    async def joined_rooms(self, request: Request) -> JsonObject:
        return {"joined_rooms": await self._rooms.joined_rooms(request.user_id)}

    # coming and going

    @endpoint(
        "POST", f"{_ROOM}/join", access="rooms", guest=True, body=JsonObject, optional_body=True, limit="rooms.join"
    )
    async def join(self, request: Request, body: JsonObject) -> JsonObject:
        return await self._join(request, request.params["room_id"], body)

    @endpoint(
        "POST",
        f"{_V3}/join/{{room_id_or_alias}}",
        access="rooms",
        guest=True,
        body=JsonObject,
        optional_body=True,
        limit="rooms.join",
    )
    async def join_by_name(self, request: Request, body: JsonObject) -> JsonObject:
        room_id = await self._aliases.resolve(request.params["room_id_or_alias"])
        return await self._join(request, room_id, body)

    async def _join(self, request: Request, room_id: str, body: JsonObject) -> JsonObject:
        """What the body has beyond the specification becomes content of the member event, as clients expect."""
        if not isinstance(body.get("reason", ""), str):
            raise errors.bad_json("reason must be text.")
        content = {name: value for name, value in body.items() if name != "third_party_signed"}
        await self._rooms.join(request.user_id, room_id, content)
        return {"room_id": room_id}

    @endpoint(
        "POST", f"{_V3}/knock/{{room_id_or_alias}}", access="rooms", body=Reason, optional_body=True, limit="rooms.join"
    )
    async def knock(self, request: Request, body: Reason) -> JsonObject:
        room_id = await self._aliases.resolve(request.params["room_id_or_alias"])
        await self._rooms.knock(request.user_id, room_id, body.reason)
        return {"room_id": room_id}

    @endpoint("POST", f"{_ROOM}/invite", access="rooms", body=Invitation, limit="rooms.invite")
    async def invite(self, request: Request, body: Invitation) -> JsonObject:
        if body.user_id is None:
            if body.address is not None:
                raise errors.ApiError(403, "M_THREEPID_DENIED", "People are invited by user id here, not by address.")
            raise errors.missing_param("user_id is missing.")
        await self._rooms.invite(request.user_id, request.params["room_id"], body.user_id, body.reason)
        return {}

    @endpoint("POST", f"{_ROOM}/leave", access="account", guest=True, body=Reason, optional_body=True)
    async def leave(self, request: Request, body: Reason) -> JsonObject:
        await self._rooms.leave(request.user_id, request.params["room_id"], body.reason)
        return {}

    @endpoint("POST", f"{_ROOM}/forget", access="account", guest=True, body=JsonObject, optional_body=True)
    async def forget(self, request: Request, body: JsonObject) -> JsonObject:
        await self._rooms.forget(request.user_id, request.params["room_id"])
        return {}

    @endpoint("POST", f"{_ROOM}/kick", access="send", body=Target)
    async def kick(self, request: Request, body: Target) -> JsonObject:
        await self._rooms.kick(request.user_id, request.params["room_id"], body.user_id, body.reason)
        return {}

    @endpoint("POST", f"{_ROOM}/ban", access="send", body=Target)
    async def ban(self, request: Request, body: Target) -> JsonObject:
        await self._rooms.ban(request.user_id, request.params["room_id"], body.user_id, body.reason)
        return {}

    @endpoint("POST", f"{_ROOM}/unban", access="send", body=Target)
    async def unban(self, request: Request, body: Target) -> JsonObject:
        await self._rooms.unban(request.user_id, request.params["room_id"], body.user_id, body.reason)
        return {}
