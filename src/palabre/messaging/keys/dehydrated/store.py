"""The SQL of dehydrated devices: at most one for each person."""

from ....core.json import JsonObject, decode, encode
from ....storage.database import Reader, Transaction
from .models import Dehydrated

_SET = """
INSERT INTO dehydrated_devices (user_id, device_id, data) VALUES ($1, $2, $3)
ON CONFLICT (user_id) DO UPDATE SET device_id = excluded.device_id, data = excluded.data
"""


async def dehydrated(reader: Reader, user_id: str) -> Dehydrated | None:
    row = await reader.fetchrow("SELECT device_id, data FROM dehydrated_devices WHERE user_id = $1", user_id)
    return None if row is None else Dehydrated(row[0], decode(bytes(row[1])))


async def set_dehydrated(tx: Transaction, user_id: str, device_id: str, data: JsonObject) -> None:
    await tx.execute(_SET, user_id, device_id, encode(data))


async def forget_device(tx: Transaction, user_id: str, device_id: str) -> None:
    await tx.execute("DELETE FROM dehydrated_devices WHERE user_id = $1 AND device_id = $2", user_id, device_id)
