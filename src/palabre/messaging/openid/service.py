"""The rules of OpenID tokens: they last an hour and say nothing but whose they are."""

import hashlib

from ...core import ids
from ...core.clock import Clock
from ...storage.database import Database, Transaction
from . import store

LIFETIME_MS = 3_600_000


class OpenIdService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, user_id: str) -> str:
        """A new token of the person, good for `LIFETIME_MS`."""
        token, now = ids.secret("poi_"), self._clock.ms()

        async def work(tx: Transaction) -> None:
            await store.drop_expired(tx, now)
            store.add(tx, _hash(token), user_id, now + LIFETIME_MS)

        await self._database.write(work)
        return token

    async def owner(self, token: str) -> str | None:
        """Whose token it is; None for one that never was or has expired."""
        return await store.owner(self._database, _hash(token), self._clock.ms())

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Hook of accounts."""
        await store.forget(tx, user_id)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
