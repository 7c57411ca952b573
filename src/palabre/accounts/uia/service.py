"""The rules of interactive authentication: sessions, flows, and when they are done."""

from typing import Any

from msgspec.structs import replace

from ...core import errors, ids
from ...core.clock import Clock
from ...http.request import Request
from ...storage.database import Database, Transaction
from ..codes.models import VerifiedNumber
from ..codes.service import CodeService
from ..people.service import People
from .models import (
    MSISDN,
    OAUTH,
    PASSWORD,
    SESSION_MS,
    SSO,
    TERMS,
    Auth,
    Challenge,
    Flow,
    StageError,
    UiaSession,
)
from .stages import Stages
from .store import UiaStore


class Uia:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        people: People,
        codes: CodeService,
        stages: Stages,
        public_url: str,
        store: UiaStore | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._codes = codes
        self._stages = stages
        self._public_url = public_url
        self._store = store or UiaStore()

    async def require(self, request: Request, auth: Auth | None, user_id: str, operation: str) -> None:
        """Return when `user_id` has just proved who they are for this very request; raise a 401 `Challenge` until then.

        `operation` names the purpose (`delete_device`, …): the page shows it, and with the request's method and path
        it binds the session, which can be used for one success only. Raises 403 for another operation's session.
        """
        done = await self.proceed(describe(request, operation), auth, user_id, await self.flows_for(user_id))
        await self._use_up(done)

    async def flows_for(self, user_id: str) -> list[Flow]:
        """What somebody can prove themselves with: a password or a number if they have one, or our own page."""
        account = await self._people.require_active(user_id)
        flows: list[Flow] = []
        if account.has_password:
            flows.append([PASSWORD])
        if await self._people.numbers_of(user_id):
            flows.append([MSISDN])
        return [*flows, [SSO], [OAUTH]]

    async def find(self, auth: Auth | None, operation: str) -> UiaSession | None:
        """The session that `auth` names, if it lives and is for this operation."""
        session = auth.get("session") if auth else None
        if not isinstance(session, str):
            return None
        found = await self._store.get(self._database, session, self._clock.ms())
        return found if found is not None and found.operation == operation else None

    async def proceed(
        self,
        operation: str,
        auth: Auth | None,
        user_id: str | None,
        flows: list[Flow],
        facts: dict[str, Any] | None = None,
    ) -> UiaSession:
        """One step: try the stage that `auth` attempts; return the session once a whole flow is completed.

        Raises the 401 `Challenge` for what is left to do, after writing down what was reached. `facts` are kept with a
        new session.
        """
        session, is_new = await self._open(operation, auth, user_id, facts or {})
        stage = auth.get("type") if auth else None
        if stage is not None and not isinstance(stage, str):
            raise errors.bad_json("The type of a stage is a string.")
        if auth is None or stage is None or stage in session.completed:
            return await self._settle(session, flows, write=is_new)
        if not any(stage in flow for flow in flows):
            raise errors.invalid_param(f"{stage} is not part of a flow here.")
        try:
            found = await self._stages.check(stage, auth, user_id)
        except StageError as failure:
            if is_new:
                await self._write(session)
            raise Challenge(session, flows, await self._params(session, flows), failure) from None
        advanced = replace(session, completed=[*session.completed, stage], facts={**session.facts, stage: found})
        return await self._settle(advanced, flows, write=True)

    async def _settle(self, session: UiaSession, flows: list[Flow], *, write: bool) -> UiaSession:
        if session.satisfies(flows):
            return session
        if write:
            await self._write(session)
        raise Challenge(session, flows, await self._params(session, flows))

    async def _open(
        self, operation: str, auth: Auth | None, user_id: str | None, facts: dict[str, Any]
    ) -> tuple[UiaSession, bool]:
        now = self._clock.ms()
        name = auth.get("session") if auth else None
        if isinstance(name, str):
            session = await self._store.get(self._database, name, now)
            if session is not None and (session.operation != operation or session.user_id != user_id):
                raise errors.forbidden("This authentication was begun for something else.")
            if session is not None:
                return session, False
        new = UiaSession(ids.secret(random_bytes=18), operation, user_id, [], facts, now + SESSION_MS)
        return new, True

    async def _params(self, session: UiaSession, flows: list[Flow]) -> dict[str, Any]:
        stages = {stage for flow in flows for stage in flow}
        params: dict[str, Any] = {}
        if TERMS in stages:
            params[TERMS] = {"policies": await self._stages.terms()}
        if OAUTH in stages:
            params[OAUTH] = {"url": f"{self._public_url}/account/confirm?session={session.session}"}
        return params

    async def _write(self, session: UiaSession) -> None:
        async def work(tx: Transaction) -> None:
            await self._store.delete_expired(tx, self._clock.ms())
            await self._store.put(tx, session)

        await self._database.write(work)

    async def _use_up(self, session: UiaSession) -> None:
        """A completed session, and a phone number verified for it, serve once."""

        async def work(tx: Transaction) -> None:
            was_there = await self._store.delete(tx, session.session)
            if not was_there and {SSO, OAUTH} & set(session.completed):
                raise errors.forbidden("This confirmation has been used.")
            if verified := verified_number(session):
                await self._codes.consume(tx, verified)

        await self._database.write(work)

    # for pages

    async def pending(self, session: str) -> UiaSession:
        """What a page is asked to confirm. Raises 404."""
        found = await self._store.get(self._database, session, self._clock.ms())
        if found is None:
            raise errors.not_found("This confirmation has expired. Go back to your app and try again.")
        return found

    async def complete(self, session: str, stage: str, user_id: str) -> None:
        """A page has seen `user_id` sign in and agree. Raises 404, or 403 where the session is another person's."""
        now = self._clock.ms()

        async def work(tx: Transaction) -> None:
            found = await self._store.get(tx, session, now)
            if found is None:
                raise errors.not_found("This confirmation has expired. Go back to your app and try again.")
            if found.user_id != user_id:
                raise errors.forbidden("You are signed in as somebody else than in your app.")
            if stage not in found.completed:
                await self._store.put(tx, replace(found, completed=[*found.completed, stage]))

        await self._database.write(work)

    # for registration

    async def remember(self, tx: Transaction, session: UiaSession, name: str, value: Any) -> None:
        """Keep a fact with a session until it expires."""
        await self._store.put(tx, replace(session, facts={**session.facts, name: value}))

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """For `AccountHooks`."""
        await self._store.forget(tx, user_id)


def describe(request: Request, operation: str) -> str:
    return f"{request.method} {request.path} {operation}"


def verified_number(session: UiaSession) -> VerifiedNumber | None:
    """The phone number that the session's `m.login.msisdn` stage found, if it had one."""
    found = session.facts.get(MSISDN)
    return VerifiedNumber(found["sid"], found["e164"]) if found else None
