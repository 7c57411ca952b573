"""All SQL of roll-outs: their history, and what reaching everybody is counted from."""

from typing import NamedTuple

import msgspec

from ...storage.database import Reader, Row, Transaction
from ..decisions.models import Decision
from .history import Operation, OperationName
from .models import Rollout, Subject
from .plan import Plan

DAY = 86_400_000


class Person(NamedTuple):
    """An account with what it decided about one policy, oldest first."""

    subject: Subject
    active: bool
    decisions: list[Decision]
    """Without choices and hashes, which nobody's standing depends on."""


class Count(NamedTuple):
    day: int
    """Since 1970."""
    region: str | None
    people: int


# the roll-out and its history


async def plan(reader: Reader, rollout_id: str) -> Plan:
    text = await reader.fetchval("SELECT plan FROM rollouts WHERE rollout_id = $1", rollout_id)
    return msgspec.json.decode(text, type=Plan)


async def set_plan(tx: Transaction, rollout_id: str, plan: str) -> None:
    await tx.execute("UPDATE rollouts SET plan = $2 WHERE rollout_id = $1", rollout_id, plan)


async def insert_operation(tx: Transaction, operation: Operation) -> None:
    await tx.execute(
        "INSERT INTO rollout_operations (rollout_id, number, operation, actor, reason, at, details, before, after) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        operation.rollout_id,
        operation.number,
        operation.operation,
        operation.actor,
        operation.reason,
        operation.at,
        _json(operation.details),
        _json(operation.before),
        _json(operation.after),
    )


async def last_number(reader: Reader, rollout_id: str) -> int:
    """Of the newest operation; 0 where there is none."""
    number: int | None = await reader.fetchval(
        "SELECT MAX(number) FROM rollout_operations WHERE rollout_id = $1", rollout_id
    )
    return number or 0


async def operations(reader: Reader, rollout_id: str) -> list[Operation]:
    """Oldest first."""
    rows = await reader.fetch(
        "SELECT number, operation, actor, reason, at, details, before, after FROM rollout_operations "
        "WHERE rollout_id = $1 ORDER BY number",
        rollout_id,
    )
    return [_operation(rollout_id, row) for row in rows]


def _operation(rollout_id: str, row: Row) -> Operation:
    number, operation, actor, reason, at, details, before, after = row
    name: OperationName = operation
    return Operation(
        rollout_id,
        number,
        name,
        actor,
        reason,
        at,
        msgspec.json.decode(details),
        msgspec.json.decode(before, type=Rollout | None),
        msgspec.json.decode(after, type=Rollout),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


# counting


async def people(reader: Reader, policy: str, after: str, limit: int) -> list[Person]:
    """The next `limit` accounts after the user id `after`, in order, with what they decided about `policy`."""
    rows = await reader.fetch(
        "SELECT a.user_id, a.region, a.region_since, a.status, d.number, d.version, d.version_number, d.edition, "
        "d.region, d.kind, d.at FROM (SELECT user_id, region, region_since, status FROM accounts "
        "WHERE user_id > $1 ORDER BY user_id LIMIT $2) a "
        "LEFT JOIN policy_decisions d ON d.user_id = a.user_id AND d.policy = $3 ORDER BY a.user_id, d.number",
        after,
        limit,
        policy,
    )
    found: list[Person] = []
    for user_id, region, since, status, number, version, version_number, edition, then, kind, at in rows:
        if not found or found[-1].subject.user_id != user_id:
            found.append(Person(Subject(user_id, region, since), status == "active", []))
        if number is not None:
            found[-1].decisions.append(
                Decision(
                    decision_id="",
                    user_id=user_id,
                    number=number,
                    policy=policy,
                    version=version,
                    version_number=version_number,
                    edition=edition,
                    region=then,
                    locale="",
                    hash="",
                    kind=kind,
                    choices={},
                    at=at,
                    channel="api",
                    gpc=False,
                )
            )
    return found


async def notices(reader: Reader, rollout_id: str, step: str, after: str, last: str | None) -> list[Count]:
    """By day and region, how many of the accounts after `after` up to `last` (None: all) were first told of a step."""
    rows = await reader.fetch(
        "SELECT day, region, COUNT(*) FROM ("
        f"SELECT at / {DAY} AS day, region, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY at) AS place "
        f"FROM policy_notices WHERE user_id > $1 {'' if last is None else 'AND user_id <= $4 '}"
        # The concatenation keeps the planner on the range of user ids: by the index of the roll-out, each page would
        # read everybody's.
        "AND rollout_id || '' = $2 AND step = $3) told WHERE place = 1 GROUP BY day, region",
        after,
        rollout_id,
        step,
        *([] if last is None else [last]),
    )
    return [Count(*row) for row in rows]


async def views(reader: Reader, policy: str, version: str, after: str, last: str | None) -> list[Count]:
    """By day and region, how many of the accounts after `after` up to `last` (None: all) looked at the version."""
    rows = await reader.fetch(
        f"SELECT at / {DAY}, region, COUNT(*) FROM policy_views WHERE user_id > $1 "
        f"{'' if last is None else 'AND user_id <= $4 '}AND policy = $2 AND version = $3 GROUP BY 1, 2",
        after,
        policy,
        version,
        *([] if last is None else [last]),
    )
    return [Count(*row) for row in rows]
