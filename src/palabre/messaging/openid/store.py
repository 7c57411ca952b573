"""The SQL of OpenID tokens. They are stored hashed."""

from ...storage.database import Reader, Transaction


def add(tx: Transaction, token_hash: bytes, user_id: str, expires: int) -> None:
    tx.defer(
        "INSERT INTO openid_tokens (token_hash, user_id, expires) VALUES ($1, $2, $3)", token_hash, user_id, expires
    )


async def drop_expired(tx: Transaction, now: int) -> None:
    await tx.execute("DELETE FROM openid_tokens WHERE expires <= $1", now)


async def owner(reader: Reader, token_hash: bytes, now: int) -> str | None:
    """Whose token it is; None for one that never was or has expired."""
    user_id: str | None = await reader.fetchval(
        "SELECT user_id FROM openid_tokens WHERE token_hash = $1 AND expires > $2", token_hash, now
    )
    return user_id


async def forget(tx: Transaction, user_id: str) -> None:
    await tx.execute("DELETE FROM openid_tokens WHERE user_id = $1", user_id)
