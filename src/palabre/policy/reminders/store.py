"""All SQL about reminders: who was sent which, written before it is sent."""

from collections.abc import Collection

from ...storage.database import Reader, Transaction
from ..rollouts.models import Subject


async def active(reader: Reader, after: str, limit: int) -> list[Subject]:
    """The next active accounts after the user id `after`, in order."""
    rows = await reader.fetch(
        "SELECT user_id, region, region_since FROM accounts WHERE user_id > $1 AND status = 'active' "
        "ORDER BY user_id LIMIT $2",
        after,
        limit,
    )
    return [Subject(user_id, region, since) for user_id, region, since in rows]


async def numbers(reader: Reader, user_ids: Collection[str]) -> dict[str, str]:
    """The oldest phone number of each of these people who has one."""
    rows = await reader.fetch(
        "SELECT user_id, e164 FROM phone_numbers WHERE user_id = ANY($1) ORDER BY added DESC, e164 DESC", list(user_ids)
    )
    return {row[0]: row[1] for row in rows}


async def sent(reader: Reader, rollout_id: str, user_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """User id -> the steps of which each of these people was reminded -> the channel."""
    rows = await reader.fetch(
        "SELECT user_id, step, channel FROM policy_reminders WHERE user_id = ANY($1) AND rollout_id = $2",
        list(user_ids),
        rollout_id,
    )
    found: dict[str, dict[str, str]] = {}
    for user_id, step, channel in rows:
        found.setdefault(user_id, {})[step] = channel
    return found


async def add(tx: Transaction, user_id: str, rollout_id: str, step: str, channel: str, at: int) -> None:
    await tx.execute(
        "INSERT INTO policy_reminders (user_id, rollout_id, step, channel, at) VALUES ($1, $2, $3, $4, $5)",
        user_id,
        rollout_id,
        step,
        channel,
        at,
    )


async def remove(tx: Transaction, user_id: str, rollout_id: str, step: str, channel: str) -> None:
    await tx.execute(
        "DELETE FROM policy_reminders WHERE user_id = $1 AND rollout_id = $2 AND step = $3 AND channel = $4",
        user_id,
        rollout_id,
        step,
        channel,
    )


async def forget(tx: Transaction, user_id: str) -> None:
    await tx.execute("DELETE FROM policy_reminders WHERE user_id = $1", user_id)


async def cursor(reader: Reader, rollout_id: str) -> str:
    """The user id up to which a run that was cut short had come; empty if none was."""
    found: str | None = await reader.fetchval("SELECT cursor FROM policy_jobs WHERE job = $1", _job(rollout_id))
    return found or ""


async def set_cursor(tx: Transaction, rollout_id: str, cursor: str, now: int) -> None:
    await tx.execute(
        "INSERT INTO policy_jobs (job, cursor, at) VALUES ($1, $2, $3) "
        "ON CONFLICT (job) DO UPDATE SET cursor = excluded.cursor, at = excluded.at",
        _job(rollout_id),
        cursor,
        now,
    )


def _job(rollout_id: str) -> str:
    return f"reminders {rollout_id}"
