"""Rooms in common with somebody, and who is signed in where.

Client-server API, sections "Mutual rooms" and "Server Administration".
"""

from ...accounts.sessions.service import Sessions
from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..rooms.create import is_user_id
from ..rooms.registry import RoomRegistry

PAGE = 100


class UserRoutes:
    def __init__(self, registry: RoomRegistry, sessions: Sessions) -> None:
        self._registry = registry
        self._sessions = sessions

    @endpoint(
        "GET",
        "/_matrix/client/v1/mutual_rooms",
        "/_matrix/client/unstable/uk.half-shot.msc2666/user/mutual_rooms",
        access="read",
    )
    async def mutual_rooms(self, request: Request) -> JsonObject:
        other = request.query.get("user_id", "")
        if not is_user_id(other) or other == request.user_id:
            raise errors.invalid_param("user_id must be the user id of somebody else.")
        theirs = set(await self._registry.joined_rooms(other))
        mine = await self._registry.joined_rooms(request.user_id)
        shared = sorted(room_id for room_id in mine if room_id in theirs)
        start = _offset(request.query.get("from"))
        answer: JsonObject = {"joined": shared[start : start + PAGE], "count": len(shared)}
        if len(shared) > start + PAGE:
            answer["next_batch"] = str(start + PAGE)
        return answer

    @endpoint("GET", "/_matrix/client/v3/admin/whois/{user_id}", access="account")
    async def whois(self, request: Request) -> JsonObject:
        """A person's devices and from where they were last used; for the person and for operators."""
        user_id = request.params["user_id"]
        if not request.session.is_operator:
            request.require_self(user_id)
        devices: JsonObject = {}
        for device in await self._sessions.devices(user_id):
            connections = []
            if device.last_seen is not None:
                connections.append({"ip": device.last_address, "last_seen": device.last_seen, "user_agent": ""})
            devices[device.device_id] = {"sessions": [{"connections": connections}]}
        return {"user_id": user_id, "devices": devices}


def _offset(token: str | None) -> int:
    if not token:
        return 0
    if not token.isascii() or not token.isdecimal() or len(token) > 9:
        raise errors.invalid_param("from is not a token of this server.")
    return int(token)
