"""The SQL of receipts."""

from ...storage.database import Reader, Transaction
from .models import Receipt

_RECEIPT = "pos, user_id, type, thread_id, event_id, event_pos, ts"
_PUT = """
INSERT INTO receipts (room_id, pos, user_id, type, thread_id, event_id, event_pos, ts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (room_id, user_id, type, thread_id) DO UPDATE SET pos = excluded.pos, event_id = excluded.event_id,
    event_pos = excluded.event_pos, ts = excluded.ts
"""


def put(tx: Transaction, room_id: str, receipt: Receipt) -> None:
    tx.defer(_PUT, room_id, *receipt)


async def place_of(reader: Reader, room_id: str, event_id: str) -> int | None:
    """Position of an event of the room."""
    pos: int | None = await reader.fetchval(
        "SELECT pos FROM events WHERE event_id = $2 AND room_id = $1", room_id, event_id
    )
    return pos


async def between(reader: Reader, room_id: str, after: int, upto: int) -> list[Receipt]:
    """Receipts of a room that last moved with `after < pos <= upto`."""
    rows = await reader.fetch(
        f"SELECT {_RECEIPT} FROM receipts WHERE room_id = $1 AND pos > $2 AND pos <= $3 ORDER BY pos",
        room_id,
        after,
        upto,
    )
    return [Receipt(*row) for row in rows]


async def of(reader: Reader, user_id: str, room_id: str) -> tuple[Receipt, ...]:
    rows = await reader.fetch(f"SELECT {_RECEIPT} FROM receipts WHERE room_id = $1 AND user_id = $2", room_id, user_id)
    return tuple(Receipt(*row) for row in rows)


async def everywhere(reader: Reader, user_id: str) -> dict[str, list[Receipt]]:
    """All receipts of a person: room id to receipts."""
    rows = await reader.fetch(f"SELECT room_id, {_RECEIPT} FROM receipts WHERE user_id = $1", user_id)
    found: dict[str, list[Receipt]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Receipt(*row[1:]))
    return found


async def forget(tx: Transaction, user_id: str) -> None:
    await tx.execute("DELETE FROM receipts WHERE user_id = $1", user_id)
