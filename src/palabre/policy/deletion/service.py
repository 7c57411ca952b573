"""The deletion job: finds the accounts whose standing is `deleted`, and erases each in a transaction of its own.

Standing is computed once more inside that transaction, so an extension, a roll-back or an acceptance that came a moment
before saves the person. A run that is cut short goes on where it was; one that has nothing to do reads nothing.
"""

import asyncio

import structlog

from ...accounts.lifecycle import Lifecycle
from ...accounts.people.service import People
from ...core.clock import Clock
from ...storage.database import Database, Transaction
from ..catalogue.models import Catalogue
from ..catalogue.service import Catalogues
from ..decisions import store as decisions
from ..decisions.models import fold
from ..gate.service import Gate
from ..rollouts.funnel import ERASED
from ..rollouts.models import Level, Rollout, Standing
from ..rollouts.standing import standing
from . import store

PAGE = 1000

log = structlog.get_logger()


class Deletions:
    """Harmless to run in several processes at once: an account is erased once."""

    def __init__(
        self, database: Database, clock: Clock, people: People, lifecycle: Lifecycle, catalogues: Catalogues, gate: Gate
    ) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._lifecycle = lifecycle
        self._catalogues = catalogues
        self._gate = gate
        self._running = asyncio.Lock()

    async def job(self) -> None:
        """For `Housekeeping`."""
        await self.run()

    async def run(self) -> int:
        """Erase everybody whose time is up; returns how many. First to the end from where the last run was cut short,
        then from the beginning.
        """
        async with self._running:
            if not await self._due():
                return 0
            begun = await store.cursor(self._database)
            erased = await self._erase_between(begun, None)
            if begun:
                erased += await self._erase_between("", begun)
            if erased:
                log.info("accounts erased because their deadline and its grace had passed", accounts=erased)
            return erased

    async def _due(self) -> bool:
        now = self._clock.ms()
        catalogue = await self._catalogues.now()
        return any(_deletes(rollout, now) for group in catalogue.standing for rollout in group)

    async def _erase_between(self, after: str, last: str | None) -> int:
        """The accounts after the user id `after`, up to `last` (None: all)."""
        erased = 0
        while page := await store.active(self._database, after, PAGE):
            catalogue, now = await self._catalogues.now(), self._clock.ms()
            decided = await decisions.of_people(self._database, [subject.user_id for subject in page])
            for subject in page:
                if last is not None and subject.user_id > last:
                    await self._keep_place("")
                    return erased
                answers = fold(decided.get(subject.user_id, ()))
                if _is_due(standing(subject, answers, catalogue.standing, now), catalogue, now):
                    erased += await self._erase(subject.user_id)
            after = page[-1].user_id
            await self._keep_place(after)
            await asyncio.sleep(0)
        await self._keep_place("")
        return erased

    async def _erase(self, user_id: str) -> bool:
        async def work(tx: Transaction) -> bool:
            now = self._clock.ms()
            account = await self._people.get(user_id, tx)
            if account is None or not account.is_active:
                return False
            here = await self._gate.compute(user_id, tx)
            if not _is_due(here, await self._catalogues.now(tx), now):
                return False
            await self._lifecycle.deactivate_in(tx, user_id, erase=True)
            await store.add_erased(tx, user_id, here.asked[0], ERASED, now, account.region)
            return True

        return await self._database.write(work)

    async def _keep_place(self, cursor: str) -> None:
        await self._database.write(lambda tx: store.set_cursor(tx, cursor, self._clock.ms()))


def _is_due(here: Standing, catalogue: Catalogue, now: int) -> bool:
    """Whether the person is to be erased now.

    Rolling a version back brings back the ladder of the one before, which may have run out meanwhile: then there is a
    notice period once more before anybody is erased.
    """
    if here.level is not Level.DELETED:
        return False
    back = catalogue.rollouts[here.asked[0]]
    ended = [
        other.ended
        for other in catalogue.rollouts.values()
        if other.terms.policy == back.terms.policy and other.terms.number > back.terms.number and other.ended
    ]
    return now >= max(ended, default=0) + (back.notice_period if ended else 0)


def _deletes(rollout: Rollout, now: int) -> bool:
    """Whether it may delete anybody yet. Who is told late is deleted later, nobody is earlier."""
    if rollout.held_since is not None:
        return False
    ladders = (rollout.ladder, *rollout.editions.values())
    return any(step.level is Level.DELETED and step.at <= now for ladder in ladders for step in ladder.steps)
