"""How many people each step of a roll-out reaches, and when: from the accounts as they are, nobody deciding more."""

from collections import Counter

import msgspec

from ...core.clock import Clock
from ...core.errors import ApiError
from ...storage.database import Database
from ..catalogue.service import Catalogues
from . import operations
from .census import NO_COUNTRY, Census, day_of, pages
from .models import Level, Rollout


class Day(msgspec.Struct, frozen=True):
    """What happens on one day."""

    day: str
    """`2021-02-08`, in UTC."""
    step: str
    people: int
    regions: dict[str, int]
    """Country -> people; `ZZ` for those without a phone number."""


class Forecast(msgspec.Struct, frozen=True):
    """`accounts` = `asked` + `settled` + `superseded` + `never`."""

    as_of: int
    """Milliseconds since 1970."""
    accounts: int
    """All that are active."""
    asked: int
    """Those who were asked, or will be, and have not accepted."""
    settled: int
    """Those who accepted already, these terms or wider ones."""
    superseded: int
    """Those whom a newer roll-out of the policy reaches first."""
    never: int
    """Those whom no wave reaches."""
    now: dict[str, int]
    """Level -> people who stand there at this moment."""
    steps: dict[str, int]
    """Step -> people who come to it, or came and are still asked."""
    editions: dict[str, int]
    """Edition -> its people among the asked."""
    days: tuple[Day, ...]
    """What is still to come, in order."""


class Preview:
    def __init__(self, database: Database, clock: Clock, catalogues: Catalogues) -> None:
        self._database = database
        self._clock = clock
        self._catalogues = catalogues

    async def preview(self, rollout: Rollout) -> Forecast:
        """Of any roll-out, a draft included; of one that is held, as if it were resumed now. Raises 409 for one that
        was rolled back.
        """
        now = self._clock.ms()
        if rollout.state == "rolled_back":
            raise ApiError(409, "PALABRE_ROLLOUT_STATE", "This roll-out has been rolled back: nothing comes of it.")
        if rollout.state == "held":
            rollout = operations.resume(rollout, now)
        census = Census(rollout, await self._catalogues.now(), now)
        async for page in pages(self._database, rollout.terms.policy):
            for person in page.people:
                if person.active:
                    census.add(person)
        return await _forecast(census)


async def _forecast(census: Census) -> Forecast:
    levels: Counter[Level] = Counter()
    steps: Counter[Level] = Counter()
    editions: Counter[str] = Counter()
    days: dict[tuple[str, Level], Counter[str]] = {}
    started = census.rollout.state == "started"
    async for place, people, dates in census.each():
        editions[census.rollout.terms.edition(place.region)] += people
        levels[census.level(place, dates)] += people
        for level in {step.level for _, step in dates}:
            steps[level] += people
        for at, step in dates:
            if not started or at > census.now:
                days.setdefault((day_of(at), step.level), Counter())[place.region or NO_COUNTRY] += people
    asked = census.places.total()
    return Forecast(
        as_of=census.now,
        accounts=asked + census.settled + census.superseded + census.never,
        asked=asked,
        settled=census.settled,
        superseded=census.superseded,
        never=census.never,
        now={level.label: levels[level] for level in sorted(levels) if level is not Level.NONE},
        steps={level.label: steps[level] for level in sorted(steps)},
        editions=dict(sorted(editions.items())),
        days=tuple(
            Day(day, level.label, regions.total(), dict(sorted(regions.items())))
            for (day, level), regions in sorted(days.items())
        ),
    )
