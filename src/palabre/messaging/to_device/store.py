"""The SQL of to-device messages."""

from ...storage.database import Reader, Transaction
from .models import Waiting

_ADD = "INSERT INTO to_device_messages (user_id, device_id, pos, event) VALUES ($1, $2, $3, $4)"
_TAKE_TRANSACTION = """
INSERT INTO to_device_transactions (user_id, device_id, txn_hash, sent) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, device_id, txn_hash) DO NOTHING RETURNING sent
"""


async def take_transaction(tx: Transaction, user_id: str, device_id: str, txn_hash: bytes, now: int) -> bool:
    """Remember the transaction; false where the device has used it before."""
    return bool(await tx.fetch(_TAKE_TRANSACTION, user_id, device_id, txn_hash, now))


def forget_transactions(tx: Transaction, before: int) -> None:
    tx.defer("DELETE FROM to_device_transactions WHERE sent < $1", before)


def add(tx: Transaction, user_id: str, device_id: str, pos: int, event: bytes) -> None:
    tx.defer(_ADD, user_id, device_id, pos, event)


async def waiting(reader: Reader, user_id: str) -> dict[str, Waiting]:
    """For each device of the person that has messages, where they lie."""
    rows = await reader.fetch(
        "SELECT device_id, MIN(pos), MAX(pos) FROM to_device_messages WHERE user_id = $1 GROUP BY device_id", user_id
    )
    return {row[0]: Waiting(row[1], row[2]) for row in rows}


async def pending(
    reader: Reader, user_id: str, device_id: str, after: int, upto: int, limit: int
) -> list[tuple[int, bytes]]:
    """Position and event of messages with `after < pos <= upto`, oldest first."""
    rows = await reader.fetch(
        """
        SELECT pos, event FROM to_device_messages
        WHERE user_id = $1 AND device_id = $2 AND pos > $3 AND pos <= $4 ORDER BY pos LIMIT $5
        """,
        user_id,
        device_id,
        after,
        upto,
        limit,
    )
    return [(row[0], bytes(row[1])) for row in rows]


def delete(tx: Transaction, user_id: str, device_id: str, upto: int) -> None:
    tx.defer(
        "DELETE FROM to_device_messages WHERE user_id = $1 AND device_id = $2 AND pos <= $3", user_id, device_id, upto
    )


async def forget_device(tx: Transaction, user_id: str, device_id: str) -> None:
    """At once, not deferred: messages that earlier work of this transaction added must go too."""
    await tx.execute("DELETE FROM to_device_messages WHERE user_id = $1 AND device_id = $2", user_id, device_id)
    await tx.execute("DELETE FROM to_device_transactions WHERE user_id = $1 AND device_id = $2", user_id, device_id)
