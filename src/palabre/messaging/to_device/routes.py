"""`PUT /sendToDevice/{eventType}/{txnId}`: Client-Server API, module "Send-to-Device messaging"."""

from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from .models import SendBody
from .service import ToDeviceService

MAX_BODY = 10 << 20
"""A client sends the keys of a room to hundreds of devices at once."""


class ToDeviceRoutes:
    def __init__(self, to_device: ToDeviceService) -> None:
        self._to_device = to_device

    # `read`: without key requests and verification a device cannot read what it receives.
    @endpoint(
        "PUT",
        "/_matrix/client/v3/sendToDevice/{event_type}/{txn_id}",
        access="read",
        guest=True,
        body=SendBody,
        max_body=MAX_BODY,
        tags=("Send-to-Device messaging",),
    )
    async def send(self, request: Request, body: SendBody) -> JsonObject:
        await self._to_device.send(
            request.user_id, request.device_id, request.params["event_type"], request.params["txn_id"], body.messages
        )
        return {}
