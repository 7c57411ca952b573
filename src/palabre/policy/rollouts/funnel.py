"""How far people have come with a roll-out: told, seen, decided, limited, gone; by day and country.

What is written (notices, views, decisions, erasures) is counted as it was when it happened; limits are computed, for
those who are still asked: who accepts is limited no more, and was never written to be.
"""

import asyncio
from collections import Counter, defaultdict

import msgspec

from ...core.clock import Clock
from ...core.errors import not_found
from ...storage.database import Database
from ..catalogue.models import Catalogue
from ..catalogue.service import Catalogues
from . import store
from .census import NO_COUNTRY, Census, Page, named, pages
from .models import Level, Rollout
from .store import DAY, Count, Person

KEPT_MS = 60_000
ERASED = "erased"
"""The step that the deletion job writes when an account is gone."""
_COMPUTED = (Level.LIMITED, Level.LOCKED, Level.DELETION_SCHEDULED)
_DECIDED = {"accept": "accepted", "decline": "declined", "later": "later"}


class FunnelDay(msgspec.Struct, frozen=True):
    """People of one country who came to each stage on one day (UTC)."""

    day: str
    region: str
    """`ZZ` for those without a phone number."""
    notified: int = 0
    seen: int = 0
    accepted: int = 0
    declined: int = 0
    later: int = 0
    limited: int = 0
    locked: int = 0
    deletion_scheduled: int = 0
    deleted: int = 0


STAGES = FunnelDay.__struct_fields__[2:]


class FunnelReport(msgspec.Struct, frozen=True):
    rollout_id: str
    as_of: int
    """Milliseconds since 1970."""
    totals: dict[str, int]
    """Stage -> people, each once, however often they decided."""
    now: dict[str, int]
    """Level -> people who stand there at this moment because of this roll-out."""
    days: tuple[FunnelDay, ...]


class Funnel:
    """Reports are kept for a minute, as long as the roll-out is not operated."""

    def __init__(self, database: Database, clock: Clock, catalogues: Catalogues) -> None:
        self._database = database
        self._clock = clock
        self._catalogues = catalogues
        self._kept: dict[str, tuple[Rollout, FunnelReport]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, rollout_id: str) -> FunnelReport:
        """Raises 404 for an unknown roll-out."""
        catalogue = await self._catalogues.now()
        rollout = catalogue.rollouts.get(rollout_id)
        if rollout is None:
            raise not_found("There is no such roll-out.")
        async with self._locks[rollout_id]:
            now = self._clock.ms()
            kept = self._kept.get(rollout_id)
            if kept is not None and kept[0] == rollout and 0 <= now - kept[1].as_of < KEPT_MS:
                return kept[1]
            report = await self._count(rollout, catalogue, now)
            self._kept[rollout_id] = (rollout, report)
            return report

    async def _count(self, rollout: Rollout, catalogue: Catalogue, now: int) -> FunnelReport:
        census = Census(rollout, catalogue, now)
        tally = _Tally()
        async for page in pages(self._database, rollout.terms.policy):
            for person in page.people:
                if person.decisions:
                    tally.decisions(person, rollout.terms.version)
                if person.active:
                    census.add(person)
            await self._written(rollout, page, tally)
        await tally.standing(census)
        return tally.report(rollout.rollout_id, now)

    async def _written(self, rollout: Rollout, page: Page, tally: "_Tally") -> None:
        of_page = (page.after, page.last)
        terms = rollout.terms
        tally.counts("notified", await store.notices(self._database, rollout.rollout_id, "notice", *of_page))
        tally.counts("deleted", await store.notices(self._database, rollout.rollout_id, ERASED, *of_page))
        tally.counts("seen", await store.views(self._database, terms.policy, terms.version, *of_page))


class _Tally:
    def __init__(self) -> None:
        self._days: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
        self._totals: Counter[str] = Counter()
        self._levels: Counter[Level] = Counter()

    def counts(self, stage: str, counts: list[Count]) -> None:
        for day, region, people in counts:
            self._add(stage, day, region, people)
            self._totals[stage] += people

    def decisions(self, person: Person, version: str) -> None:
        """Each kind of decision about the version once a day, and once in all."""
        decided = {
            (_DECIDED[decision.kind], decision.at // DAY, decision.region)
            for decision in person.decisions
            if decision.version == version and decision.kind in _DECIDED
        }
        for stage, day, region in decided:
            self._add(stage, day, region, 1)
        for stage in {stage for stage, _, _ in decided}:
            self._totals[stage] += 1

    async def standing(self, census: Census) -> None:
        """Who is limited now came to every restriction up to theirs on the day it came."""
        async for place, people, dates in census.each():
            level = census.level(place, dates)
            if level is not Level.NONE:
                self._levels[level] += people
            for at, step in dates:
                if (
                    step.level.restricts
                    and step.level <= level
                    and at <= census.now
                    and step.level is not Level.DELETED
                ):
                    self._add(step.level.label, at // DAY, place.region, people)
                    self._totals[step.level.label] += people

    def _add(self, stage: str, day: int, region: str | None, people: int) -> None:
        self._days[day, region or NO_COUNTRY][stage] += people

    def report(self, rollout_id: str, now: int) -> FunnelReport:
        return FunnelReport(
            rollout_id,
            now,
            {stage: self._totals[stage] for stage in STAGES},
            {level.label: people for level, people in sorted(self._levels.items())},
            tuple(FunnelDay(named(day), region, **stages) for (day, region), stages in sorted(self._days.items())),
        )
