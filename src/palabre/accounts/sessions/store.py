"""All SQL about devices, sessions and tokens."""

from ...storage.database import Reader, Transaction
from .models import AccessToken, Device, StoredSession

_DEVICE = "user_id, device_id, display_name, created, last_seen, last_address"
_SESSION = "session_id, user_id, device_id, client_id, family_hash, current_hash, next_hash, created"
_TOKEN = "token_id, session_id, user_id, device_id, expires, unused"  # noqa: S105 (names of columns)


class SessionStore:
    # devices

    async def device(self, reader: Reader, user_id: str, device_id: str) -> Device | None:
        row = await reader.fetchrow(
            f"SELECT {_DEVICE} FROM devices WHERE user_id = $1 AND device_id = $2",
            user_id,
            device_id,
        )
        return Device(*row) if row else None

    async def devices(self, reader: Reader, user_id: str) -> list[Device]:
        rows = await reader.fetch(
            f"SELECT {_DEVICE} FROM devices WHERE user_id = $1 ORDER BY created, device_id",
            user_id,
        )
        return [Device(*row) for row in rows]

    async def display_names(self, reader: Reader, user_ids: list[str]) -> dict[str, dict[str, str | None]]:
        found: dict[str, dict[str, str | None]] = {}
        rows = await reader.fetch(
            "SELECT user_id, device_id, display_name FROM devices WHERE user_id = ANY($1)", user_ids
        )
        for user_id, device_id, display_name in rows:
            found.setdefault(user_id, {})[device_id] = display_name
        return found

    async def put_device(self, tx: Transaction, device: Device) -> None:
        await tx.execute(
            f"INSERT INTO devices ({_DEVICE}) VALUES ($1, $2, $3, $4, $5, $6) "
            "ON CONFLICT (user_id, device_id) DO UPDATE SET display_name = excluded.display_name, "
            "last_seen = excluded.last_seen, last_address = excluded.last_address",
            device.user_id,
            device.device_id,
            device.display_name,
            device.created,
            device.last_seen,
            device.last_address,
        )

    def seen(self, tx: Transaction, user_id: str, device_id: str, when: int, address: str) -> None:
        tx.defer(
            "UPDATE devices SET last_seen = $3, last_address = $4 WHERE user_id = $1 AND device_id = $2",
            user_id,
            device_id,
            when,
            address,
        )

    async def delete_device(self, tx: Transaction, user_id: str, device_id: str) -> None:
        await tx.execute("DELETE FROM devices WHERE user_id = $1 AND device_id = $2", user_id, device_id)

    # sessions

    async def insert_session(self, tx: Transaction, session: StoredSession) -> None:
        await tx.execute(
            f"INSERT INTO sessions ({_SESSION}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            session.session_id,
            session.user_id,
            session.device_id,
            session.client_id,
            session.family_hash,
            session.current_hash,
            session.next_hash,
            session.created,
        )

    async def session(self, reader: Reader, session_id: str) -> StoredSession | None:
        row = await reader.fetchrow(
            f"SELECT {_SESSION} FROM sessions WHERE session_id = $1",
            session_id,
        )
        return StoredSession(*row) if row else None

    async def family(self, reader: Reader, family_hash: bytes) -> StoredSession | None:
        row = await reader.fetchrow(
            f"SELECT {_SESSION} FROM sessions WHERE family_hash = $1",
            family_hash,
        )
        return StoredSession(*row) if row else None

    async def sessions_of_device(self, reader: Reader, user_id: str, device_id: str) -> list[StoredSession]:
        rows = await reader.fetch(
            f"SELECT {_SESSION} FROM sessions WHERE user_id = $1 AND device_id = $2",
            user_id,
            device_id,
        )
        return [StoredSession(*row) for row in rows]

    async def set_generations(
        self, tx: Transaction, session_id: str, current_hash: bytes, next_hash: bytes | None
    ) -> None:
        await tx.execute(
            "UPDATE sessions SET current_hash = $2, next_hash = $3 WHERE session_id = $1",
            session_id,
            current_hash,
            next_hash,
        )

    async def delete_session(self, tx: Transaction, session_id: str) -> None:
        await tx.execute("DELETE FROM access_tokens WHERE session_id = $1", session_id)
        await tx.execute("DELETE FROM sessions WHERE session_id = $1", session_id)

    # access tokens

    async def insert_token(
        self, tx: Transaction, token_hash: bytes, session: StoredSession, expires: int | None, *, unused: bool
    ) -> None:
        await tx.execute(
            "INSERT INTO access_tokens (hash, session_id, user_id, device_id, expires, unused) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            token_hash,
            session.session_id,
            session.user_id,
            session.device_id,
            expires,
            int(unused),
        )

    async def token(self, reader: Reader, token_hash: bytes) -> AccessToken | None:
        row = await reader.fetchrow(
            f"SELECT {_TOKEN} FROM access_tokens WHERE hash = $1",
            token_hash,
        )
        return AccessToken(row[0], row[1], row[2], row[3], row[4], bool(row[5])) if row else None

    async def mark_used(self, tx: Transaction, token_id: int) -> None:
        await tx.execute("UPDATE access_tokens SET unused = 0 WHERE token_id = $1", token_id)

    async def mark_all_used(self, tx: Transaction, session_id: str) -> None:
        await tx.execute("UPDATE access_tokens SET unused = 0 WHERE session_id = $1", session_id)

    async def delete_unused_tokens(self, tx: Transaction, session_id: str) -> None:
        await tx.execute("DELETE FROM access_tokens WHERE session_id = $1 AND unused = 1", session_id)

    async def delete_expired_tokens(self, tx: Transaction, session_id: str, before: int) -> None:
        await tx.execute("DELETE FROM access_tokens WHERE session_id = $1 AND expires < $2", session_id, before)
