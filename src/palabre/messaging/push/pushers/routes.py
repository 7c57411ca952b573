"""`/pushers`: client-server API, section "Push Notifications"."""

from typing import Any

from ....http.endpoint import endpoint
from ....http.request import Request
from .models import Pusher, PusherBody
from .service import PusherService

_TAGS = ("Push notifications",)


class PusherRoutes:
    def __init__(self, pushers: PusherService) -> None:
        self._pushers = pushers

    @endpoint("GET", "/_matrix/client/v3/pushers", access="read", tags=_TAGS)
    async def get_pushers(self, request: Request) -> dict[str, list[Pusher]]:
        return {"pushers": await self._pushers.of(request.user_id)}

    @endpoint("POST", "/_matrix/client/v3/pushers/set", access="read", body=PusherBody, tags=_TAGS)
    async def set_pusher(self, request: Request, body: PusherBody) -> dict[str, Any]:
        await self._pushers.set(request.user_id, request.device_id, body)
        return {}
