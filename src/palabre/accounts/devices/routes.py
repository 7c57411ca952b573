"""`/devices` and `/delete_devices`."""

import msgspec

from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..sessions.authenticator import Authenticator
from ..sessions.models import Device
from ..sessions.service import Sessions
from ..uia.service import Uia

TAGS = ("Device management",)


class RenameBody(msgspec.Struct):
    display_name: str | None = None


class DeleteBody(msgspec.Struct):
    auth: JsonObject | None = None


class DeleteManyBody(msgspec.Struct):
    devices: list[str]
    auth: JsonObject | None = None


class DeviceRoutes:
    def __init__(self, sessions: Sessions, authenticator: Authenticator, uia: Uia) -> None:
        self._sessions = sessions
        self._authenticator = authenticator
        self._uia = uia

    @endpoint("GET", "/_matrix/client/v3/devices", access="account", guest=True, tags=TAGS)
    async def devices(self, request: Request) -> JsonObject:
        devices = await self._sessions.devices(request.user_id)
        return {"devices": [self._members(device) for device in devices]}

    @endpoint("GET", "/_matrix/client/v3/devices/{device_id}", access="account", guest=True, tags=TAGS)
    async def device(self, request: Request) -> JsonObject:
        return self._members(await self._sessions.device(request.user_id, request.params["device_id"]))

    @endpoint(
        "PUT",
        "/_matrix/client/v3/devices/{device_id}",
        access="account",
        guest=True,
        body=RenameBody,
        tags=TAGS,
    )
    async def rename(self, request: Request, body: RenameBody) -> JsonObject:
        device_id = request.params["device_id"]
        if body.display_name is None:
            await self._sessions.device(request.user_id, device_id)
        else:
            await self._sessions.rename(request.user_id, device_id, body.display_name)
        return {}

    @endpoint(
        "DELETE",
        "/_matrix/client/v3/devices/{device_id}",
        access="account",
        body=DeleteBody,
        optional_body=True,
        tags=TAGS,
    )
    async def delete(self, request: Request, body: DeleteBody) -> JsonObject:
        await self._uia.require(request, body.auth, request.user_id, "delete_device")
        await self._sessions.sign_out(request.user_id, [request.params["device_id"]])
        return {}

    @endpoint("POST", "/_matrix/client/v3/delete_devices", access="account", body=DeleteManyBody, tags=TAGS)
    async def delete_many(self, request: Request, body: DeleteManyBody) -> JsonObject:
        named = "delete_devices " + " ".join(sorted(body.devices))
        await self._uia.require(request, body.auth, request.user_id, named)
        await self._sessions.sign_out(request.user_id, body.devices)
        return {}

    def _members(self, device: Device) -> JsonObject:
        seen, address = self._authenticator.seen(device)
        members = {
            "device_id": device.device_id,
            "display_name": device.display_name,
            "last_seen_ip": address,
            "last_seen_ts": seen,
        }
        return {name: value for name, value in members.items() if value is not None}
