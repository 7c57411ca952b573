"""The SQL of one-time and fallback keys."""

from ....storage.database import Reader, Transaction
from .models import NewKey

_CLAIMABLE = """
SELECT k.user_id, k.device_id, k.key_id, k.key FROM one_time_keys k JOIN (
    SELECT user_id, device_id, MIN(ordinal) AS ordinal FROM one_time_keys
    WHERE user_id = ANY($1) AND algorithm = $2 GROUP BY user_id, device_id
) first ON k.user_id = first.user_id AND k.device_id = first.device_id AND k.ordinal = first.ordinal
WHERE k.algorithm = $2
"""
_REMOVE = "DELETE FROM one_time_keys WHERE user_id = $1 AND device_id = $2 AND algorithm = $3 AND key_id = $4"
_REMEMBER_CLAIMED = """
INSERT INTO claimed_keys (user_id, device_id, algorithm, key_id, digest) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id, device_id, algorithm, key_id) DO UPDATE SET digest = excluded.digest
"""
_ADD = """
INSERT INTO one_time_keys (user_id, device_id, algorithm, key_id, key, ordinal) VALUES ($1, $2, $3, $4, $5, $6)
"""
_SET_FALLBACK = """
INSERT INTO fallback_keys (user_id, device_id, algorithm, key_id, key, used) VALUES ($1, $2, $3, $4, $5, 0)
ON CONFLICT (user_id, device_id, algorithm)
    DO UPDATE SET key_id = excluded.key_id, key = excluded.key, used = 0
"""
_USE_FALLBACK = "UPDATE fallback_keys SET used = 1 WHERE user_id = $1 AND device_id = $2 AND algorithm = $3"


async def unclaimed(tx: Transaction, user_id: str, device_id: str, key_ids: list[str]) -> dict[tuple[str, str], bytes]:
    """(algorithm, key id) to key, of the device's keys with one of these ids."""
    rows = await tx.fetch(
        """
        SELECT algorithm, key_id, key FROM one_time_keys
        WHERE user_id = $1 AND device_id = $2 AND key_id = ANY($3)
        """,
        user_id,
        device_id,
        key_ids,
    )
    return {(row[0], row[1]): bytes(row[2]) for row in rows}


async def claimed(tx: Transaction, user_id: str, device_id: str, key_ids: list[str]) -> dict[tuple[str, str], bytes]:
    """(algorithm, key id) to digest, of keys with one of these ids that were given out."""
    rows = await tx.fetch(
        "SELECT algorithm, key_id, digest FROM claimed_keys WHERE user_id = $1 AND device_id = $2 AND key_id = ANY($3)",
        user_id,
        device_id,
        key_ids,
    )
    return {(row[0], row[1]): bytes(row[2]) for row in rows}


async def last_ordinal(tx: Transaction, user_id: str, device_id: str) -> int:
    ordinal: int | None = await tx.fetchval(
        "SELECT MAX(ordinal) FROM one_time_keys WHERE user_id = $1 AND device_id = $2", user_id, device_id
    )
    return ordinal or 0


def add(tx: Transaction, user_id: str, device_id: str, key: NewKey, ordinal: int) -> None:
    tx.defer(_ADD, user_id, device_id, key.algorithm, key.key_id, key.key, ordinal)


async def claimable(tx: Transaction, user_ids: list[str], algorithm: str) -> dict[tuple[str, str], tuple[str, bytes]]:
    """The oldest key of each device of these people: (user id, device id) to (key id, key)."""
    rows = await tx.fetch(_CLAIMABLE, user_ids, algorithm)
    return {(row[0], row[1]): (row[2], bytes(row[3])) for row in rows}


def take(tx: Transaction, user_id: str, device_id: str, algorithm: str, key_id: str, digest: bytes) -> None:
    """The key is given out: forget it, but not that it was there."""
    tx.defer(_REMOVE, user_id, device_id, algorithm, key_id)
    tx.defer(_REMEMBER_CLAIMED, user_id, device_id, algorithm, key_id, digest)


async def fallbacks(
    tx: Transaction, user_ids: list[str], algorithm: str
) -> dict[tuple[str, str], tuple[str, bytes, bool]]:
    """(user id, device id) to (key id, key, used)."""
    rows = await tx.fetch(
        """
        SELECT user_id, device_id, key_id, key, used FROM fallback_keys WHERE user_id = ANY($1) AND algorithm = $2
        """,
        user_ids,
        algorithm,
    )
    return {(row[0], row[1]): (row[2], bytes(row[3]), bool(row[4])) for row in rows}


def set_fallback(tx: Transaction, user_id: str, device_id: str, key: NewKey) -> None:
    tx.defer(_SET_FALLBACK, user_id, device_id, key.algorithm, key.key_id, key.key)


def use_fallback(tx: Transaction, user_id: str, device_id: str, algorithm: str) -> None:
    tx.defer(_USE_FALLBACK, user_id, device_id, algorithm)


async def counts(reader: Reader, user_id: str) -> list[tuple[str, str, int]]:
    """(device id, algorithm, number of unclaimed keys)."""
    rows = await reader.fetch(
        "SELECT device_id, algorithm, COUNT(*) FROM one_time_keys WHERE user_id = $1 GROUP BY device_id, algorithm",
        user_id,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def unused_fallbacks(reader: Reader, user_id: str) -> list[tuple[str, str]]:
    """(device id, algorithm)"""
    rows = await reader.fetch(
        "SELECT device_id, algorithm FROM fallback_keys WHERE user_id = $1 AND used = 0 ORDER BY algorithm", user_id
    )
    return [(row[0], row[1]) for row in rows]


async def forget_device(tx: Transaction, user_id: str, device_id: str) -> None:
    """At once, not deferred: what earlier work of this transaction wrote must go too."""
    for table in ("one_time_keys", "claimed_keys", "fallback_keys"):
        await tx.execute(f"DELETE FROM {table} WHERE user_id = $1 AND device_id = $2", user_id, device_id)
