"""`/presence/{userId}/status`: client-server API, section "Presence"."""

from typing import Any

import msgspec

from ...core import errors
from ...core.clock import Clock
from ...http.endpoint import endpoint
from ...http.request import Request
from ..rooms.registry import RoomRegistry
from .models import Presence, State
from .service import PresenceService

_STATUS = "/_matrix/client/v3/presence/{user_id}/status"
MAX_STATUS = 1000


class PresenceBody(msgspec.Struct):
    presence: State
    status_msg: str | None = None


class PresenceRoutes:
    def __init__(self, presence: PresenceService, registry: RoomRegistry, clock: Clock) -> None:
        self._presence = presence
        self._registry = registry
        self._clock = clock

    @endpoint("PUT", _STATUS, access="read", body=PresenceBody, tags=("Presence",))
    async def put_status(self, request: Request, body: PresenceBody) -> dict[str, Any]:
        request.require_self(request.params["user_id"])
        if body.status_msg is not None and len(body.status_msg) > MAX_STATUS:
            raise errors.too_large(f"A status message is at most {MAX_STATUS} characters.")
        self._presence.put(request.user_id, body.presence, body.status_msg)
        return {}

    @endpoint("GET", _STATUS, access="read", tags=("Presence",))
    async def get_status(self, request: Request) -> dict[str, Any]:
        """One's own, or that of somebody one shares a room with."""
        user_id = request.params["user_id"]
        if user_id != request.user_id:
            theirs = set(await self._registry.joined_rooms(user_id))
            if theirs.isdisjoint(await self._registry.joined_rooms(request.user_id)):
                raise errors.forbidden("You do not share a room with this person.")
        return (self._presence.of(user_id) or Presence()).content(self._clock.monotonic())
