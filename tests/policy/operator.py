"""An operator in tests: made-up versions are put into the catalogue, everything else goes through the admin API."""

from datetime import UTC, datetime
from typing import Any

import httpx

from palabre.app import Parts
from palabre.policy.documents.models import Version
from palabre.storage.database import Transaction
from tests.api import Http

from .made import DAY

DAY_0 = datetime(2031, 1, 6, tzinfo=UTC)
"""When roll-outs are announced, if a test does not say otherwise; in the future, as they have to be."""

LADDER: list[dict[str, Any]] = [
    {"step": "notice"},
    {"step": "reminder", "before_deadline": "P7D"},
    {"step": "limited"},
    {"step": "locked", "after_deadline": "P10D"},
    {"step": "deletion_scheduled", "after_deadline": "P20D"},
    {"step": "deleted", "after_deadline": "P60D"},
]
BY = {"actor": "Awa", "reason": "a test"}


def day(number: float) -> str:
    """A date so many days after the announcement."""
    moment = datetime.fromtimestamp(DAY_0.timestamp() + number * 86_400, UTC)
    return moment.isoformat().replace("+00:00", "Z")


class Operator(Http):
    def __init__(self, http: httpx.AsyncClient, token: str, parts: Parts) -> None:
        super().__init__(http, token)
        self.parts = parts

    async def clock(self, number: float) -> None:
        """So many days after the announcement."""
        await self.call("PUT", "/_palabre/admin/v1/clock", {"now": day(number)})

    async def publish(self, version: Version) -> None:
        """Without asking the linter, which made-up versions would not please."""

        async def work(tx: Transaction) -> None:
            await self.parts.policy.catalogues.add_version(tx, version, "Awa", [])

        await self.parts.database.write(work)

    async def roll_out(self, version: Version, **plan: Any) -> str:
        """Publish and start; the notice on day 0, the deadline on day 33. Returns the id."""
        await self.publish(version)
        whole = {"announce": day(0), "deadline": day(33), "ladder": LADDER, **plan}
        body = {"policy": version.policy, "version": version.version, "plan": whole, **BY}
        made = await self.call("POST", "/_palabre/admin/v1/rollouts", body, status=201)
        rollout_id: str = made["rollout_id"]
        await self.operate(rollout_id, "start")
        return rollout_id

    async def operate(self, rollout_id: str, operation: str, **more: Any) -> Any:
        return await self.call("POST", f"/_palabre/admin/v1/rollouts/{rollout_id}/{operation}", {**BY, **more})


async def decide(person: Http, kind: str, policy: str = "terms", version: str = "v1", **more: Any) -> Any:
    """What a person answers through the API, to exactly what they are shown."""
    shown = await person.call("GET", f"/_palabre/v1/account/policy/shown/{policy}/{version}")
    named = {name: shown[name] for name in ("policy", "version", "edition", "locale", "hash")}
    return await person.call("POST", "/_palabre/v1/account/policy/decisions", {**named, "kind": kind, **more})


__all__ = ["BY", "DAY", "DAY_0", "LADDER", "Operator", "day", "decide"]
