"""`/login`, `/logout`, `/refresh` and `/login/get_token`."""

from typing import Any

import msgspec

from ...core import errors
from ...core.errors import ApiError
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..identifiers import Identifiers
from ..sessions.models import Tokens
from ..sessions.service import Sessions
from ..uia.service import Uia
from .service import LOGIN_TOKEN_MS, LoginTokens, PasswordLogin

FLOWS: list[JsonObject] = [
    {"type": "m.login.password"},
    {"type": "m.login.sso", "oauth_aware_preferred": True},
    {"type": "m.login.token", "get_login_token": True},
]


class LoginBody(msgspec.Struct):
    type: str
    identifier: JsonObject | None = None
    user: str | None = None
    medium: str | None = None
    address: str | None = None
    password: str | None = None
    token: str | None = None
    device_id: str | None = None
    initial_device_display_name: str | None = None
    refresh_token: bool | None = None


class RefreshBody(msgspec.Struct):
    refresh_token: str


class AuthBody(msgspec.Struct):
    auth: JsonObject | None = None


class LoginRoutes:
    def __init__(
        self,
        sessions: Sessions,
        passwords: PasswordLogin,
        tokens: LoginTokens,
        identifiers: Identifiers,
        uia: Uia,
        server_name: str,
    ) -> None:
        self._sessions = sessions
        self._passwords = passwords
        self._tokens = tokens
        self._identifiers = identifiers
        self._uia = uia
        self._server_name = server_name

    @endpoint("GET", "/_matrix/client/v3/login", access="public", tags=("Session management",))
    async def flows(self, request: Request) -> JsonObject:
        return {"flows": FLOWS}

    @endpoint(
        "POST",
        "/_matrix/client/v3/login",
        access="public",
        body=LoginBody,
        limit="accounts.login",
        tags=("Session management",),
    )
    async def login(self, request: Request, body: LoginBody) -> JsonObject:
        user_id = await self._who(body)
        tokens = await self._sessions.create(
            user_id,
            body.device_id,
            body.initial_device_display_name,
            bool(body.refresh_token),
            request.address,
        )
        return {"user_id": user_id, "home_server": self._server_name, **token_members(tokens)}

    async def _who(self, body: LoginBody) -> str:
        if body.type == "m.login.password":
            if body.password is None:
                raise errors.missing_param("The password is missing.")
            named = await self._identifiers.from_members(msgspec.structs.asdict(body))
            return await self._passwords.check(named, body.password)
        if body.type == "m.login.token":
            if body.token is None:
                raise errors.missing_param("The token is missing.")
            return await self._tokens.redeem(body.token)
        raise ApiError(400, "M_UNKNOWN", "This server does not know that type of login.")

    @endpoint(
        "POST",
        "/_matrix/client/v1/login/get_token",
        access="account",
        body=AuthBody,
        optional_body=True,
        limit="accounts.login",
        tags=("Session management",),
    )
    async def get_token(self, request: Request, body: AuthBody) -> JsonObject:
        await self._uia.require(request, body.auth, request.user_id, "get_login_token")
        token = await self._tokens.create(request.user_id)
        return {"login_token": token, "expires_in_ms": LOGIN_TOKEN_MS}

    @endpoint("POST", "/_matrix/client/v3/refresh", access="public", body=RefreshBody, tags=("Session management",))
    async def refresh(self, request: Request, body: RefreshBody) -> JsonObject:
        members = token_members(await self._sessions.refresh(body.refresh_token))
        del members["device_id"]
        return members

    @endpoint("POST", "/_matrix/client/v3/logout", access="account", guest=True, tags=("Session management",))
    async def logout(self, request: Request) -> JsonObject:
        await self._sessions.sign_out(request.user_id, [request.device_id])
        return {}

    @endpoint("POST", "/_matrix/client/v3/logout/all", access="account", guest=True, tags=("Session management",))
    async def logout_all(self, request: Request) -> JsonObject:
        devices = await self._sessions.devices(request.user_id)
        await self._sessions.sign_out(request.user_id, [device.device_id for device in devices])
        return {}


def token_members(tokens: Tokens) -> dict[str, Any]:
    """The members that a login, a registration or a refresh answers with; those without a value are left out."""
    members = {
        "access_token": tokens.access_token,
        "device_id": tokens.device_id,
        "refresh_token": tokens.refresh_token,
        "expires_in_ms": tokens.expires_in_ms,
    }
    return {name: value for name, value in members.items() if value is not None}
