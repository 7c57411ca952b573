"""All SQL about interactive authentication."""

from ...core import json
from ...storage.database import Reader, Transaction
from .models import UiaSession


class UiaStore:
    async def get(self, reader: Reader, session: str, now: int) -> UiaSession | None:
        row = await reader.fetchrow(
            "SELECT session, operation, user_id, completed, facts, expires FROM uia_sessions "
            "WHERE session = $1 AND expires > $2",
            session,
            now,
        )
        if row is None:
            return None
        completed: list[str] = json.decode(row[3].encode(), list[str])
        return UiaSession(row[0], row[1], row[2], completed, json.decode(row[4].encode()), row[5])

    async def put(self, tx: Transaction, session: UiaSession) -> None:
        await tx.execute(
            "INSERT INTO uia_sessions (session, operation, user_id, completed, facts, expires) "
            "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (session) DO UPDATE SET "
            "completed = excluded.completed, facts = excluded.facts",
            session.session,
            session.operation,
            session.user_id,
            json.encode(session.completed).decode(),
            json.encode(session.facts).decode(),
            session.expires,
        )

    async def delete(self, tx: Transaction, session: str) -> bool:
        """Whether it was there."""
        return bool(await tx.fetch("DELETE FROM uia_sessions WHERE session = $1 RETURNING session", session))

    async def delete_expired(self, tx: Transaction, now: int) -> None:
        await tx.execute("DELETE FROM uia_sessions WHERE expires <= $1", now)

    async def forget(self, tx: Transaction, user_id: str) -> None:
        await tx.execute("DELETE FROM uia_sessions WHERE user_id = $1", user_id)
