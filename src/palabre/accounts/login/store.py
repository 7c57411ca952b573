"""All SQL about login tokens."""

from ...storage.database import Transaction


class LoginTokenStore:
    async def insert(self, tx: Transaction, hashed: bytes, user_id: str, expires: int) -> None:
        await tx.execute(
            "INSERT INTO login_tokens (hash, user_id, expires) VALUES ($1, $2, $3)", hashed, user_id, expires
        )

    async def take(self, tx: Transaction, hashed: bytes, now: int) -> str | None:
        """Whose it was; it is gone then."""
        rows = await tx.fetch("DELETE FROM login_tokens WHERE hash = $1 RETURNING user_id, expires", hashed)
        return rows[0][0] if rows and rows[0][1] > now else None

    async def delete_expired(self, tx: Transaction, now: int) -> None:
        await tx.execute("DELETE FROM login_tokens WHERE expires <= $1", now)

    async def forget(self, tx: Transaction, user_id: str) -> None:
        await tx.execute("DELETE FROM login_tokens WHERE user_id = $1", user_id)
