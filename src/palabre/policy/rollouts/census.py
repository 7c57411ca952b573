"""Going through all accounts, and where each is with one roll-out: what preview and funnel count.

A thousand accounts at a time, giving way to requests in between; so what is counted is not of one instant, but each
account is counted once.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ...storage.database import Database
from ..catalogue.models import Catalogue
from ..decisions.models import NOTHING_DECIDED, fold
from . import ladder, store
from .models import FOREVER, Level, Rollout, Step, Subject
from .standing import satisfied
from .store import DAY, Person

PAGE = 1000
NO_COUNTRY = "ZZ"
"""ISO 3166-1's "unknown": the account has no phone number."""


class Page(NamedTuple):
    after: str
    """The accounts after this user id …"""
    last: str | None
    """… up to this one; None: to the end, with nobody on the page."""
    people: list[Person]


async def pages(database: Database, policy: str) -> AsyncIterator[Page]:
    """All accounts with their decisions about `policy`, in order of user id; last an empty page."""
    after = ""
    while found := await store.people(database, policy, after, PAGE):
        last = found[-1].subject.user_id
        yield Page(after, last, found)
        after = last
        await asyncio.sleep(0)
    yield Page(after, None, [])


class Place(NamedTuple):
    """The same for all people with the same dates."""

    region: str | None
    begins: int
    """From when the ladder's dates count: mostly when they were told."""
    until: int
    """When a newer roll-out takes over."""


class Census:
    """Counts where people are with `rollout`, as things are at `now`. Only those that it asks something have a
    place.
    """

    def __init__(self, rollout: Rollout, catalogue: Catalogue, now: int) -> None:
        self.rollout = rollout
        self.now = now
        self.places: Counter[Place] = Counter()
        self.never = self.superseded = self.settled = 0
        """People whom no wave reaches; whom a newer roll-out reaches first; who accepted already."""
        self._newer = [
            other
            for group in catalogue.standing
            for other in group
            if other.terms.policy == rollout.terms.policy
            and other.terms.number > rollout.terms.number
            and other.terms.kind == "material"
        ]

    def add(self, person: Person) -> None:
        subject, rollout = person.subject, self.rollout
        told = ladder.told_at(rollout, subject)
        if told is None:
            self.never += 1
            return
        until = self._superseded(subject) if self._newer else FOREVER
        answers = fold(person.decisions)[rollout.terms.policy] if person.decisions else NOTHING_DECIDED
        if until <= told:
            self.superseded += 1
        elif satisfied(rollout, answers, subject.region):
            self.settled += 1
        else:
            self.places[Place(subject.region, ladder.begins(rollout, told, answers), until)] += 1

    def _superseded(self, subject: Subject) -> int:
        reached = FOREVER
        for other in self._newer:
            told = ladder.told_at(other, subject)
            if told is not None and (other.held_since is None or told <= other.held_since):
                reached = min(reached, told)
        return reached

    async def each(self) -> AsyncIterator[tuple[Place, int, list[tuple[int, Step]]]]:
        """Each place with the number of people and the dates that come, or came, for them."""
        for done, (place, people) in enumerate(self.places.items(), 1):
            own = self.rollout.ladder_for(self.rollout.terms.edition(place.region))
            dates = [dated for dated in ladder.dates(self.rollout, own, place.begins) if dated[0] < place.until]
            yield place, people, dates
            if done % PAGE == 0:
                await asyncio.sleep(0)

    def level(self, place: Place, dates: list[tuple[int, Step]]) -> Level:
        """The level now: that of the ladder, unless the roll-out is held or a newer one took over."""
        rollout, time = self.rollout, self.rollout.clock(self.now)
        if rollout.state not in ("started", "held") or place.until <= time:
            return Level.NONE
        level = ladder.reached(dates, time)
        return level if rollout.held_since is None else min(level, Level.NOTICE)


def day_of(at: int) -> str:
    """`2021-02-08`, in UTC."""
    return named(at // DAY)


def named(day: int) -> str:
    """The name of a day counted from 1970."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()
