"""The catalogue as it is committed, and changing it."""

import msgspec

from ...storage.database import CommitCache, Database, Entry, Transaction
from ..documents.hashing import canonical
from ..documents.models import Version
from ..rollouts.models import Rollout
from . import store
from .models import Catalogue

STREAM = "policy"
"""Of the log: a version was published or a roll-out operated. One entry, however many people it concerns."""


class Catalogues:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: CommitCache[str, Catalogue] = CommitCache(1)
        database.listen(self._heard, self._cache.clear)

    def _heard(self, entries: list[Entry], own: bool) -> None:
        if not own and any(stream == STREAM for _, stream, _ in entries):
            self._cache.clear()

    async def now(self, tx: Transaction | None = None) -> Catalogue:
        """What is committed; in a transaction, pass it to see its own changes."""
        found = await self._cache.load("", lambda: self._read(tx), tx)
        assert found is not None
        return found

    async def _read(self, tx: Transaction | None) -> Catalogue:
        reader = tx or self._database
        return Catalogue.of(await store.versions(reader), await store.rollouts(reader))

    async def add_version(self, tx: Transaction, version: Version, actor: str, findings: list[object]) -> None:
        catalogue = await self.now(tx)
        await store.insert_version(
            tx, version, canonical(version.document).decode(), actor, msgspec.json.encode(findings).decode()
        )
        self._cache.put("", catalogue.with_version(version), tx)
        tx.advance(STREAM, version.policy)

    async def put_rollout(self, tx: Transaction, rollout: Rollout, now: int, plan: str) -> None:
        """`plan` is the operator's, as given, kept with the roll-out when it is new."""
        catalogue = await self.now(tx)
        await store.put_rollout(tx, rollout, now, plan)
        self._cache.put("", catalogue.with_rollout(rollout), tx)
        tx.advance(STREAM, rollout.terms.policy)
