"""Who was told what, and each person's notices room."""

from ...storage.database import Reader, Transaction
from .models import Told


async def room_of(reader: Reader, user_id: str) -> str | None:
    room_id: str | None = await reader.fetchval("SELECT room_id FROM notice_rooms WHERE user_id = $1", user_id)
    return room_id


async def set_room(tx: Transaction, user_id: str, room_id: str) -> None:
    await tx.execute("INSERT INTO notice_rooms (user_id, room_id) VALUES ($1, $2)", user_id, room_id)


async def told(reader: Reader, user_id: str) -> frozenset[Told]:
    rows = await reader.fetch("SELECT rollout_id, step, due, deadline FROM policy_notices WHERE user_id = $1", user_id)
    return frozenset(Told(*row) for row in rows)


def add(tx: Transaction, user_id: str, what: Told, at: int, region: str | None) -> None:
    tx.defer(
        "INSERT INTO policy_notices (user_id, rollout_id, step, due, deadline, at, region) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        user_id,
        what.rollout_id,
        what.step,
        what.due,
        what.deadline,
        at,
        region,
    )


async def forget(tx: Transaction, user_id: str) -> None:
    await tx.execute("DELETE FROM notice_rooms WHERE user_id = $1", user_id)
