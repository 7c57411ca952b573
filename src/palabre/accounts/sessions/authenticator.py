"""From a bearer token to a session: the first thing almost every request does.

A token that was seen before costs one SHA-256 and one dictionary lookup. What is remembered is dropped when the log
says that the person's sessions changed, whichever process changed them.
"""

import asyncio

import structlog

from ...core.clock import Clock
from ...core.errors import ApiError
from ...http.request import Session
from ...storage.database import Database, Entry, Transaction
from ..hashing import token_hash
from ..people.service import People
from .models import Device
from .service import Sessions, unknown_token
from .store import SessionStore

CACHE_SIZE = 200_000
FLUSH_MS = 60 * 60 * 1000
FLUSH_EVERY_S = 60
FLUSH_ROWS = 1000

log = structlog.get_logger()


class Sighting:
    """When and from where a device was last heard of."""

    __slots__ = ("address", "at", "written")

    def __init__(self) -> None:
        self.at = 0
        self.address = ""
        self.written = 0


class _Known:
    __slots__ = ("expires", "session", "sighting")

    def __init__(self, session: Session, expires: int | None, sighting: Sighting) -> None:
        self.session = session
        self.expires = expires
        self.sighting = sighting


class _LookUp:
    """A token is being looked up; `ended` gathers whose sessions change meanwhile."""

    __slots__ = ("ended", "worthless")

    def __init__(self) -> None:
        self.ended: set[str] = set()
        self.worthless = False


class Authenticator:
    """`http.request.Authenticator`, and the memory of who was seen when."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        people: People,
        sessions: Sessions,
        store: SessionStore | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._sessions = sessions
        self._store = store or SessionStore()
        self._known: dict[bytes, _Known] = {}
        self._tokens_of: dict[str, set[bytes]] = {}
        self._sightings: dict[tuple[str, str], Sighting] = {}
        self._lookups: set[_LookUp] = set()
        database.listen(self._heard, self._forget)

    async def session(self, token: str, address: str) -> Session:
        """The session of an access token.

        Raises 401 `M_UNKNOWN_TOKEN`: with `soft_logout` true where the token expired and can be refreshed.
        """
        hashed = token_hash(token)
        known = self._known.get(hashed) or await self._look_up(hashed)
        now = self._clock.ms()
        if known.expires is not None and known.expires <= now:
            raise ApiError(401, "M_UNKNOWN_TOKEN", "The access token has expired. Refresh it.", soft_logout=True)
        sighting = known.sighting
        sighting.at = now
        sighting.address = address
        return known.session

    async def _look_up(self, hashed: bytes) -> _Known:
        lookup = _LookUp()
        self._lookups.add(lookup)
        try:
            known = await self._read(hashed)
        finally:
            self._lookups.discard(lookup)
        if known.session.user_id not in lookup.ended and not lookup.worthless:
            self._remember(hashed, known)
        return known

    async def _read(self, hashed: bytes) -> _Known:
        token = await self._store.token(self._database, hashed)
        if token is None:
            raise unknown_token()
        account = await self._people.get(token.user_id)
        if account is None or not account.is_active:
            raise unknown_token()
        if token.unused and (token.expires is None or token.expires > self._clock.ms()):
            await self._sessions.confirm(hashed)
        session = Session(token.user_id, token.device_id, token.token_id, account.is_operator)
        device = (token.user_id, token.device_id)
        sighting = self._sightings.get(device)
        if sighting is None:
            sighting = self._sightings[device] = Sighting()
        return _Known(session, token.expires, sighting)

    def _remember(self, hashed: bytes, known: _Known) -> None:
        self._known[hashed] = known
        self._tokens_of.setdefault(known.session.user_id, set()).add(hashed)
        if len(self._known) > CACHE_SIZE:
            oldest = next(iter(self._known))
            user_id = self._known.pop(oldest).session.user_id
            held = self._tokens_of[user_id]
            held.discard(oldest)
            if not held:
                del self._tokens_of[user_id]

    def _heard(self, entries: list[Entry], own: bool) -> None:
        for entry in entries:
            if entry.stream == "session":
                for lookup in self._lookups:
                    lookup.ended.add(entry.key)
                for hashed in self._tokens_of.pop(entry.key, ()):
                    del self._known[hashed]

    def _forget(self) -> None:
        self._known.clear()
        self._tokens_of.clear()
        for lookup in self._lookups:
            lookup.worthless = True

    # who was seen

    def seen(self, device: Device) -> tuple[int | None, str | None]:
        """When (ms) and from where the device was last heard of, counting what is not written yet."""
        sighting = self._sightings.get((device.user_id, device.device_id))
        if sighting is None or sighting.at == 0:
            return device.last_seen, device.last_address
        return sighting.at, sighting.address

    def seen_lately(self, user_id: str) -> int:
        """When (ms) the person was last heard of in this process, written down or not; 0 where that was long ago."""
        known = (self._known.get(hashed) for hashed in self._tokens_of.get(user_id, ()))
        return max((one.sighting.at for one in known if one is not None), default=0)

    async def flush(self, *, all_of_it: bool = False) -> None:
        """Write down sightings: of each device at most once an hour, everything when the server stops."""
        now = self._clock.ms()
        rows = []
        for device, sighting in list(self._sightings.items()):
            if sighting.at > sighting.written and (all_of_it or now - sighting.written >= FLUSH_MS):
                rows.append((*device, sighting.at, sighting.address))
            elif now - sighting.written >= FLUSH_MS and device[0] not in self._tokens_of:
                del self._sightings[device]
        for start in range(0, len(rows), FLUSH_ROWS):
            some = rows[start : start + FLUSH_ROWS]
            await self._write(some)
            for user_id, device_id, *_ in some:
                written = self._sightings.get((user_id, device_id))
                if written is not None:
                    written.written = now

    async def _write(self, rows: list[tuple[str, str, int, str]]) -> None:
        async def work(tx: Transaction) -> None:
            for user_id, device_id, at, address in rows:
                self._store.seen(tx, user_id, device_id, at, address)
                self._people.seen(tx, user_id, at)

        await self._database.write(work)

    async def run(self) -> None:
        """Flush now and then, for as long as the server runs."""
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            try:
                await self.flush()
            except Exception:
                log.exception("could not write down who was seen, and will try again")
