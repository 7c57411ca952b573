"""The SQL of device keys."""

from ....core.json import JsonObject, decode, encode
from ....storage.database import Reader, Transaction

_SET = """
INSERT INTO device_keys (user_id, device_id, keys) VALUES ($1, $2, $3)
ON CONFLICT (user_id, device_id) DO UPDATE SET keys = excluded.keys
"""


async def device_keys(reader: Reader, user_id: str, device_id: str) -> JsonObject | None:
    keys = await reader.fetchval(
        "SELECT keys FROM device_keys WHERE user_id = $1 AND device_id = $2", user_id, device_id
    )
    return None if keys is None else decode(bytes(keys))


async def keys_of(reader: Reader, user_ids: list[str]) -> list[tuple[str, str, JsonObject]]:
    """(user id, device id, device keys) of every device of these people that has keys."""
    rows = await reader.fetch(
        "SELECT user_id, device_id, keys FROM device_keys WHERE user_id = ANY($1) ORDER BY user_id, device_id", user_ids
    )
    return [(row[0], row[1], decode(bytes(row[2]))) for row in rows]


async def set_device_keys(tx: Transaction, user_id: str, device_id: str, keys: JsonObject) -> None:
    await tx.execute(_SET, user_id, device_id, encode(keys))


async def forget_device(tx: Transaction, user_id: str, device_id: str) -> None:
    await tx.execute("DELETE FROM device_keys WHERE user_id = $1 AND device_id = $2", user_id, device_id)
