"""Cookies in, people out. What the cookies hold is random; the database knows only their hashes."""

from starlette.responses import Response

from ...accounts.hashing import token_hash
from ...accounts.people.service import People
from ...core import ids
from ...core.clock import Clock
from ...http.request import Request
from ...storage.database import Database, Transaction
from ..addresses import Elsewhere, own_address, sign_in_address
from ..frame import Pages
from .models import FRESH_MS, PROGRESS_MS, SESSION_MS, BrowserSession, Progress
from .store import BrowserStore


class Browsers:
    def __init__(
        self, database: Database, clock: Clock, people: People, pages: Pages, store: BrowserStore | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._pages = pages
        self._store = store or BrowserStore()
        # Where cookies travel encrypted, the prefix keeps other hosts of the same domain from setting them.
        prefix = "__Host-" if pages.site.secure else ""
        self._session_cookie = prefix + "palabre_session"
        self._progress_cookie = prefix + "palabre_sign_in"

    # signed in

    async def session(self, request: Request) -> BrowserSession | None:
        """Who the browser is signed in as, if that account still lives."""
        cookie = request.starlette.cookies.get(self._session_cookie)
        if not cookie:
            return None
        session = await self._store.session(self._database, token_hash(cookie))
        if session is None or session.expires <= self._clock.ms():
            return None
        account = await self._people.get(session.user_id)
        return session if account is not None and account.is_active else None

    async def require(self, request: Request, *, fresh: bool = False) -> BrowserSession:
        """The session, after a detour to the sign-in where there is none, or with `fresh` where it is not new."""
        session = await self.session(request)
        if session is None:
            raise Elsewhere(sign_in_address(own_address(request)))
        if fresh and self._clock.ms() - session.signed_in >= FRESH_MS:
            raise Elsewhere(sign_in_address(own_address(request), again=True))
        return session

    async def sign_in(self, request: Request, response: Response, user_id: str) -> None:
        """Set the cookie of a new session on `response`, and end what the browser was in the middle of."""
        cookie, now = ids.secret(), self._clock.ms()
        session = BrowserSession(user_id, now, now + SESSION_MS)
        old = [token_hash(value) for value in self._cookies(request)]

        async def work(tx: Transaction) -> None:
            await self._store.delete_expired(tx, now)
            for cookie_hash in old:
                await self._store.delete_session(tx, cookie_hash)
                await self._store.delete_progress(tx, cookie_hash)
            await self._store.put_session(tx, token_hash(cookie), session)
            self._people.seen(tx, user_id, now)

        await self._database.write(work)
        self._pages.set_cookie(response, self._session_cookie, cookie, SESSION_MS // 1000)
        response.delete_cookie(self._progress_cookie, path="/", secure=self._pages.site.secure)

    async def sign_out(self, request: Request, response: Response) -> None:
        cookie_hash = token_hash(request.starlette.cookies.get(self._session_cookie, ""))

        async def work(tx: Transaction) -> None:
            await self._store.delete_session(tx, cookie_hash)

        await self._database.write(work)
        response.delete_cookie(self._session_cookie, path="/", secure=self._pages.site.secure)

    async def sign_out_others(self, request: Request, user_id: str) -> None:
        """End the person's sessions in other browsers."""
        keep = token_hash(request.starlette.cookies.get(self._session_cookie, ""))

        async def work(tx: Transaction) -> None:
            await self._store.delete_sessions_of(tx, user_id, keep)

        await self._database.write(work)

    async def forget(self, tx: Transaction, user_id: str, _erase: bool) -> None:
        """For `AccountHooks.on_deactivated`."""
        await self._store.delete_sessions_of(tx, user_id, b"")

    def _cookies(self, request: Request) -> list[str]:
        cookies = request.starlette.cookies
        return [cookies[name] for name in (self._session_cookie, self._progress_cookie) if cookies.get(name)]

    # on the way

    async def progress(self, request: Request) -> Progress | None:
        cookie = request.starlette.cookies.get(self._progress_cookie)
        if not cookie:
            return None
        return await self._store.progress(self._database, token_hash(cookie), self._clock.ms())

    async def begin(self, response: Response, progress: Progress) -> None:
        """Start a sign-in, with a cookie that nobody can have known before."""
        cookie = ids.secret()
        await self._put_progress(cookie, progress)
        self._pages.set_cookie(response, self._progress_cookie, cookie, PROGRESS_MS // 1000)

    async def advance(self, request: Request, progress: Progress) -> None:
        """Remember how far the sign-in that the browser is in has come."""
        await self._put_progress(request.starlette.cookies[self._progress_cookie], progress)

    async def abandon(self, request: Request, response: Response) -> None:
        """Forget the sign-in that the browser is in."""
        cookie_hash = token_hash(request.starlette.cookies.get(self._progress_cookie, ""))

        async def work(tx: Transaction) -> None:
            await self._store.delete_progress(tx, cookie_hash)

        await self._database.write(work)
        response.delete_cookie(self._progress_cookie, path="/", secure=self._pages.site.secure)

    async def _put_progress(self, cookie: str, progress: Progress) -> None:
        expires = self._clock.ms() + PROGRESS_MS

        async def work(tx: Transaction) -> None:
            await self._store.put_progress(tx, token_hash(cookie), progress, expires)

        await self._database.write(work)
