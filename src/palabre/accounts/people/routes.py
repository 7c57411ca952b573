"""`/account/whoami`, `/account/password`, `/account/deactivate`."""

import msgspec

from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..lifecycle import Lifecycle
from ..uia.models import MSISDN
from ..uia.service import Uia, describe, verified_number
from .password import PasswordChange
from .service import People


class PasswordBody(msgspec.Struct):
    new_password: str
    logout_devices: bool = True
    auth: JsonObject | None = None


class DeactivateBody(msgspec.Struct):
    auth: JsonObject | None = None
    erase: bool | None = None


class AccountRoutes:
    def __init__(self, people: People, passwords: PasswordChange, lifecycle: Lifecycle, uia: Uia) -> None:
        self._people = people
        self._passwords = passwords
        self._lifecycle = lifecycle
        self._uia = uia

    @endpoint(
        "GET",
        "/_matrix/client/v3/account/whoami",
        access="account",
        guest=True,
        tags=("Session management",),
    )
    async def whoami(self, request: Request) -> JsonObject:
        account = await self._people.get(request.user_id)
        is_guest = account is not None and account.is_guest
        return {"user_id": request.user_id, "device_id": request.device_id, "is_guest": is_guest}

    @endpoint(
        "POST",
        "/_matrix/client/v3/account/password",
        access="public",
        optional_auth=True,
        body=PasswordBody,
        limit="accounts.login",
        tags=("Account management",),
    )
    async def password(self, request: Request, body: PasswordBody) -> JsonObject:
        hashed = await self._people.hash_password(body.new_password)
        session = request.session_or_none
        if session is not None:
            await self._uia.require(request, body.auth, session.user_id, "password")
            await self._passwords.change(session, hashed, sign_out_others=body.logout_devices)
        else:
            done = await self._uia.proceed(describe(request, "reset_password"), body.auth, None, [[MSISDN]])
            verified = verified_number(done)
            assert verified is not None, "the only flow has found a number"
            await self._passwords.reset(verified, hashed, sign_out=body.logout_devices)
        return {}

    @endpoint(
        "POST",
        "/_matrix/client/v3/account/deactivate",
        access="account",
        body=DeactivateBody,
        optional_body=True,
        tags=("Account management",),
    )
    async def deactivate(self, request: Request, body: DeactivateBody) -> JsonObject:
        await self._uia.require(request, body.auth, request.user_id, "deactivate")
        await self._lifecycle.deactivate(request.user_id, erase=bool(body.erase))
        return {"id_server_unbind_result": "success"}
