"""All SQL about one-time codes."""

from ...storage.database import Reader, Transaction
from .models import Sends, StoredCode

_COLUMNS = "sid, e164, client_secret, send_attempt, code_hash, attempts, expires, verified"


class CodeStore:
    async def get(self, reader: Reader, sid: str) -> StoredCode | None:
        row = await reader.fetchrow(f"SELECT {_COLUMNS} FROM codes WHERE sid = $1", sid)
        return StoredCode(*row) if row else None

    async def find(self, reader: Reader, e164: str, client_secret: str) -> StoredCode | None:
        """The newest code that this client asked for."""
        row = await reader.fetchrow(
            f"SELECT {_COLUMNS} FROM codes WHERE e164 = $1 AND client_secret = $2 ORDER BY expires DESC LIMIT 1",
            e164,
            client_secret,
        )
        return StoredCode(*row) if row else None

    async def put(self, tx: Transaction, code: StoredCode) -> None:
        await tx.execute(
            f"INSERT INTO codes ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
            "ON CONFLICT (sid) DO UPDATE SET send_attempt = excluded.send_attempt, code_hash = excluded.code_hash, "
            "attempts = excluded.attempts, expires = excluded.expires, verified = excluded.verified",
            code.sid,
            code.e164,
            code.client_secret,
            code.send_attempt,
            code.code_hash,
            code.attempts,
            code.expires,
            code.verified,
        )

    async def delete(self, tx: Transaction, sid: str) -> None:
        await tx.execute("DELETE FROM codes WHERE sid = $1", sid)

    async def delete_expired(self, tx: Transaction, now: int) -> None:
        await tx.execute("DELETE FROM codes WHERE expires < $1", now)

    async def sends(self, reader: Reader, e164: str) -> Sends:
        row = await reader.fetchrow("SELECT sends, last FROM code_sends WHERE e164 = $1", e164)
        return Sends(*row) if row else Sends(0, 0)

    async def put_sends(self, tx: Transaction, e164: str, sends: Sends) -> None:
        if sends.sends == 0:
            await tx.execute("DELETE FROM code_sends WHERE e164 = $1", e164)
            return
        await tx.execute(
            "INSERT INTO code_sends (e164, sends, last) VALUES ($1, $2, $3) "
            "ON CONFLICT (e164) DO UPDATE SET sends = excluded.sends, last = excluded.last",
            e164,
            sends.sends,
            sends.last,
        )

    async def forget_sends(self, tx: Transaction, before: int) -> None:
        await tx.execute("DELETE FROM code_sends WHERE last < $1", before)

    async def forget(self, tx: Transaction, e164: str) -> None:
        await tx.execute("DELETE FROM codes WHERE e164 = $1", e164)
        await tx.execute("DELETE FROM code_sends WHERE e164 = $1", e164)
