"""`/dehydrated_device`: MSC3814."""

from ....core.json import JsonObject
from ....http.endpoint import endpoint
from ....http.request import Request
from .models import Dehydrated, DehydratedBody, Events, EventsBody
from .service import DehydratedDeviceService

ROOT = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device"
TAGS = ("End-to-end encryption",)


class DehydratedDeviceRoutes:
    def __init__(self, dehydrated: DehydratedDeviceService) -> None:
        self._dehydrated = dehydrated

    @endpoint("PUT", ROOT, access="read", body=DehydratedBody, tags=TAGS)
    async def put(self, request: Request, body: DehydratedBody) -> JsonObject:
        await self._dehydrated.put(request.user_id, body)
        return {"device_id": body.device_id}

    @endpoint("GET", ROOT, access="read", tags=TAGS, returns=Dehydrated)
    async def get(self, request: Request) -> Dehydrated:
        return await self._dehydrated.get(request.user_id)

    @endpoint("DELETE", ROOT, access="read", tags=TAGS)
    async def delete(self, request: Request) -> JsonObject:
        return {"device_id": await self._dehydrated.delete(request.user_id)}

    @endpoint(
        "POST",
        f"{ROOT}/{{device_id}}/events",
        access="read",
        body=EventsBody,
        optional_body=True,
        tags=TAGS,
        returns=Events,
    )
    async def events(self, request: Request, body: EventsBody) -> Events:
        return await self._dehydrated.events(request.user_id, request.params["device_id"], body.next_batch)
