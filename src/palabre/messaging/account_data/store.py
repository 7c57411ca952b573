"""The SQL of account data."""

from ...storage.database import Reader, Transaction
from .models import Item, Key

_PUT = """
INSERT INTO account_data (user_id, room_id, type, content, pos) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id, room_id, type) DO UPDATE SET content = excluded.content, pos = excluded.pos
"""


def put(tx: Transaction, user_id: str, key: Key, item: Item) -> None:
    tx.defer(_PUT, user_id, key[0], key[1], item.content, item.pos)


async def load(reader: Reader, user_id: str) -> dict[Key, Item]:
    rows = await reader.fetch("SELECT room_id, type, pos, content FROM account_data WHERE user_id = $1", user_id)
    return {(row[0], row[1]): Item(row[2], bytes(row[3])) for row in rows}


async def forget_room(tx: Transaction, user_id: str, room_id: str) -> None:
    await tx.execute("DELETE FROM account_data WHERE user_id = $1 AND room_id = $2", user_id, room_id)


async def forget(tx: Transaction, user_id: str) -> None:
    await tx.execute("DELETE FROM account_data WHERE user_id = $1", user_id)
