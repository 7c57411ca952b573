"""People, published versions and the services of decisions, for tests of them."""

import itertools
from collections.abc import Awaitable, Sequence
from typing import Any

import msgspec
import pytest

from palabre.accounts.hashing import SecretHasher
from palabre.accounts.hooks import AccountHooks
from palabre.accounts.people.service import People
from palabre.core.clock import Clock
from palabre.core.errors import ApiError
from palabre.http.limits import RateLimits
from palabre.http.request import Session
from palabre.http.server import HttpServer
from palabre.policy.catalogue.service import Catalogues
from palabre.policy.decisions.models import DecisionKind
from palabre.policy.decisions.receipts import Receipts
from palabre.policy.decisions.record import Records
from palabre.policy.decisions.routes import DecisionRoutes
from palabre.policy.decisions.service import DecisionService, Given
from palabre.policy.documents.models import Edition, Recipient, Transfer, Version
from palabre.policy.rollouts.models import Rollout
from palabre.storage.database import Database, Transaction

from . import made

PUBLIC_URL = "https://chat.example"
FRANCE, INDIA, CANADA = "+3361234%04d", "+9198765%05d", "+1514555%04d"
_serial = itertools.count(1000)

RECIPIENTS = {
    "us": Recipient(name="Palabre", role="controller", country="FR", address="privacy@palabre.example"),
    "affiliate": Recipient(name="Books", role="affiliate", country="US", address="https://books.example/privacy"),
    "host": Recipient(name="Cloud", role="processor", country="XK"),
}
SERVICE = msgspec.structs.replace(made.row("service"), purpose="dpv:ServiceProvision", retention="P2W")
ADS = msgspec.structs.replace(
    made.row("ads", "optional", to=("affiliate", "us"), earlier=True),
    purpose="dpv:PersonalisedAdvertising",
    transfer=Transfer(countries=["US"], safeguard="eu-gdpr:SCCByCommission"),
)
RESEARCH = msgspec.structs.replace(
    made.row("research", "optional", data="pd:IPAddress", to=("host",)),
    purpose="dpv:ResearchAndDevelopment",
    transfer=Transfer(countries=["XK"], safeguard="eu-gdpr:A45-3"),
)
EUROPE = made.edition("europe", ["FR", "DE"], SERVICE, ADS, RESEARCH)
WORLD = made.edition("world", ["*"], SERVICE, msgspec.structs.replace(ADS, legal_basis="dpv:Consent"))


def version(number: int, *editions: Edition, **changes: Any) -> Version:
    """Material, of the policy `terms`, with real terms of DPV."""
    plain = made.version(number, *(editions or (EUROPE, WORLD)))
    policy = msgspec.structs.replace(plain.document.policy, **{"recipients": RECIPIENTS, **changes})
    return msgspec.structs.replace(plain, document=msgspec.structs.replace(plain.document, policy=policy))


class SignedIn:
    """The token of a person is their user id."""

    async def session(self, token: str, address: str) -> Session:
        return Session(token, "DEVICE", 1)


class Town:
    """All services on one database, as one process of the server has them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Clock()
        self.hooks = AccountHooks()
        hasher = SecretHasher(cheap=True)
        self.people = People(database, self.clock, hasher, self.hooks, "test.local", fictional_numbers=True)
        self.catalogues = Catalogues(database)
        self.decisions = DecisionService(database, self.clock, self.people, self.catalogues)
        self.records = Records(self.decisions, self.catalogues, PUBLIC_URL)
        self.receipts = Receipts(database, self.clock)

    def app(self) -> HttpServer:
        server = HttpServer(RateLimits(self.clock, enabled=False), self.clock)
        server.authenticator = SignedIn()
        server.add(DecisionRoutes(self.decisions, self.records, self.receipts))
        return server

    async def person(self, number: str | None = FRANCE, locale: str = "fr") -> str:
        """A new account, by default with a French number."""

        async def work(tx: Transaction) -> str:
            user_id = await self.people.create(tx, locale=locale)
            if number is not None:
                await self.people.attach(tx, user_id, number % next(_serial))
            return user_id

        return await self.database.write(work)

    async def move(self, user_id: str, number: str | None) -> None:
        """Another number instead of the old one."""
        old = await self.people.numbers_of(user_id)

        async def work(tx: Transaction) -> None:
            for had in old:
                await self.people.detach(tx, had)
            if number is not None:
                await self.people.attach(tx, user_id, number % next(_serial))

        await self.database.write(work)

    async def publish(self, *versions: Version, announced: bool = True, **changes: Any) -> Sequence[Rollout]:
        """Publish, and announce each with a roll-out of its own; `changes` are the roll-outs'."""
        rollouts = [made.rollout(version, **changes) for version in versions] if announced else []

        async def work(tx: Transaction) -> None:
            for version in versions:
                await self.catalogues.add_version(tx, version, "tests", [])
            for rollout in rollouts:
                await self.catalogues.put_rollout(tx, rollout, 0, "{}")

        await self.database.write(work)
        return rollouts

    async def put(self, rollout: Rollout) -> None:
        async def work(tx: Transaction) -> None:
            await self.catalogues.put_rollout(tx, rollout, 0, "{}")

        await self.database.write(work)

    async def given(
        self, user_id: str, kind: DecisionKind, version: str = "v1", locale: str | None = None, **changes: Any
    ) -> Given:
        """An answer to exactly what this person is shown."""
        shown = await self.decisions.shown(user_id, "terms", version, locale)
        usual: dict[str, Any] = {
            "policy": "terms",
            "version": version,
            "edition": shown.edition.id,
            "locale": shown.locale,
            "hash": shown.hash,
            "kind": kind,
        }
        return Given(**{**usual, **changes})


async def refused(status: int, code: str, awaitable: Awaitable[object]) -> None:
    """What `awaitable` does must be refused like this."""
    with pytest.raises(ApiError) as error:
        await awaitable
    assert (error.value.status, error.value.errcode) == (status, code), error.value.error
