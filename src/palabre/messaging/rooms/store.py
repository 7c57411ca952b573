"""The SQL of rooms, events, state and memberships."""

from sys import intern

from ...core import errors
from ...storage.database import Reader, Row, Transaction
from .models import Event, Member

EVENT_COLUMNS = (
    "e.pos, e.event_id, e.room_id, e.type, e.state_key, e.sender, e.ts, e.json, e.redacted_by, e.device_id, e.txn_id"
)

INSERT_EVENT = """
INSERT INTO events (pos, event_id, room_id, type, state_key, sender, ts, json, redacted_by, device_id, txn_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_SET_STATE = """
INSERT INTO room_state (room_id, type, state_key, pos) VALUES ($1, $2, $3, $4)
ON CONFLICT (room_id, type, state_key) DO UPDATE SET pos = excluded.pos
"""
_SET_MEMBERSHIP = """
INSERT INTO memberships (user_id, room_id, membership, since, pos, sender, forgotten)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (user_id, room_id) DO UPDATE SET membership = excluded.membership, since = excluded.since,
    pos = excluded.pos, sender = excluded.sender, forgotten = excluded.forgotten
"""
_ADD_RELATION = """
INSERT INTO relations (parent_id, child_pos, room_id, rel_type, child_id, child_type, sender, key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


def _event(row: Row) -> Event:
    event = Event(*row)
    # The same few names stand in every event of a room: one copy of each serves all that are in memory.
    event.room_id, event.type, event.sender = intern(event.room_id), intern(event.type), intern(event.sender)
    return event


def add_event(tx: Transaction, event: Event) -> None:
    tx.defer(
        INSERT_EVENT,
        event.pos,
        event.event_id,
        event.room_id,
        event.type,
        event.state_key,
        event.sender,
        event.ts,
        event.json,
        event.redacted_by,
        event.device_id,
        event.txn_id,
    )
    if event.state_key is not None:
        tx.defer(_SET_STATE, event.room_id, event.type, event.state_key, event.pos)


def add_room(tx: Transaction, room_id: str, version: str, creator: str, published: bool, created: int) -> None:
    tx.defer(
        "INSERT INTO rooms (room_id, version, creator, published, created) VALUES ($1, $2, $3, $4, $5)",
        room_id,
        version,
        creator,
        int(published),
        created,
    )


def set_member(tx: Transaction, user_id: str, room_id: str, member: Member) -> None:
    tx.defer(
        _SET_MEMBERSHIP,
        user_id,
        room_id,
        member.membership,
        member.since,
        member.pos,
        member.sender,
        int(member.forgotten),
    )


def add_relation(tx: Transaction, parent_id: str, rel_type: str, key: str | None, child: Event) -> None:
    tx.defer(
        _ADD_RELATION, parent_id, child.pos, child.room_id, rel_type, child.event_id, child.type, child.sender, key
    )


async def room_version(reader: Reader, room_id: str) -> str | None:
    version: str | None = await reader.fetchval("SELECT version FROM rooms WHERE room_id = $1", room_id)
    return version


async def current_state(reader: Reader, room_id: str) -> list[Event]:
    rows = await reader.fetch(
        f"SELECT {EVENT_COLUMNS} FROM room_state s JOIN events e ON e.pos = s.pos WHERE s.room_id = $1 ORDER BY e.pos",
        room_id,
    )
    return [_event(row) for row in rows]


async def rooms_of(reader: Reader, user_id: str) -> dict[str, Member]:
    rows = await reader.fetch(
        "SELECT room_id, membership, since, pos, sender, forgotten FROM memberships WHERE user_id = $1", user_id
    )
    return {row[0]: Member(row[1], row[2], row[3], row[4], bool(row[5])) for row in rows}


async def event(reader: Reader, room_id: str, event_id: str) -> Event | None:
    found = await events_by_id(reader, room_id, [event_id])
    return found[0] if found else None


async def events_by_id(reader: Reader, room_id: str, event_ids: list[str]) -> list[Event]:
    rows = await reader.fetch(
        f"SELECT {EVENT_COLUMNS} FROM events e WHERE e.event_id = ANY($2) AND e.room_id = $1", room_id, event_ids
    )
    return [_event(row) for row in rows]


async def room_of_event(reader: Reader, event_id: str) -> str | None:
    room_id: str | None = await reader.fetchval("SELECT room_id FROM events WHERE event_id = $1", event_id)
    return room_id


async def events_after(reader: Reader, room_id: str, after: int, upto: int, limit: int) -> list[Event]:
    """Events with `after < pos <= upto`, oldest first, at most `limit`."""
    rows = await reader.fetch(
        f"SELECT {EVENT_COLUMNS} FROM events e WHERE e.room_id = $1 AND e.pos > $2 AND e.pos <= $3 "
        "ORDER BY e.pos LIMIT $4",
        room_id,
        after,
        upto,
        limit,
    )
    return [_event(row) for row in rows]


async def events_before(reader: Reader, room_id: str, upto: int, after: int, limit: int) -> list[Event]:
    """Events with `after < pos <= upto`, newest first, at most `limit`."""
    rows = await reader.fetch(
        f"SELECT {EVENT_COLUMNS} FROM events e WHERE e.room_id = $1 AND e.pos <= $2 AND e.pos > $3 "
        "ORDER BY e.pos DESC LIMIT $4",
        room_id,
        upto,
        after,
        limit,
    )
    return [_event(row) for row in rows]


async def state_at(reader: Reader, room_id: str, pos: int) -> list[Event]:
    """The room's state after position `pos`: of each (type, state key) the newest event up to it."""
    rows = await reader.fetch(
        f"SELECT {EVENT_COLUMNS} FROM events e JOIN (SELECT MAX(pos) AS pos FROM events WHERE room_id = $1 AND "
        "state_key IS NOT NULL AND pos <= $2 GROUP BY type, state_key) newest ON newest.pos = e.pos ORDER BY e.pos",
        room_id,
        pos,
    )
    return [_event(row) for row in rows]


async def state_between(reader: Reader, room_id: str, after: int, upto: int) -> list[Event]:
    """State that changed with `after < pos <= upto`: of each (type, state key) the newest, oldest first."""
    rows = await reader.fetch(
        f"SELECT {EVENT_COLUMNS} FROM events e WHERE e.room_id = $1 AND e.pos > $2 AND e.pos <= $3 "
        "AND e.state_key IS NOT NULL ORDER BY e.pos",
        room_id,
        after,
        upto,
    )
    newest: dict[tuple[str, str], Event] = {}
    for row in rows:
        found = _event(row)
        newest.pop((found.type, found.state_key or ""), None)
        newest[found.type, found.state_key or ""] = found
    return list(newest.values())


async def state_history(reader: Reader, room_id: str, event_type: str, state_key: str) -> list[Event]:
    """Every event that ever set one piece of state, oldest first."""
    rows = await reader.fetch(
        f"SELECT {EVENT_COLUMNS} FROM events e WHERE e.room_id = $1 AND e.type = $2 AND e.state_key = $3 "
        "ORDER BY e.pos",
        room_id,
        event_type,
        state_key,
    )
    return [_event(row) for row in rows]


async def event_of_transaction(
    reader: Reader, sender: str, device_id: str, txn_id: str, room_id: str, event_type: str
) -> str | None:
    event_id: str | None = await reader.fetchval(
        "SELECT event_id FROM events "
        "WHERE sender = $1 AND txn_id = $2 AND device_id = $3 AND room_id = $4 AND type = $5",
        sender,
        txn_id,
        device_id,
        room_id,
        event_type,
    )
    return event_id


async def replace_json(tx: Transaction, event: Event) -> None:
    """Store the redacted form of an event."""
    await tx.execute(
        "UPDATE events SET json = $3, redacted_by = $4 WHERE event_id = $2 AND room_id = $1",
        event.room_id,
        event.event_id,
        event.json,
        event.redacted_by,
    )
    await tx.execute("DELETE FROM relations WHERE child_id = $2 AND room_id = $1", event.room_id, event.event_id)


async def claim_alias(tx: Transaction, alias: str, room_id: str, creator: str) -> None:
    """Point a new alias to a room. Raises 400 `M_ROOM_IN_USE` when it is taken."""
    if await room_of_alias(tx, alias) is not None:
        raise errors.ApiError(400, "M_ROOM_IN_USE", "This room alias is taken.")
    await tx.execute("INSERT INTO aliases (alias, room_id, creator) VALUES ($1, $2, $3)", alias, room_id, creator)


async def room_of_alias(reader: Reader, alias: str) -> str | None:
    room_id: str | None = await reader.fetchval("SELECT room_id FROM aliases WHERE alias = $1", alias)
    return room_id
