"""The world that a scenario acts on: the real services on a database, or a rehearsal of the rules in memory."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from ..accounts.compose import Accounts
from ..accounts.options import AccountOptions
from ..accounts.people.models import Newcomer
from ..bus.local import LocalBus
from ..core.clock import Clock, wall_ms
from ..http.limits import RateLimits
from ..policy.catalogue.models import EMPTY, Catalogue
from ..policy.catalogue.service import Catalogues
from ..policy.compose import Policy
from ..policy.decisions.service import Given
from ..policy.documents.hashing import document_hash
from ..policy.documents.models import Document, Version
from ..policy.documents.reading import Folder
from ..policy.rollouts import operations
from ..policy.rollouts.models import Rollout
from ..policy.rollouts.plan import Plan
from ..policy.rollouts.service import next_id
from ..storage.database import Transaction
from ..storage.open import open_database
from . import store
from .models import Event

SERVER_NAME = "scenario.example"
CHUNK = 25_000
"""People in one transaction."""
AT_ONCE = 512


class StillClock(Clock):
    """Moves only when it is set."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0

    def ms(self) -> int:
        return self._now

    def set(self, moment: datetime | None) -> None:
        self._now = wall_ms() if moment is None else int(moment.timestamp() * 1000)
        for call in self.on_set:
            call()


class World(Protocol):
    """What the runner does to the world."""

    async def catalogue(self) -> Catalogue: ...

    def move_to(self, now: int) -> None: ...

    async def create(self, newcomers: Iterable[Newcomer]) -> None: ...

    async def publish(self, folder: Folder, actor: str) -> None: ...

    async def roll_out(self, document: Document, plan: Plan, actor: str, reason: str) -> str:
        """Create and start it; its id."""

    async def operate(self, rollout_id: str, event: Event, actor: str) -> None: ...

    async def decide(self, decisions: Sequence[tuple[str, Given]]) -> None: ...

    async def travel(self, moves: Sequence[tuple[str, str]]) -> None:
        """Each (user id, new phone number)."""

    async def end(self, user_ids: Sequence[str]) -> None:
        """They delete their accounts."""

    async def erase(self, due: int) -> int:
        """The job that erases whom the ladder says so; `due` is how many that should be. Returns how many it was."""


class Services:
    """The services of a server, without HTTP. `url`: as `--database`; None for SQLite in `folder`."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.clock = StillClock()
        self.database = open_database(url, folder, LocalBus())
        options = AccountOptions(server_name=SERVER_NAME, public_url=f"https://{SERVER_NAME}")
        limits = RateLimits(self.clock, enabled=False)
        self.accounts = Accounts(options, self.database, self.clock, limits)
        catalogues = Catalogues(self.database)
        self.policy = Policy(self.accounts, self.database, self.clock, catalogues, options.public_url)

    async def catalogue(self) -> Catalogue:
        return await self.policy.catalogues.now()

    def move_to(self, now: int) -> None:
        self.clock.set(datetime.fromtimestamp(now / 1000, UTC))

    async def create(self, newcomers: Iterable[Newcomer]) -> None:
        source = iter(newcomers)
        while chunk := list(islice(source, CHUNK)):
            await self._create(chunk)

    async def _create(self, chunk: list[Newcomer]) -> None:
        await self.database.write(lambda tx: self.accounts.people.create_many(tx, chunk))

    async def publish(self, folder: Folder, actor: str) -> None:
        await self.policy.documents.publish(folder.document, folder.plan, actor)

    async def roll_out(self, document: Document, plan: Plan, actor: str, reason: str) -> str:
        policy = document.policy
        rollout = await self.policy.rollouts.create(policy.id, policy.version, plan, actor, reason)
        await self.policy.rollouts.start(rollout.rollout_id, actor, reason)
        return rollout.rollout_id

    async def operate(self, rollout_id: str, event: Event, actor: str) -> None:
        rollouts, reason = self.policy.rollouts, event.says["en"]
        if event.do == "extend":
            await rollouts.extend(rollout_id, deadline_of(event), actor, reason, event.edition)
        elif event.do == "drop":
            await rollouts.drop(rollout_id, event.step or "", actor, reason, event.edition)
        elif event.do == "hold":
            await rollouts.hold(rollout_id, actor, reason)
        elif event.do == "resume":
            await rollouts.resume(rollout_id, actor, reason)
        else:
            await rollouts.roll_back(rollout_id, actor, reason)

    async def decide(self, decisions: Sequence[tuple[str, Given]]) -> None:
        for begin in range(0, len(decisions), CHUNK):
            await self._decide(decisions[begin : begin + CHUNK])

    async def _decide(self, chunk: Sequence[tuple[str, Given]]) -> None:
        async def work(tx: Transaction) -> None:
            people = [user_id for user_id, _ in chunk]
            accounts = await self.accounts.people.many(tx, people)
            ledgers = await self.policy.decisions.ready(tx, people)
            for user_id, given in chunk:
                await self.policy.decisions.decide_in(tx, user_id, given, accounts[user_id], ledgers)

        await self.database.write(work)

    async def travel(self, moves: Sequence[tuple[str, str]]) -> None:
        await asyncio.gather(*(self._travel(user_id, number) for user_id, number in moves))

    async def _travel(self, user_id: str, number: str) -> None:
        people = self.accounts.people

        async def work(tx: Transaction) -> None:
            for old in await people.numbers_of(user_id, tx):
                await people.detach(tx, old)
            await people.attach(tx, user_id, number)

        await self.database.write(work)

    async def end(self, user_ids: Sequence[str]) -> None:
        for begin in range(0, len(user_ids), AT_ONCE):
            chunk = user_ids[begin : begin + AT_ONCE]
            await asyncio.gather(*(self.accounts.lifecycle.deactivate(user_id, erase=True) for user_id in chunk))

    async def erase(self, due: int) -> int:
        return await self.policy.deletions.run()

    async def rows(self) -> tuple[int, int]:
        """The position of the log, and how many rows the operator's doing has left."""
        return self.database.position, await store.operator_rows(self.database)


