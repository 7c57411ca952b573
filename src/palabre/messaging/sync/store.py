"""The SQL that only sync needs."""

from ...storage.database import Reader
from ..rooms.models import Event

_EVENT = "pos, event_id, room_id, type, state_key, sender, ts, json, redacted_by, device_id, txn_id"


async def last_positions(reader: Reader, room_ids: list[str]) -> dict[str, int]:
    """Of each room the position of its newest event."""
    rows = await reader.fetch(
        "SELECT r.room_id, (SELECT MAX(e.pos) FROM events e WHERE e.room_id = r.room_id) "
        "FROM rooms r WHERE r.room_id = ANY($1)",
        room_ids,
    )
    return {row[0]: row[1] or 0 for row in rows}


async def state_event_at(reader: Reader, room_id: str, event_type: str, state_key: str, pos: int) -> Event | None:
    """The event that set a piece of state as it was after position `pos`."""
    row = await reader.fetchrow(
        f"SELECT {_EVENT} FROM events WHERE room_id = $1 AND type = $2 AND state_key = $3 AND pos <= $4 "
        "ORDER BY pos DESC LIMIT 1",
        room_id,
        event_type,
        state_key,
        pos,
    )
    return Event(*row) if row is not None else None
