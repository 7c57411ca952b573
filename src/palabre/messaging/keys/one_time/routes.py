"""`POST /keys/claim`: Client-Server API, module "End-to-End Encryption"."""

from ....http.endpoint import endpoint
from ....http.request import Request
from .models import ClaimBody, Claimed
from .service import OneTimeKeyService


class OneTimeKeyRoutes:
    def __init__(self, one_time_keys: OneTimeKeyService) -> None:
        self._one_time_keys = one_time_keys

    @endpoint(
        "POST",
        "/_matrix/client/v3/keys/claim",
        access="read",
        guest=True,
        body=ClaimBody,
        limit="keys.claim",
        tags=("End-to-end encryption",),
        returns=Claimed,
    )
    async def claim(self, request: Request, body: ClaimBody) -> Claimed:
        return Claimed(await self._one_time_keys.claim(body.one_time_keys))
