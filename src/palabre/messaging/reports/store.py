"""The SQL of reports."""

from ...storage.database import Reader, Transaction
from .models import Report


def add(tx: Transaction, report: Report) -> None:
    tx.defer(
        "INSERT INTO reports (report_id, reporter, ts, room_id, event_id, user_id, reason, score) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        report.report_id,
        report.reporter,
        report.ts,
        report.room_id,
        report.event_id,
        report.user_id,
        report.reason,
        report.score,
    )


async def newest(reader: Reader, before: int, limit: int) -> list[Report]:
    """Reports older than `before` (milliseconds), newest first."""
    rows = await reader.fetch(
        "SELECT report_id, reporter, ts, room_id, event_id, user_id, reason, score FROM reports "
        "WHERE ts < $1 ORDER BY ts DESC, report_id LIMIT $2",
        before,
        limit,
    )
    return [Report(*row) for row in rows]


async def forget_reporter(tx: Transaction, user_id: str) -> None:
    """What was reported stays with the operator; who reported it, and in what words, does not."""
    await tx.execute("UPDATE reports SET reporter = '', reason = NULL WHERE reporter = $1", user_id)
