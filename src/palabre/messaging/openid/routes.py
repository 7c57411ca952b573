"""OpenID tokens over HTTP. Client-server API, section "OpenID"; server-server API, section "OpenID"."""

import hashlib

from ...core import errors, ids
from ...core.clock import Clock
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ...storage.database import Database, Transaction
from . import store

LIFETIME_MS = 3_600_000


class OpenIdRoutes:
    def __init__(self, database: Database, clock: Clock, server_name: str) -> None:
        self._database = database
        self._clock = clock
        self._server_name = server_name

    @endpoint(
        "POST",
        "/_matrix/client/v3/user/{user_id}/openid/request_token",
        access="read",
        body=JsonObject,
        optional_body=True,
        limit="oauth.token",
    )
    async def request_token(self, request: Request, body: JsonObject) -> JsonObject:
        user_id = request.params["user_id"]
        request.require_self(user_id)
        token, now = ids.secret("poi_"), self._clock.ms()

        async def work(tx: Transaction) -> None:
            await store.drop_expired(tx, now)
            store.add(tx, _hash(token), user_id, now + LIFETIME_MS)

        await self._database.write(work)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "matrix_server_name": self._server_name,
            "expires_in": LIFETIME_MS // 1000,
        }

    @endpoint("GET", "/_matrix/federation/v1/openid/userinfo", access="public")
    async def userinfo(self, request: Request) -> JsonObject:
        """For the other service: whose token this is."""
        token = request.query.get("access_token")
        if not token:
            raise errors.ApiError(401, "M_MISSING_TOKEN", "access_token is missing.")
        user_id = await store.owner(self._database, _hash(token), self._clock.ms())
        if user_id is None:
            raise errors.ApiError(401, "M_UNKNOWN_TOKEN", "This token is unknown or has expired.")
        return {"sub": user_id}


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
