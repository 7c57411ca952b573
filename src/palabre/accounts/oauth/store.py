"""The SQL of OAuth. Codes are stored hashed; every statement finds its rows by one of them."""

from ...core import json
from ...storage.database import Reader, Row, Transaction
from .models import Client, Code, DeviceRequest

_DEVICE = "user_code, client_id, scope, expires, pause, polled, user_id, approved"


class OAuthStore:
    async def client(self, reader: Reader, client_id: str) -> Client | None:
        metadata = await reader.fetchval("SELECT metadata FROM oauth_clients WHERE client_id = $1", client_id)
        return None if metadata is None else json.decode(metadata.encode(), Client)

    async def put_client(self, tx: Transaction, client_id: str, metadata: bytes, now: int) -> None:
        await tx.execute(
            "INSERT INTO oauth_clients (client_id, metadata, registered) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            client_id,
            metadata.decode(),
            now,
        )

    # authorization codes

    async def code(self, reader: Reader, code_hash: bytes) -> Code | None:
        row = await reader.fetchrow(
            "SELECT client_id, user_id, redirect_uri, scope, code_challenge, expires, spent"
            " FROM oauth_codes WHERE hash = $1",
            code_hash,
        )
        if row is None:
            return None
        return Code(row[0], row[1], row[2], row[3], row[4], row[5], bool(row[6]))

    async def put_code(self, tx: Transaction, code_hash: bytes, code: Code) -> None:
        await tx.execute(
            "INSERT INTO oauth_codes (hash, client_id, user_id, redirect_uri, scope, code_challenge, expires, spent)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
            code_hash,
            code.client_id,
            code.user_id,
            code.redirect_uri,
            code.scope,
            code.code_challenge,
            code.expires,
        )

    async def spend_code(self, tx: Transaction, code_hash: bytes) -> None:
        await tx.execute("UPDATE oauth_codes SET spent = 1 WHERE hash = $1", code_hash)

    async def delete_expired(self, tx: Transaction, before: int) -> None:
        await tx.execute("DELETE FROM oauth_codes WHERE expires < $1", before)
        await tx.execute("DELETE FROM oauth_devices WHERE expires < $1", before)

    # devices that wait

    async def device(self, reader: Reader, device_hash: bytes) -> DeviceRequest | None:
        return _device(await reader.fetchrow(f"SELECT {_DEVICE} FROM oauth_devices WHERE hash = $1", device_hash))

    async def device_by_user_code(self, reader: Reader, user_code: str) -> DeviceRequest | None:
        return _device(await reader.fetchrow(f"SELECT {_DEVICE} FROM oauth_devices WHERE user_code = $1", user_code))

    async def put_device(self, tx: Transaction, device_hash: bytes, device: DeviceRequest) -> None:
        await tx.execute(
            "INSERT INTO oauth_devices (hash, user_code, client_id, scope, expires, pause, polled)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            device_hash,
            device.user_code,
            device.client_id,
            device.scope,
            device.expires,
            device.pause,
            device.polled,
        )

    async def polled(self, tx: Transaction, device_hash: bytes, now: int, pause: int) -> None:
        await tx.execute("UPDATE oauth_devices SET polled = $2, pause = $3 WHERE hash = $1", device_hash, now, pause)

    async def answer_device(self, tx: Transaction, user_code: str, user_id: str, approved: bool) -> None:
        await tx.execute(
            "UPDATE oauth_devices SET user_id = $2, approved = $3 WHERE user_code = $1",
            user_code,
            user_id,
            int(approved),
        )

    async def take_device(self, tx: Transaction, device_hash: bytes) -> bool:
        """Remove a request that was answered. False where somebody else already has."""
        return bool(await tx.fetch("DELETE FROM oauth_devices WHERE hash = $1 RETURNING 1", device_hash))

    async def forget(self, tx: Transaction, user_id: str) -> None:
        await tx.execute("DELETE FROM oauth_codes WHERE user_id = $1", user_id)
        await tx.execute("DELETE FROM oauth_devices WHERE user_id = $1", user_id)


def _device(row: Row | None) -> DeviceRequest | None:
    if row is None:
        return None
    approved = None if row[7] is None else bool(row[7])
    return DeviceRequest(row[0], row[1], row[2], row[3], row[4], row[5], row[6], approved)
