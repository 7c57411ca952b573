"""All SQL about decisions and about the keys that receipts are signed with."""

from collections.abc import Collection
from sys import intern
from typing import Any

import msgspec

from ...storage.database import Reader, Row, Transaction
from .models import Decision

_COLUMNS = (
    "decision_id, user_id, number, policy, version, version_number, edition, region, locale, hash, kind, choices, "
    "at, channel, gpc"
)
_INSERT = (
    f"INSERT INTO policy_decisions ({_COLUMNS}) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
)
_choices = msgspec.json.Decoder(dict[str, bool])
_encode = msgspec.json.Encoder(order="sorted").encode


def insert(tx: Transaction, decision: Decision) -> None:
    tx.defer(
        _INSERT,
        decision.decision_id,
        decision.user_id,
        decision.number,
        decision.policy,
        decision.version,
        decision.version_number,
        decision.edition,
        decision.region,
        decision.locale,
        decision.hash,
        decision.kind,
        _encode(decision.choices).decode(),
        decision.at,
        decision.channel,
        int(decision.gpc),
    )


async def of_person(reader: Reader, user_id: str) -> list[Decision]:
    """Oldest first."""
    rows = await reader.fetch(f"SELECT {_COLUMNS} FROM policy_decisions WHERE user_id = $1 ORDER BY number", user_id)
    return [_decision(row) for row in rows]


async def of_people(reader: Reader, user_ids: Collection[str]) -> dict[str, list[Decision]]:
    """Of each of these who decided anything, oldest first."""
    rows = await reader.fetch(
        f"SELECT {_COLUMNS} FROM policy_decisions WHERE user_id = ANY($1) ORDER BY user_id, number", list(user_ids)
    )
    found: dict[str, list[Decision]] = {}
    for row in rows:
        found.setdefault(row[1], []).append(_decision(row))
    return found


async def any_before(reader: Reader, policy: str, version: str, moment: int) -> bool:
    """Whether somebody decided about this version before `moment`."""
    found = await reader.fetchval(
        "SELECT 1 FROM policy_decisions WHERE policy = $1 AND version = $2 AND at < $3 LIMIT 1", policy, version, moment
    )
    return found is not None


async def forget_gone(tx: Transaction, policy: str, version: str, moment: int) -> None:
    """What people whose account is gone decided about this version before `moment`."""
    await tx.execute(
        "DELETE FROM policy_decisions WHERE policy = $1 AND version = $2 AND at < $3 "
        "AND user_id IN (SELECT user_id FROM accounts WHERE status <> 'active')",
        policy,
        version,
        moment,
    )


def _decision(row: Row) -> Decision:
    """Words that recur in a million rows are kept in memory once."""
    decision_id, user_id, number, policy, version, version_number, edition, region, locale, hash_, *rest = row
    kind, choices, at, channel, gpc = rest
    return Decision(
        decision_id,
        user_id,
        number,
        intern(policy),
        intern(version),
        version_number,
        intern(edition),
        intern(region) if region is not None else None,
        intern(locale),
        intern(hash_),
        intern(kind),  # type: ignore[arg-type]  # one of the literals: nothing else was ever written
        _choices.decode(choices),
        at,
        intern(channel),  # type: ignore[arg-type]  # as above
        bool(gpc),
    )


async def keys(reader: Reader) -> list[tuple[str, bytes, int, int | None]]:
    """(kid, raw private key, created, retired) of every key there ever was, the one in use last."""
    rows: list[Any] = await reader.fetch(
        "SELECT kid, private, created, retired FROM receipt_keys ORDER BY created, kid"
    )
    return [(kid, bytes(private), created, retired) for kid, private, created, retired in rows]


async def insert_key(tx: Transaction, kid: str, private: bytes, created: int) -> None:
    await tx.execute(
        "INSERT INTO receipt_keys (kid, private, created, retired) VALUES ($1, $2, $3, NULL)", kid, private, created
    )


async def retire_keys(tx: Transaction, now: int) -> None:
    await tx.execute("UPDATE receipt_keys SET retired = $1 WHERE retired IS NULL", now)
