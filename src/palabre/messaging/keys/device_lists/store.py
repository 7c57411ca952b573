"""The SQL of device lists: for each person only the newest change, for that is all anybody asks."""

from ....storage.database import Reader, Transaction

_SET = """
INSERT INTO device_lists (user_id, pos) VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE SET pos = excluded.pos
"""
_SET_PRIVATE = """
INSERT INTO private_device_lists (viewer_id, user_id, pos) VALUES ($1, $2, $3)
ON CONFLICT (viewer_id, user_id) DO UPDATE SET pos = excluded.pos
"""


def set_changed(tx: Transaction, user_id: str, pos: int) -> None:
    tx.defer(_SET, user_id, pos)


def set_changed_for(tx: Transaction, viewer_id: str, user_id: str, pos: int) -> None:
    tx.defer(_SET_PRIVATE, viewer_id, user_id, pos)


async def changed_after(reader: Reader, after: int) -> list[str]:
    """People whose newest change is past `after`."""
    return [row[0] for row in await reader.fetch("SELECT user_id FROM device_lists WHERE pos > $1", after)]


async def changed_among(reader: Reader, user_ids: list[str], after: int) -> list[str]:
    """Those of `user_ids` whose newest change is past `after`."""
    rows = await reader.fetch("SELECT user_id FROM device_lists WHERE user_id = ANY($1) AND pos > $2", user_ids, after)
    return [row[0] for row in rows]


async def changed_for_after(reader: Reader, viewer_id: str, after: int) -> list[str]:
    """People in whom something changed, past `after`, that only `viewer_id` sees."""
    rows = await reader.fetch(
        "SELECT user_id FROM private_device_lists WHERE viewer_id = $1 AND pos > $2", viewer_id, after
    )
    return [row[0] for row in rows]


async def forget_viewer(tx: Transaction, viewer_id: str) -> None:
    await tx.execute("DELETE FROM private_device_lists WHERE viewer_id = $1", viewer_id)
