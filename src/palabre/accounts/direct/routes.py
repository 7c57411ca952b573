"""`/_palabre/v1/sign-in`: number, code, and where asked PIN, in three calls, for clients that show no web page.

The rules are those of every road (`accounts.sign_in`). Where terms are published, a new account is made together with
accepting them: `verify` says which, `complete` names them.
"""

from typing import Annotated

import msgspec

from ...core.errors import ApiError
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..agreement import AcceptedTerms, SignUpTerms
from ..codes.service import CodeService
from ..locales import preferred_locale
from ..sessions.service import Sessions
from ..sign_in import SignIn

ClientSecret = Annotated[str, msgspec.Meta(pattern="^[0-9a-zA-Z.=_-]{1,255}$")]
"""Made up by the client; only who knows it can go on."""


class CodeBody(msgspec.Struct):
    phone: str
    """As a person types it; without `+` it is read as a number of `region`."""
    client_secret: ClientSecret
    region: str | None = None


class VerifyBody(msgspec.Struct):
    sid: str
    client_secret: ClientSecret
    code: str


class CompleteBody(msgspec.Struct):
    sid: str
    client_secret: ClientSecret
    pin: str | None = None
    start_fresh: bool = False
    """Leave a PIN-locked, long unused account behind and make a new one."""
    display_name: str | None = None
    """For a new account."""
    terms: list[AcceptedTerms] = []
    """For a new account: the terms that the person read and accepts."""
    device_id: Annotated[str, msgspec.Meta(pattern="^[!-~]{1,255}$")] | None = None
    initial_device_display_name: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class SignInRoutes:
    def __init__(
        self, sign_in: SignIn, codes: CodeService, sessions: Sessions, default_region: str, terms: SignUpTerms
    ) -> None:
        self._sign_in = sign_in
        self._codes = codes
        self._sessions = sessions
        self._default_region = default_region
        self._terms = terms

    @endpoint("POST", "/_palabre/v1/sign-in/code", access="public", body=CodeBody)
    async def code(self, request: Request, body: CodeBody) -> JsonObject:
        """Send a code. Answers `sid`, `expires_ms` and `resend_after_ms`."""
        sent = await self._sign_in.request_code(
            body.phone,
            body.region or self._default_region,
            request.address,
            preferred_locale(request) or "en",
            body.client_secret,
        )
        return {"sid": sent.sid, "expires_ms": sent.expires_ms, "resend_after_ms": sent.resend_after_ms}

    @endpoint("POST", "/_palabre/v1/sign-in/verify", access="public", body=VerifyBody, limit="accounts.login")
    async def verify(self, request: Request, body: VerifyBody) -> JsonObject:
        """Check the code. Answers `is_new`, `needs_pin`, `can_start_fresh`, and the `terms` of a new account."""
        verified = await self._sign_in.check_code(body.sid, body.code, request.address, body.client_secret)
        match = await self._sign_in.account_for(verified)
        makes_account = match.is_new or match.can_start_fresh
        return {
            "is_new": match.is_new,
            "needs_pin": match.needs_pin,
            "can_start_fresh": match.can_start_fresh,
            "terms": await self._terms.asked(verified.e164) if makes_account else [],
        }

    @endpoint("POST", "/_palabre/v1/sign-in/complete", access="public", body=CompleteBody, limit="accounts.login")
    async def complete(self, request: Request, body: CompleteBody) -> JsonObject:
        """Open or make the account and sign a device in. Answers `user_id`, `device_id` and `access_token`.

        A new account without accepting its `terms`: 403 `M_CONSENT_NOT_GIVEN`, with what they are as `terms`.
        """
        verified = await self._codes.verified(body.sid, body.client_secret)
        match = await self._sign_in.account_for(verified)
        if match.is_new or (body.start_fresh and match.can_start_fresh):
            user_id = await self._sign_in.create_account(
                verified,
                body.display_name,
                preferred_locale(request),
                start_fresh=body.start_fresh,
                agree=self._terms.agreement(verified.e164, body.terms, gpc=request.header("sec-gpc") == "1"),
            )
        elif match.needs_pin and body.pin is None:
            raise ApiError(403, "PALABRE_PIN_REQUIRED", "This account is protected by a PIN.")
        else:
            user_id = await self._sign_in.open_account(verified, body.pin)
        tokens = await self._sessions.create(
            user_id, body.device_id, body.initial_device_display_name, False, request.address
        )
        return {"user_id": user_id, "device_id": tokens.device_id, "access_token": tokens.access_token}
