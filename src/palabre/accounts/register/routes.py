"""`/register` and `/register/available`."""

from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..locales import preferred_locale
from ..login.routes import token_members
from ..people.service import People
from .service import RegisterBody, Registration


class RegisterRoutes:
    def __init__(self, registration: Registration, people: People, server_name: str) -> None:
        self._registration = registration
        self._people = people
        self._server_name = server_name

    @endpoint(
        "POST",
        "/_matrix/client/v3/register",
        access="public",
        body=RegisterBody,
        limit="accounts.register",
        tags=("Account management",),
    )
    async def register(self, request: Request, body: RegisterBody) -> JsonObject:
        kind = request.query.get("kind", "user")
        if kind not in ("user", "guest"):
            raise errors.invalid_param("kind must be user or guest.")
        if kind == "guest":
            user_id, guest = await self._registration.guest(body.initial_device_display_name, request.address)
            return self._answer(user_id, token_members(guest))
        user_id, tokens = await self._registration.register(body, request.address, preferred_locale(request))
        return self._answer(user_id, token_members(tokens) if tokens else {})

    def _answer(self, user_id: str, members: JsonObject) -> JsonObject:
        return {"user_id": user_id, "home_server": self._server_name, **members}

    @endpoint(
        "GET",
        "/_matrix/client/v3/register/available",
        access="public",
        limit="accounts.register",
        tags=("Account management",),
    )
    async def available(self, request: Request) -> JsonObject:
        username = request.query.get("username")
        if username is None:
            raise errors.missing_param("The username is missing.")
        await self._people.check_available(self._people.check_localpart(username))
        return {"available": True}
