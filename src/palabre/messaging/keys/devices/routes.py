"""`POST /keys/upload` and `POST /keys/query`: Client-Server API, module "End-to-End Encryption"."""

from ....http.endpoint import endpoint
from ....http.request import Request
from .models import Queried, QueryBody, UploadBody, Uploaded
from .service import DeviceKeyService

TAGS = ("End-to-end encryption",)


class DeviceKeyRoutes:
    def __init__(self, device_keys: DeviceKeyService) -> None:
        self._device_keys = device_keys

    @endpoint(
        "POST",
        "/_matrix/client/v3/keys/upload",
        access="account",
        guest=True,
        body=UploadBody,
        tags=TAGS,
        returns=Uploaded,
    )
    async def upload(self, request: Request, body: UploadBody) -> Uploaded:
        return Uploaded(await self._device_keys.upload(request.user_id, request.device_id, body))

    @endpoint(
        "POST",
        "/_matrix/client/v3/keys/query",
        access="account",
        guest=True,
        body=QueryBody,
        tags=TAGS,
        returns=Queried,
    )
    async def query(self, request: Request, body: QueryBody) -> Queried:
        return await self._device_keys.query(request.user_id, body)
