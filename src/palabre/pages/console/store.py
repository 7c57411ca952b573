"""The SQL behind the console's sessions, found by the hash of their cookie."""

from ...storage.database import Reader, Transaction
from .models import Operator


async def get(reader: Reader, cookie_hash: bytes) -> Operator | None:
    row = await reader.fetchrow("SELECT actor, user_id, expires FROM console_sessions WHERE hash = $1", cookie_hash)
    return None if row is None else Operator(row[0], row[1], row[2])


async def put(tx: Transaction, cookie_hash: bytes, operator: Operator) -> None:
    await tx.execute(
        "INSERT INTO console_sessions (hash, actor, user_id, expires) VALUES ($1, $2, $3, $4)",
        cookie_hash,
        operator.actor,
        operator.user_id,
        operator.expires,
    )


async def delete(tx: Transaction, cookie_hash: bytes) -> None:
    await tx.execute("DELETE FROM console_sessions WHERE hash = $1", cookie_hash)


async def delete_expired(tx: Transaction, now: int) -> None:
    await tx.execute("DELETE FROM console_sessions WHERE expires <= $1", now)
