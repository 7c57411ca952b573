"""The SQL of search."""

from ...storage.database import Reader
from ..rooms.models import Event
from ..rooms.store import EVENT_COLUMNS


async def candidates(reader: Reader, room_ids: list[str], types: list[str], upto: int, limit: int) -> list[Event]:
    """Events of these rooms and types with `pos <= upto`, newest first."""
    rows = await reader.fetch(
        f"SELECT {EVENT_COLUMNS} FROM events e WHERE e.room_id = ANY($1) AND e.type = ANY($2) AND e.pos <= $3 "
        "ORDER BY e.pos DESC LIMIT $4",
        room_ids,
        types,
        upto,
        limit,
    )
    return [Event(*row) for row in rows]
