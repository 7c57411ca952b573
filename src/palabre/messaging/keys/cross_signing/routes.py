"""`POST /keys/device_signing/upload` and `/keys/signatures/upload`: module "End-to-End Encryption"."""

from ....core.json import JsonObject
from ....http.endpoint import endpoint
from ....http.request import Request
from ..protocols import InteractiveAuth
from .models import SignaturesBody, SignaturesResult, SigningBody
from .service import CrossSigningService, parse

TAGS = ("End-to-end encryption",)
OPERATION = "replace_cross_signing_keys"


class CrossSigningRoutes:
    def __init__(self, cross_signing: CrossSigningService, interactive_auth: InteractiveAuth) -> None:
        self._cross_signing = cross_signing
        self._interactive_auth = interactive_auth

    @endpoint(
        "POST",
        "/_matrix/client/v3/keys/device_signing/upload",
        "/_matrix/client/unstable/keys/device_signing/upload",
        access="account",
        body=SigningBody,
        tags=TAGS,
    )
    async def upload_keys(self, request: Request, body: SigningBody) -> JsonObject:
        keys = parse(request.user_id, body)
        if not await self._cross_signing.upload_keys(request.user_id, keys, confirmed=False):
            await self._interactive_auth.require(request, body.auth, request.user_id, OPERATION)
            await self._cross_signing.upload_keys(request.user_id, keys, confirmed=True)
        return {}

    @endpoint(
        "POST",
        "/_matrix/client/v3/keys/signatures/upload",
        "/_matrix/client/unstable/keys/signatures/upload",
        access="account",
        body=SignaturesBody,
        tags=TAGS,
        returns=SignaturesResult,
    )
    async def upload_signatures(self, request: Request, body: SignaturesBody) -> SignaturesResult:
        return SignaturesResult(await self._cross_signing.upload_signatures(request.user_id, body))
