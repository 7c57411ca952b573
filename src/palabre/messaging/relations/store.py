"""The SQL of relations between events."""

from ...storage.database import Reader, Row
from ..rooms.models import Event
from ..rooms.store import EVENT_COLUMNS
from .models import BUNDLED, Page, Summary

_CHILDREN = """
WITH RECURSIVE tree (child_id, child_pos, rel_type, child_type, sender, depth) AS (
    SELECT child_id, child_pos, rel_type, child_type, sender, 1 FROM relations
    WHERE parent_id = $1 AND room_id = $2
    UNION
    SELECT r.child_id, r.child_pos, r.rel_type, r.child_type, r.sender, t.depth + 1
    FROM relations r JOIN tree t ON r.parent_id = t.child_id
    WHERE t.depth < $3 AND r.room_id = $2
)
"""


def _event(row: Row) -> Event:
    return Event(*row)


async def newest_bundled(reader: Reader, room_id: str) -> int:
    """Position of the newest event in the room that changes a bundled aggregation; 0 when there is none."""
    newest = "(SELECT MAX(child_pos) FROM relations WHERE room_id = $1 AND rel_type = '{}')"
    row = await reader.fetchrow("SELECT " + ", ".join(newest.format(kind) for kind in BUNDLED), room_id)
    return max(value or 0 for value in row or (0,))


async def summaries(
    reader: Reader, room_id: str, parent_ids: list[str], user_id: str, ignored: list[str]
) -> list[Summary]:
    """The children that count for bundled aggregations: of replacements only the valid ones."""
    rows = await reader.fetch(
        "SELECT r.parent_id, r.rel_type, COUNT(*), MAX(r.child_pos), "
        "MAX(CASE WHEN r.sender = $2 THEN 1 ELSE 0 END) "
        "FROM relations r JOIN events p ON p.event_id = r.parent_id AND p.room_id = r.room_id "
        "WHERE r.parent_id = ANY($1) AND r.room_id = $4 AND NOT r.sender = ANY($3) AND p.state_key IS NULL "
        "AND (r.rel_type = 'm.thread' OR r.rel_type = 'm.reference' OR (r.rel_type = 'm.replace' "
        "AND r.sender = p.sender AND r.child_type = p.type AND p.redacted_by IS NULL)) "
        "GROUP BY r.parent_id, r.rel_type",
        parent_ids,
        user_id,
        ignored,
        room_id,
    )
    return [Summary(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]


async def references(
    reader: Reader, room_id: str, parent_ids: list[str], ignored: list[str]
) -> list[tuple[str, str, int]]:
    """(parent id, child id, child position), oldest first."""
    rows = await reader.fetch(
        "SELECT parent_id, child_id, child_pos FROM relations WHERE parent_id = ANY($1) AND room_id = $3 "
        "AND rel_type = 'm.reference' AND NOT sender = ANY($2) ORDER BY child_pos",
        parent_ids,
        ignored,
        room_id,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def events_at(reader: Reader, positions: list[int]) -> list[Event]:
    rows = await reader.fetch(f"SELECT {EVENT_COLUMNS} FROM events e WHERE e.pos = ANY($1)", positions)
    return [_event(row) for row in rows]


async def children(
    reader: Reader,
    room_id: str,
    parent_id: str,
    depth: int,
    rel_type: str | None,
    event_type: str | None,
    page: Page,
) -> list[Event]:
    """Events that relate to `parent_id`, directly or (`depth` above 1) through others."""
    order = "DESC" if page.direction == "b" else "ASC"
    rows = await reader.fetch(
        f"{_CHILDREN} SELECT {EVENT_COLUMNS} FROM events e JOIN (SELECT DISTINCT child_pos FROM tree "
        "WHERE (CAST($4 AS TEXT) IS NULL OR rel_type = $4) AND (CAST($5 AS TEXT) IS NULL OR child_type = $5) "
        f"AND child_pos > $6 AND child_pos <= $7) c ON e.pos = c.child_pos ORDER BY e.pos {order} LIMIT $8",
        parent_id,
        room_id,
        depth,
        rel_type,
        event_type,
        page.after,
        page.upto,
        page.limit,
    )
    return [_event(row) for row in rows]


async def threads(
    reader: Reader, room_id: str, upto: int, limit: int, participant: str | None, ignored: list[str]
) -> list[tuple[str, int]]:
    """(root id, position of the newest reply) of the threads whose newest reply is not after `upto`, newest first."""
    rows = await reader.fetch(
        "SELECT r.parent_id, MAX(r.child_pos) AS latest FROM relations r "
        "JOIN events p ON p.event_id = r.parent_id AND p.room_id = r.room_id "
        "WHERE r.room_id = $1 AND r.rel_type = 'm.thread' AND NOT r.sender = ANY($5) "
        "GROUP BY r.parent_id, p.sender HAVING MAX(r.child_pos) <= $2 AND (CAST($4 AS TEXT) IS NULL OR p.sender = $4 "
        "OR MAX(CASE WHEN r.sender = $4 THEN 1 ELSE 0 END) = 1) ORDER BY latest DESC LIMIT $3",
        room_id,
        upto,
        limit,
        participant,
        ignored,
    )
    return [(row[0], row[1]) for row in rows]


async def annotated(reader: Reader, room_id: str, parent_id: str, sender: str, event_type: str, key: str) -> bool:
    """Whether `sender` already put the annotation `key` on the event."""
    found = await reader.fetchval(
        "SELECT 1 FROM relations WHERE parent_id = $1 AND rel_type = 'm.annotation' AND sender = $2 "
        "AND child_type = $3 AND key = $4 AND room_id = $5 LIMIT 1",
        parent_id,
        sender,
        event_type,
        key,
        room_id,
    )
    return found is not None


async def relates(reader: Reader, room_id: str, event_id: str) -> bool:
    """Whether the event itself relates to another."""
    found = await reader.fetchval("SELECT 1 FROM relations WHERE child_id = $2 AND room_id = $1", room_id, event_id)
    return found is not None
