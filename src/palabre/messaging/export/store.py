"""What of a person only the export reads, and their messages a page at a time."""

from typing import Any

from ...core import json
from ...storage.database import Reader

_TABLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "aliases": ("aliases", "creator", ("alias", "room_id")),
    "filters": ("filters", "user_id", ("filter_id", "body")),
    "notices": ("policy_notices", "user_id", ("rollout_id", "step", "at", "region")),
    "receipts": ("receipts", "user_id", ("room_id", "type", "thread_id", "event_id", "ts")),
    "reminders": ("policy_reminders", "user_id", ("rollout_id", "step", "channel", "at")),
    "reports": ("reports", "reporter", ("room_id", "event_id", "user_id", "reason", "score", "ts")),
    "views": ("policy_views", "user_id", ("policy", "version", "at", "region")),
    "web_push_subscriptions": ("web_push_subscriptions", "user_id", ("endpoint", "device_id", "created")),
    "device_keys": ("device_keys", "user_id", ("device_id", "keys")),
    "cross_signing_keys": ("cross_signing_keys", "user_id", ("usage", "key")),
    "key_signatures": ("key_signatures", "signer_id", ("user_id", "target", "signing_key", "signature")),
    "key_backups": ("key_backups", "user_id", ("version", "algorithm", "auth_data", "count", "deleted")),
    "backed_up_keys": (
        "backed_up_keys",
        "user_id",
        ("version", "room_id", "session_id", "first_message_index", "forwarded_count", "is_verified", "session_data"),
    ),
}
"""Name -> table, the column that says whose a row is, and what the person gets to see of it. Bytes are JSON."""
TABLES = tuple(_TABLES)


async def rows(reader: Reader, name: str, user_id: str) -> list[dict[str, Any]]:
    """Every row of the person in one of `TABLES`."""
    table, owner, columns = _TABLES[name]
    ordered = ", ".join(columns)
    found = await reader.fetch(
        f"SELECT {', '.join(columns)} FROM {table} WHERE {owner} = $1 ORDER BY {ordered}", user_id
    )
    return [{column: _shown(value) for column, value in zip(columns, row, strict=True)} for row in found]


async def own_events(reader: Reader, room_id: str, user_id: str, after: int, limit: int) -> list[tuple[int, bytes]]:
    """(position, JSON as stored) of the next events that the person sent to the room."""
    found = await reader.fetch(
        "SELECT pos, json FROM events WHERE room_id = $1 AND pos > $2 AND sender = $3 ORDER BY pos LIMIT $4",
        room_id,
        after,
        user_id,
        limit,
    )
    return [(row[0], bytes(row[1])) for row in found]


def _shown(value: Any) -> Any:
    return json.decode(bytes(value)) if isinstance(value, bytes | memoryview) else value