class Rehearsal:
    """The same rules without people's rows: what would be, as far as classes of people can tell."""

    def __init__(self) -> None:
        self._now = 0
        self._catalogue = EMPTY

    async def catalogue(self) -> Catalogue:
        return self._catalogue

    def move_to(self, now: int) -> None:
        self._now = now

    async def create(self, newcomers: Iterable[Newcomer]) -> None:
        return

    async def publish(self, folder: Folder, actor: str) -> None:
        policy, number = folder.document.policy, len(self._catalogue.versions) + 1
        version = Version(policy.id, policy.version, number, document_hash(folder.document), self._now, folder.document)
        self._catalogue = self._catalogue.with_version(version)

    async def roll_out(self, document: Document, plan: Plan, actor: str, reason: str) -> str:
        policy = document.policy
        version = self._catalogue.versions[policy.id, policy.version]
        rollout_id = next_id(self._catalogue, policy.id, policy.version)
        self._put(operations.start(operations.draft(rollout_id, version, plan, self._now), self._now))
        return rollout_id

    async def operate(self, rollout_id: str, event: Event, actor: str) -> None:
        rollout = self._catalogue.rollouts[rollout_id]
        if event.do == "extend":
            self._put(operations.extend(rollout, deadline_of(event), self._now, event.edition))
        elif event.do == "drop":
            self._put(operations.drop(rollout, event.step or "", self._now, event.edition))
        elif event.do == "hold":
            self._put(operations.hold(rollout, self._now))
        elif event.do == "resume":
            self._put(operations.resume(rollout, self._now))
        else:
            self._put(operations.roll_back(rollout, self._now))

    def _put(self, rollout: Rollout) -> None:
        self._catalogue = self._catalogue.with_rollout(rollout)

    async def decide(self, decisions: Sequence[tuple[str, Given]]) -> None:
        return

    async def travel(self, moves: Sequence[tuple[str, str]]) -> None:
        return

    async def end(self, user_ids: Sequence[str]) -> None:
        return

    async def erase(self, due: int) -> int:
        return due


def deadline_of(event: Event) -> int:
    """Milliseconds of the first moment of the day."""
    assert event.deadline is not None
    return int(datetime(*event.deadline.timetuple()[:3], tzinfo=UTC).timestamp() * 1000)
