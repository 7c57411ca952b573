"""The rules of registration: what is asked for, in which order it is checked, and what comes of it.

In production an account is made with a phone number, and gets an opaque user id whatever `username` was asked for. In
test mode `username` is honoured, `m.login.dummy` is enough, and there are guests.
"""

from typing import Any

import msgspec

from ...core import errors
from ...core.errors import ApiError
from ...storage.database import Database, Transaction
from ..hooks import AccountHooks
from ..people.service import People
from ..profiles.service import Profiles
from ..sessions.authenticator import Authenticator
from ..sessions.models import Tokens
from ..sessions.service import Sessions
from ..sign_in import SignIn
from ..uia.models import DUMMY, MSISDN, TERMS, Auth, Flow, UiaSession
from ..uia.service import Uia, verified_number
from ..uia.stages import Terms

OPERATION = "POST /register"


class RegisterBody(msgspec.Struct):
    auth: Auth | None = None
    username: str | None = None
    password: str | None = None
    device_id: str | None = None
    initial_device_display_name: str | None = None
    inhibit_login: bool | None = None
    refresh_token: bool | None = None
    guest_access_token: str | None = None
    """The token of a guest account, named by `username`, that becomes a full one ("Guest access")."""


class Wanted(msgspec.Struct):
    """What the first request asked for; requests that continue it need not repeat it."""

    localpart: str | None
    password_hash: str | None
    device_id: str | None
    display_name: str | None
    inhibit_login: bool
    refresh: bool
    guest: str | None
    """User id of the guest account that is upgraded instead of making one."""


class Registration:
    def __init__(
        self,
        database: Database,
        people: People,
        profiles: Profiles,
        sessions: Sessions,
        authenticator: Authenticator,
        sign_in: SignIn,
        uia: Uia,
        hooks: AccountHooks,
        terms: Terms,
        *,
        test_mode: bool,
    ) -> None:
        self._database = database
        self._people = people
        self._profiles = profiles
        self._sessions = sessions
        self._authenticator = authenticator
        self._sign_in = sign_in
        self._uia = uia
        self._hooks = hooks
        self._terms = terms
        self._test_mode = test_mode

    async def register(self, body: RegisterBody, address: str, locale: str) -> tuple[str, Tokens | None]:
        """The user id, and the tokens unless login was inhibited.

        Raises 400 `M_INVALID_USERNAME`, `M_USER_IN_USE`, `M_THREEPID_IN_USE`; 401 while stages are left to do.
        """
        begun = await self._uia.find(body.auth, OPERATION)
        wanted = msgspec.convert(begun.facts["wanted"], Wanted) if begun else await self._wanted(body, address)
        if begun is not None and "made" in begun.facts:
            return await self._again(begun.facts["made"], wanted, address)
        if wanted.localpart is not None and wanted.guest is None:
            await self._people.check_available(wanted.localpart)
        facts = {"wanted": msgspec.to_builtins(wanted)}
        done = await self._uia.proceed(OPERATION, body.auth, None, await self.flows(), facts)

        async def work(tx: Transaction) -> tuple[str, Tokens | None]:
            user_id = await self._make(tx, done, wanted, locale)
            if begun is not None:
                await self._uia.remember(tx, done, "made", user_id)
            return user_id, await self._sign_in_to(tx, user_id, wanted, address)

        return await self._database.write(work)

    async def flows(self) -> list[Flow]:
        flow = [MSISDN, TERMS] if await self._terms() else [MSISDN]
        return [[DUMMY], flow] if self._test_mode else [flow]

    async def guest(self, display_name: str | None, address: str) -> tuple[str, Tokens]:
        """A guest account. Raises 403 `M_GUEST_ACCESS_FORBIDDEN` outside test mode."""
        if not self._test_mode:
            raise ApiError(403, "M_GUEST_ACCESS_FORBIDDEN", "This server has no guest accounts.")

        async def work(tx: Transaction) -> tuple[str, Tokens]:
            user_id = await self._people.create(tx, is_guest=True)
            await self._profiles.set_in(tx, user_id, "displayname", "Guest")
            tokens = await self._sessions.create_in(tx, user_id, None, display_name, False, address)
            return user_id, tokens

        return await self._database.write(work)

    async def _wanted(self, body: RegisterBody, address: str) -> Wanted:
        localpart = None
        if body.username is not None:
            checked = self._people.check_localpart(body.username)
            localpart = checked if self._test_mode else None
        guest = None
        if body.guest_access_token is not None:
            guest = (await self._authenticator.session(body.guest_access_token, address)).user_id
            if localpart is None or guest != self._people.user_id(localpart):
                raise errors.forbidden("The token is not of the guest account with that user name.")
        hashed = await self._people.hash_password(body.password) if body.password is not None else None
        return Wanted(
            localpart,
            hashed,
            body.device_id,
            body.initial_device_display_name,
            bool(body.inhibit_login),
            bool(body.refresh_token),
            guest,
        )

    async def _make(self, tx: Transaction, done: UiaSession, wanted: Wanted, locale: str) -> str:
        verified = verified_number(done)
        if wanted.guest is not None:
            await self._people.upgrade_guest(tx, wanted.guest, wanted.password_hash)
            await self._sessions.sign_out_everywhere(tx, wanted.guest)
            if verified is not None:
                await self._sign_in.attach_in(tx, wanted.guest, verified)
            return wanted.guest
        if verified is None:
            return await self._people.create(
                tx, localpart=wanted.localpart, locale=locale, password_hash=wanted.password_hash
            )
        user_id = await self._sign_in.create_account_in(
            tx, verified, locale=locale, localpart=wanted.localpart, password_hash=wanted.password_hash
        )
        agreed: dict[str, Any] | None = done.facts.get(TERMS)
        if agreed:
            for hook in self._hooks.on_terms_accepted:
                await hook(tx, user_id, agreed)
        return user_id

    async def _sign_in_to(self, tx: Transaction, user_id: str, wanted: Wanted, address: str) -> Tokens | None:
        if wanted.inhibit_login:
            return None
        return await self._sessions.create_in(
            tx, user_id, wanted.device_id, wanted.display_name, wanted.refresh, address
        )

    async def _again(self, user_id: str, wanted: Wanted, address: str) -> tuple[str, Tokens | None]:
        """The answer got lost and the client asks again: the same account, on a fresh session."""

        async def work(tx: Transaction) -> tuple[str, Tokens | None]:
            return user_id, await self._sign_in_to(tx, user_id, wanted, address)

        return await self._database.write(work)
