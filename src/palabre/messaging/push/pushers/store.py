"""The SQL of pushers."""

from ....core import json
from ....storage.database import Reader, Transaction
from .models import Pusher

_PUT = """
INSERT INTO pushers (user_id, app_id, pushkey, device_id, body, created) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (user_id, app_id, pushkey) DO UPDATE SET device_id = excluded.device_id, body = excluded.body
"""


def put(tx: Transaction, user_id: str, device_id: str, pusher: Pusher, created: int) -> None:
    tx.defer(_PUT, user_id, pusher.app_id, pusher.pushkey, device_id, json.encode(pusher), created)


async def of(reader: Reader, user_id: str) -> list[Pusher]:
    rows = await reader.fetch("SELECT body FROM pushers WHERE user_id = $1 ORDER BY created, app_id, pushkey", user_id)
    return [json.decode(bytes(row[0]), Pusher) for row in rows]


async def remove(tx: Transaction, user_id: str, app_id: str, pushkey: str) -> None:
    await tx.execute(
        "DELETE FROM pushers WHERE user_id = $1 AND app_id = $2 AND pushkey = $3", user_id, app_id, pushkey
    )


async def take_over(tx: Transaction, user_id: str, app_id: str, pushkey: str) -> None:
    """Remove the pushers that other people have for the same app and key."""
    await tx.execute(
        "DELETE FROM pushers WHERE app_id = $1 AND pushkey = $2 AND user_id <> $3", app_id, pushkey, user_id
    )


async def remove_device(tx: Transaction, user_id: str, device_id: str) -> None:
    await tx.execute("DELETE FROM pushers WHERE user_id = $1 AND device_id = $2", user_id, device_id)


async def remove_all(tx: Transaction, user_id: str) -> None:
    await tx.execute("DELETE FROM pushers WHERE user_id = $1", user_id)
