"""An operator at the console, in a browser without JavaScript, and a server with people on it."""

import re
from html import unescape
from typing import Any

from palabre.policy.documents.models import Version
from palabre.storage.database import Transaction

from ..pages.browser import Browser, Page
from .operator import Operator, day
from .papers import FIRST, SECOND
from .rollout_world import account, decision, ms

ACTOR = "Inès Martin"
PLAN = {
    "announce": day(0)[:16],
    "deadline": day(40)[:16],
    "notice": "30",
    "reminder_1": "10",
    "reminder_2": "",
    "limited": "0",
    "locked": "10",
    "deletion_scheduled": "20",
    "deleted": "50",
    "reason": "The new terms are ready.",
}


class Console(Browser):
    async def sign_in(self, operator: Operator, actor: str = ACTOR) -> Page:
        assert operator.token is not None
        await self.open("/console")
        return await self.submit(token=operator.token, actor=actor)

    async def wait(self, operator: Operator, number: float) -> None:
        """Until so many days after the announcement; by then the session has ended, so sign in again."""
        await operator.clock(number)
        await self.sign_in(operator)

    async def send(self, path: str, **fields: str) -> Page:
        return await self.post(path, fields)

    async def go_on(self, **fields: str) -> Page:
        """Send the form of the page that is not the one for signing out."""
        return await self.submit(self.page.actions.index(self.page.path.partition("?")[0]), **fields)

    async def operate(self, rollout_id: str, operation: str, **fields: str) -> Page:
        """As far as the page that asks for a confirmation."""
        await self.open(f"/console/rollouts/{rollout_id}/{operation}")
        return await self.go_on(**{"reason": f"Because of {operation}.", **fields})


def shown(page: Page) -> str:
    """What the page says, cells and lines apart, without what is drawn."""
    html = re.sub(r"<(svg|option|head)\b.*?</\1>", " ", page.html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split()).replace(" .", ".").replace(" ,", ",")


async def insert(operator: Operator, table: str, rows: list[dict[str, Any]]) -> None:
    async def work(tx: Transaction) -> None:
        for values in rows:
            places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
            tx.defer(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values())

    await operator.parts.database.write(work)


async def people(operator: Operator, region: str | None, count: int) -> list[str]:
    """Accounts that were there long before; returns their user ids."""
    names = [f"@{(region or 'zz').lower()}{number:05}:test.local" for number in range(count)]
    await insert(operator, "accounts", [account(name, region, ms("2030-01-01")) for name in names])
    return names


async def decided(operator: Operator, user_ids: list[str], kind: str, of: Version, region: str, on: float) -> None:
    at = ms("2031-01-06") + int(on * 86_400_000)
    await insert(operator, "policy_decisions", [decision(user_id, kind, of, at, region) for user_id in user_ids])


async def furnish(operator: Operator) -> None:
    """Two versions of a policy, and ten people: six in France, three in India, one without a phone number."""
    await operator.clock(-5)
    await operator.publish(FIRST)
    await operator.publish(SECOND)
    for region, count in (("FR", 6), ("IN", 3), (None, 1)):
        await people(operator, region, count)
