"""A server with nothing but roll-outs on it, and people and versions put straight into its database."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from palabre.core.clock import Clock
from palabre.http.limits import RateLimits
from palabre.http.server import HttpServer
from palabre.policy.catalogue.service import Catalogues
from palabre.policy.decisions.models import DecisionKind
from palabre.policy.documents.models import Version
from palabre.policy.rollouts.funnel import Funnel
from palabre.policy.rollouts.models import Rollout
from palabre.policy.rollouts.preview import Preview
from palabre.policy.rollouts.routes import RolloutRoutes
from palabre.policy.rollouts.service import RolloutService
from palabre.storage.database import Database

from ..api import Homeserver, in_process
from .made import edition, row, version

TOKEN = "palop_test"
ROLLOUTS = "/_palabre/admin/v1/rollouts"
SAID = {"actor": "ines", "reason": "because"}

EUROPE = edition("europe", ["FR", "DE"], row("service"))
WORLD = edition("world", ["*"], row("service"), row("ads"))
FIRST = version(1, EUROPE, WORLD)
SECOND = version(2, EUROPE, WORLD)
THIRD = version(3, EUROPE, WORLD, kind="editorial")

PLAN: dict[str, Any] = {
    "announce": "2021-01-06",
    "deadline": "2021-02-08",
    "ladder": [
        {"step": "notice"},
        {"step": "reminder", "before_deadline": "P7D"},
        {"step": "limited"},
        {"step": "locked", "after_deadline": "P2W"},
        {"step": "deletion_scheduled", "after_deadline": "P30D"},
        {"step": "deleted", "after_deadline": "P60D"},
    ],
}
"""Nobody has less than 33 days: the notice period is the usual 30."""


def ms(text: str) -> int:
    """Milliseconds since 1970 of a date, in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


class World:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Clock()
        self.catalogues = Catalogues(database)
        self.rollouts = RolloutService(database, self.clock, self.catalogues)
        self.preview = Preview(database, self.clock, self.catalogues)
        self.funnel = Funnel(database, self.clock, self.catalogues)
        self.app = HttpServer(
            RateLimits(self.clock, enabled=False), self.clock, operator_token_matches=lambda given: given == TOKEN
        )
        self.app.add(RolloutRoutes(self.rollouts, self.preview, self.funnel, self.clock))
        self.at("2021-01-01")

    @asynccontextmanager
    async def operator(self) -> AsyncIterator[Homeserver]:
        async with in_process(self.app) as http:
            http.token = TOKEN
            yield http

    def at(self, text: str) -> None:
        self.clock.set(datetime.fromisoformat(text).replace(tzinfo=UTC))

    async def publish(self, *versions: Version) -> None:
        for own in versions:
            await self.database.write(lambda tx, own=own: self.catalogues.add_version(tx, own, "ines", []))  # type: ignore[misc]  # inferred from the default

    async def put(self, rollout: Rollout) -> None:
        await self.database.write(lambda tx: self.catalogues.put_rollout(tx, rollout, 0, "null"))

    async def insert(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        async def work(tx: Any) -> None:
            for values in rows:
                places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
                tx.defer(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values())

        await self.database.write(work)

    async def people(self, count: int, region: str | None, since: str = "2020-01-01", prefix: str = "") -> list[str]:
        """New accounts; returns their user ids."""
        names = [f"@{prefix or (region or 'zz').lower()}{number:05}:test.local" for number in range(count)]
        await self.insert("accounts", [account(name, region, ms(since)) for name in names])
        return names

    async def decide(
        self, user_ids: Iterable[str], kind: DecisionKind, of: Version, at: str, region: str | None = "FR"
    ) -> None:
        await self.insert("policy_decisions", [decision(user_id, kind, of, ms(at), region) for user_id in user_ids])

    async def tell(self, user_ids: Iterable[str], rollout_id: str, step: str, at: str, region: str | None) -> None:
        moment = ms(at)
        rows = [
            {
                "user_id": user_id,
                "rollout_id": rollout_id,
                "step": step,
                "due": moment,
                "deadline": 0,
                "at": moment,
                "region": region,
            }
            for user_id in user_ids
        ]
        await self.insert("policy_notices", rows)

    async def view(self, user_ids: Iterable[str], of: Version, at: str, region: str | None) -> None:
        rows = [
            {"user_id": user_id, "policy": of.policy, "version": of.version, "at": ms(at), "region": region}
            for user_id in user_ids
        ]
        await self.insert("policy_views", rows)


def account(user_id: str, region: str | None, since: int, status: str = "active") -> dict[str, Any]:
    return {
        "user_id": user_id,
        "status": status,
        "region": region,
        "region_since": since,
        "is_guest": 0,
        "is_operator": 0,
        "pin_failures": 0,
        "pin_blocked_until": 0,
        "created": since,
        "last_seen": since,
    }


def decision(user_id: str, kind: str, of: Version, at: int, region: str | None) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "number": at,
        "decision_id": f"{user_id} {at}",
        "policy": of.policy,
        "version": of.version,
        "version_number": of.number,
        "edition": of.document.edition_for(region).id,
        "region": region,
        "locale": "en",
        "hash": "sha256:",
        "kind": kind,
        "choices": "{}",
        "at": at,
        "channel": "page",
        "gpc": 0,
    }
