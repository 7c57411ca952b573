"""All SQL of the deletion job."""

from ...storage.database import Reader, Transaction
from ..rollouts.models import Subject

JOB = "deletion"


async def active(reader: Reader, after: str, limit: int) -> list[Subject]:
    """The next accounts after the user id `after`, in order."""
    rows = await reader.fetch(
        "SELECT user_id, region, region_since FROM accounts WHERE user_id > $1 AND status = 'active' "
        "ORDER BY user_id LIMIT $2",
        after,
        limit,
    )
    return [Subject(user_id, region, since) for user_id, region, since in rows]


async def cursor(reader: Reader) -> str:
    """The user id up to which a run that was cut short had come; empty if none was."""
    found: str | None = await reader.fetchval("SELECT cursor FROM policy_jobs WHERE job = $1", JOB)
    return found or ""


async def set_cursor(tx: Transaction, cursor: str, now: int) -> None:
    await tx.execute(
        "INSERT INTO policy_jobs (job, cursor, at) VALUES ($1, $2, $3) "
        "ON CONFLICT (job) DO UPDATE SET cursor = excluded.cursor, at = excluded.at",
        JOB,
        cursor,
        now,
    )


async def add_erased(tx: Transaction, user_id: str, rollout_id: str, step: str, at: int, region: str | None) -> None:
    await tx.execute(
        "INSERT INTO policy_notices (user_id, rollout_id, step, at, region) VALUES ($1, $2, $3, $4, $5)",
        user_id,
        rollout_id,
        step,
        at,
        region,
    )
