"""Signing in to the console: by the operator token, or as an account that is an operator's."""

from collections.abc import Callable

from starlette.responses import Response

from ...accounts.hashing import token_hash
from ...accounts.people.models import Account
from ...accounts.people.service import People
from ...core import errors, ids
from ...core.clock import Clock
from ...core.errors import ApiError
from ...http.limits import RateLimits
from ...http.request import Request
from ...storage.database import Database, Transaction
from ..browser.service import Browsers
from . import store
from .models import MAX_ACTOR, SESSION_MS, Operator


class Operators:
    """`token_matches` compares with the operator token in constant time."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: RateLimits,
        people: People,
        browsers: Browsers,
        token_matches: Callable[[str], bool],
        *,
        secure: bool,
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._people = people
        self._browsers = browsers
        self._token_matches = token_matches
        self._secure = secure
        self._cookie = ("__Host-" if secure else "") + "palabre_console"

    async def session(self, request: Request) -> Operator | None:
        """Who the browser belongs to. An account that is no operator's any more is nobody."""
        cookie = request.starlette.cookies.get(self._cookie)
        if not cookie:
            return None
        found = await store.get(self._database, token_hash(cookie))
        if found is None or found.expires <= self._clock.ms():
            return None
        if found.user_id is not None:
            account = await self._people.get(found.user_id)
            if account is None or not account.is_active or not account.is_operator:
                return None
        return found

    async def account(self, request: Request) -> Account | None:
        """The operator's account that the browser is signed in as on the account pages."""
        session = await self._browsers.session(request)
        account = None if session is None else await self._people.get(session.user_id)
        return account if account is not None and account.is_operator else None

    async def sign_in(self, request: Request, token: str, actor: str) -> tuple[Operator, str]:
        """(session, cookie). With `token` empty, as the operator's account that the browser is signed in as.

        Raises 400 for a name that cannot be written beside an operation, 403 for a token that is not the operator's,
        and 429 for too many tries.
        """
        self._limits.check("console.sign_in", request.address)
        name = " ".join(actor.split())
        if not 0 < len(name) <= MAX_ACTOR or not name.isprintable():
            raise ApiError(400, "BAD_ACTOR", f"Type a name of 1 to {MAX_ACTOR} characters.")
        user_id = None
        if not token:
            # A sign-in that is weeks old opens an account page, but not the console.
            await self._browsers.require(request, fresh=True)
            account = await self.account(request)
            if account is None:
                raise errors.forbidden("This account is not an operator's.")
            user_id = account.user_id
            name = f"{name} ({user_id})"
        elif not self._token_matches(token):
            raise ApiError(403, "BAD_TOKEN", "This is not the operator token.")
        cookie, now = ids.secret(), self._clock.ms()
        operator = Operator(name, user_id, now + SESSION_MS)

        async def work(tx: Transaction) -> None:
            await store.delete_expired(tx, now)
            await store.put(tx, token_hash(cookie), operator)

        await self._database.write(work)
        return operator, cookie

    def set_cookie(self, response: Response, cookie: str) -> None:
        """Other sites cannot make the browser send it, not even with a link."""
        response.set_cookie(
            self._cookie,
            cookie,
            max_age=SESSION_MS // 1000,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )

    async def sign_out(self, request: Request, response: Response) -> None:
        cookie_hash = token_hash(request.starlette.cookies.get(self._cookie, ""))

        async def work(tx: Transaction) -> None:
            await store.delete(tx, cookie_hash)

        await self._database.write(work)
        response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="strict")
