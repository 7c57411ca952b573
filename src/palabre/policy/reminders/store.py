"""All SQL about reminders: who was sent which, written before it is sent."""

from collections.abc import Collection
from typing import NamedTuple

from ...storage.database import Reader, Transaction
from ..rollouts.models import Subject

CHANNEL = "sms"


class Reached(NamedTuple):
    """Somebody who can be texted."""

    subject: Subject
    locale: str | None
    e164: str
    """The oldest number, which also makes the region."""


async def with_number(reader: Reader, after: str, limit: int) -> list[Reached]:
    """The next active accounts with a number after the user id `after`, in order."""
    rows = await reader.fetch(
        "SELECT a.user_id, a.region, a.region_since, a.locale, "
        "(SELECT n.e164 FROM phone_numbers n WHERE n.user_id = a.user_id ORDER BY n.added, n.e164 LIMIT 1) AS number "
        "FROM accounts a WHERE a.user_id > $1 AND a.status = 'active' AND a.region IS NOT NULL "
        "ORDER BY a.user_id LIMIT $2",
        after,
        limit,
    )
    return [Reached(Subject(user_id, region, since), locale, number) for user_id, region, since, locale, number in rows]


async def sent(reader: Reader, rollout_id: str, user_ids: Collection[str]) -> dict[str, set[str]]:
    """User id -> the steps for which each of these people was sent a text message."""
    rows = await reader.fetch(
        "SELECT user_id, step FROM policy_reminders WHERE user_id = ANY($1) AND rollout_id = $2 AND channel = $3",
        list(user_ids),
        rollout_id,
        CHANNEL,
    )
    found: dict[str, set[str]] = {}
    for user_id, step in rows:
        found.setdefault(user_id, set()).add(step)
    return found


async def add(tx: Transaction, user_id: str, rollout_id: str, step: str, at: int) -> None:
    await tx.execute(
        "INSERT INTO policy_reminders (user_id, rollout_id, step, channel, at) VALUES ($1, $2, $3, $4, $5)",
        user_id,
        rollout_id,
        step,
        CHANNEL,
        at,
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
