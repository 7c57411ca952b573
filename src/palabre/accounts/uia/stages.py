"""What each stage asks for and how it is checked ("Authentication types")."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from ...core import errors
from ...core.errors import ApiError
from ...http.limits import RateLimits
from ..codes.service import CodeService
from ..identifiers import Identifiers
from ..people.service import People
from .models import DUMMY, MSISDN, PASSWORD, TERMS, Auth, StageError

Terms = Callable[[], Awaitable[dict[str, Any]]]
"""The policies a new person agrees to: id -> `{"version": …, "en": {"name": …, "url": …}, "fr": …}`; empty: none."""


class ThreepidCreds(msgspec.Struct):
    sid: str
    client_secret: str


class Stages:
    """`check` tries one stage. `m.login.sso` and `m.oauth` are done on a page, which calls `Uia.complete`."""

    def __init__(
        self, people: People, identifiers: Identifiers, codes: CodeService, limits: RateLimits, terms: Terms
    ) -> None:
        self._people = people
        self._identifiers = identifiers
        self._codes = codes
        self._limits = limits
        self.terms = terms

    async def check(self, stage: str, auth: Auth, user_id: str | None) -> Any:
        """What the stage found out, to be kept in the session's facts.

        Raises `StageError` for a failed attempt, 403 for somebody else's credentials, 400 for missing members.
        """
        if stage == PASSWORD:
            return await self._password(auth, user_id)
        if stage == MSISDN:
            return await self._msisdn(auth, user_id)
        if stage == TERMS:
            return await self.terms()
        if stage == DUMMY:
            return True
        raise StageError("M_FORBIDDEN", "This stage is completed on its page, which has not happened yet.")

    async def _password(self, auth: Auth, user_id: str | None) -> dict[str, str]:
        password = auth.get("password")
        if not isinstance(password, str):
            raise errors.missing_param("The password is missing.")
        claimed = await self._identifiers.from_members(auth)
        if user_id is not None and claimed is not None and claimed != user_id:
            raise errors.forbidden("This is the password of another account.")
        self._limits.check("accounts.login", claimed or "nobody")
        if not await self._people.check_password(claimed, password) or claimed is None:
            raise StageError("M_FORBIDDEN", "The password is wrong.")
        return {"user_id": claimed}

    async def _msisdn(self, auth: Auth, user_id: str | None) -> dict[str, str]:
        creds = auth.get("threepid_creds") or auth.get("threepidCreds")
        try:
            given = msgspec.convert(creds, ThreepidCreds)
        except msgspec.ValidationError:
            raise errors.missing_param("threepid_creds must hold sid and client_secret.") from None
        try:
            verified = await self._codes.verified(given.sid, given.client_secret)
        except ApiError as error:
            raise StageError(error.errcode, error.error) from None
        if user_id is not None:
            number = await self._people.number(verified.e164)
            if number is None or number.user_id != user_id:
                raise errors.forbidden("This is not a phone number of your account.")
        return {"sid": verified.sid, "e164": verified.e164}
