"""The SQL of aliases and published rooms. (`rooms.store` has what making a room needs of them.)"""

from ...storage.database import Reader, Transaction


async def alias(reader: Reader, name: str) -> tuple[str, str] | None:
    """(room id, who made the alias)"""
    row = await reader.fetchrow("SELECT room_id, creator FROM aliases WHERE alias = $1", name)
    return (row[0], row[1]) if row is not None else None


async def aliases_of(reader: Reader, room_id: str) -> list[str]:
    rows = await reader.fetch("SELECT alias FROM aliases WHERE room_id = $1 ORDER BY alias", room_id)
    return [row[0] for row in rows]


async def drop_alias(tx: Transaction, name: str) -> None:
    await tx.execute("DELETE FROM aliases WHERE alias = $1", name)


async def move_aliases(tx: Transaction, old_room: str, new_room: str) -> None:
    await tx.execute("UPDATE aliases SET room_id = $2 WHERE room_id = $1", old_room, new_room)


async def published(reader: Reader, room_id: str) -> bool | None:
    """Whether the room is in the public list; None when there is no such room."""
    found = await reader.fetchval("SELECT published FROM rooms WHERE room_id = $1", room_id)
    return None if found is None else bool(found)


async def publish(tx: Transaction, room_id: str, published: bool) -> None:
    await tx.execute("UPDATE rooms SET published = $2 WHERE room_id = $1", room_id, int(published))


async def published_rooms(reader: Reader) -> list[str]:
    return [row[0] for row in await reader.fetch("SELECT room_id FROM rooms WHERE published = 1")]


async def aliases_by(reader: Reader, user_id: str) -> list[tuple[str, str]]:
    """(alias, room id) of those that the person made."""
    rows = await reader.fetch("SELECT alias, room_id FROM aliases WHERE creator = $1", user_id)
    return [(row[0], row[1]) for row in rows]


async def disown_aliases(tx: Transaction, user_id: str) -> None:
    await tx.execute("UPDATE aliases SET creator = '' WHERE creator = $1", user_id)
