"""The SQL of filters."""

from ...storage.database import Reader, Transaction


def put(tx: Transaction, user_id: str, filter_id: str, body: bytes) -> None:
    tx.defer(
        "INSERT INTO filters (user_id, filter_id, body) VALUES ($1, $2, $3) "
        "ON CONFLICT (user_id, filter_id) DO NOTHING",
        user_id,
        filter_id,
        body,
    )


async def get(reader: Reader, user_id: str, filter_id: str) -> bytes | None:
    body = await reader.fetchval("SELECT body FROM filters WHERE user_id = $1 AND filter_id = $2", user_id, filter_id)
    return None if body is None else bytes(body)


async def forget(tx: Transaction, user_id: str) -> None:
    await tx.execute("DELETE FROM filters WHERE user_id = $1", user_id)
