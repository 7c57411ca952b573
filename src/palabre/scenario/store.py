"""Counting what is written."""

from typing import Any

from ..storage.database import Reader

TABLES = ("policy_versions", "rollouts", "rollout_operations")


async def operator_rows(reader: Reader) -> int:
    """Rows that publishing and operating roll-outs have left, besides the log."""
    counts = [await reader.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES]
    return sum(counts)


async def decisions(reader: Reader) -> dict[tuple[str, str], int]:
    """(version, kind) -> how many."""
    rows = await reader.fetch("SELECT version, kind, count(*) FROM policy_decisions GROUP BY version, kind")
    return {(version, kind): count for version, kind, count in rows}


async def accounts(reader: Reader) -> dict[str, int]:
    """Country -> people with an account."""
    rows: list[Any] = await reader.fetch(
        "SELECT region, count(*) FROM accounts WHERE status = 'active' GROUP BY region"
    )
    return dict(rows)
