"""The SQL behind the cookies. Both kinds of row are found by the hash of a cookie."""

from ...core import json
from ...storage.database import Reader, Transaction
from .models import BrowserSession, Progress


class BrowserStore:
    async def session(self, reader: Reader, cookie_hash: bytes) -> BrowserSession | None:
        row = await reader.fetchrow(
            "SELECT user_id, signed_in, expires FROM browser_sessions WHERE hash = $1", cookie_hash
        )
        return None if row is None else BrowserSession(row[0], row[1], row[2])

    async def put_session(self, tx: Transaction, cookie_hash: bytes, session: BrowserSession) -> None:
        await tx.execute(
            "INSERT INTO browser_sessions (hash, user_id, signed_in, expires) VALUES ($1, $2, $3, $4)",
            cookie_hash,
            session.user_id,
            session.signed_in,
            session.expires,
        )

    async def delete_session(self, tx: Transaction, cookie_hash: bytes) -> None:
        await tx.execute("DELETE FROM browser_sessions WHERE hash = $1", cookie_hash)

    async def delete_sessions_of(self, tx: Transaction, user_id: str, but: bytes) -> None:
        await tx.execute("DELETE FROM browser_sessions WHERE user_id = $1 AND hash <> $2", user_id, but)

    async def progress(self, reader: Reader, cookie_hash: bytes, now: int) -> Progress | None:
        value = await reader.fetchval(
            "SELECT progress FROM browser_sign_ins WHERE hash = $1 AND expires > $2", cookie_hash, now
        )
        return None if value is None else json.decode(value.encode(), Progress)

    async def put_progress(self, tx: Transaction, cookie_hash: bytes, progress: Progress, expires: int) -> None:
        await tx.execute(
            "INSERT INTO browser_sign_ins (hash, progress, expires) VALUES ($1, $2, $3)"
            " ON CONFLICT (hash) DO UPDATE SET progress = excluded.progress, expires = excluded.expires",
            cookie_hash,
            json.encode(progress).decode(),
            expires,
        )

    async def delete_progress(self, tx: Transaction, cookie_hash: bytes) -> None:
        await tx.execute("DELETE FROM browser_sign_ins WHERE hash = $1", cookie_hash)

    async def delete_expired(self, tx: Transaction, now: int) -> None:
        await tx.execute("DELETE FROM browser_sessions WHERE expires < $1", now)
        await tx.execute("DELETE FROM browser_sign_ins WHERE expires < $1", now)
