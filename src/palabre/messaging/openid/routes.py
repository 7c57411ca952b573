"""OpenID tokens over HTTP. Client-server API, section "OpenID"; server-server API, section "OpenID"."""

from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from .service import LIFETIME_MS, OpenIdService


class OpenIdRoutes:
    def __init__(self, tokens: OpenIdService, server_name: str) -> None:
        self._tokens = tokens
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
        return {
            "access_token": await self._tokens.create(user_id),
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
        user_id = await self._tokens.owner(token)
        if user_id is None:
            raise errors.ApiError(401, "M_UNKNOWN_TOKEN", "This token is unknown or has expired.")
        return {"sub": user_id}
