"""`POST /rooms/{roomId}/upgrade`. Client-server API, section "Room Upgrades"."""

import msgspec

from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from .service import UpgradeService


class UpgradeBody(msgspec.Struct):
    new_version: str
    additional_creators: list[str] = []


class UpgradeRoutes:
    def __init__(self, upgrades: UpgradeService) -> None:
        self._upgrades = upgrades

    @endpoint(
        "POST",
        "/_matrix/client/v3/rooms/{room_id}/upgrade",
        access="rooms",
        body=UpgradeBody,
        limit="rooms.create",
    )
    async def upgrade(self, request: Request, body: UpgradeBody) -> JsonObject:
        replacement = await self._upgrades.upgrade(
            request.user_id, request.params["room_id"], body.new_version, body.additional_creators
        )
        return {"replacement_room": replacement}
