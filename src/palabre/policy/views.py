"""Who has seen which version: written once for each person and version, for the funnel of a roll-out."""

from ..core.clock import Clock
from ..storage.cache import CommitCache
from ..storage.database import Database, Reader, Transaction
from .documents.models import Version

CACHED = 50_000


class Views:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: CommitCache[tuple[str, str, str], int] = CommitCache(CACHED)

    async def seen(self, user_id: str, version: Version, region: str | None) -> None:
        """The person looks at `version`. Only the first time counts."""
        key = (user_id, version.policy, version.version)

        async def read() -> int | None:
            return await first_view(self._database, *key)

        if await self._known.load(key, read) is not None:
            return

        async def work(tx: Transaction) -> None:
            now = self._clock.ms()
            insert_view(tx, *key, now, region)
            self._known.put(key, now, tx)

        await self._database.write(work)


async def first_view(reader: Reader, user_id: str, policy: str, version: str) -> int | None:
    """When the person first saw the version, in milliseconds since 1970."""
    at: int | None = await reader.fetchval(
        "SELECT at FROM policy_views WHERE user_id = $1 AND policy = $2 AND version = $3", user_id, policy, version
    )
    return at


def insert_view(tx: Transaction, user_id: str, policy: str, version: str, at: int, region: str | None) -> None:
    tx.defer(
        "INSERT INTO policy_views (user_id, policy, version, at, region) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (user_id, policy, version) DO NOTHING",
        user_id,
        policy,
        version,
        at,
        region,
    )
