"""Whom an operation touches, and what happens to them: counted from the real accounts, before anything is done."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from ...core.clock import Clock
from ...policy.catalogue.service import Catalogues
from ...policy.decisions.models import NOTHING_DECIDED, Answers, fold
from ...policy.rollouts import ladder
from ...policy.rollouts.census import pages
from ...policy.rollouts.models import Level, Rollout, Subject
from ...policy.rollouts.standing import in_order, satisfied, standing
from ...policy.rollouts.store import Person
from ...storage.database import Database


class Effect(msgspec.Struct):
    """Counted in people."""

    touched: int = 0
    """For whom something is different afterwards, now or later."""
    settled: int = 0
    """Who has done what is asked already, and to whom nothing happens."""
    moves: Counter[tuple[Level, Level]] = msgspec.field(default_factory=Counter)
    """(level now, level right afterwards) of those whose level changes at once."""
    coming: Counter[Level] = msgspec.field(default_factory=Counter)
    """How many of the touched would come to each level afterwards, if they decided nothing."""

    def add(self, other: "Effect") -> None:
        self.touched += other.touched
        self.settled += other.settled
        self.moves.update(other.moves)
        self.coming.update(other.coming)

    @property
    def freed(self) -> int:
        """Who can do again at once what they cannot do now."""
        return sum(count for (was, will), count in self.moves.items() if was.restricts and not will.restricts)

    @property
    def restricted(self) -> int:
        """Who can do less at once."""
        return sum(count for (was, will), count in self.moves.items() if will.restricts and will > was)


class Impact:
    def __init__(self, database: Database, clock: Clock, catalogues: Catalogues) -> None:
        self._database = database
        self._clock = clock
        self._catalogues = catalogues

    async def of(self, before: Rollout, after: Rollout) -> Effect:
        """What it would do to everybody if the roll-out `before` became `after` now."""
        catalogue = await self._catalogues.now()
        comparison = Comparison(catalogue.rollouts.values(), before, after, self._clock.ms())
        total = Effect()
        async for page in pages(self._database, before.terms.policy):
            for person in page.people:
                if person.active:
                    total.add(comparison.of(person))
        return total


class Comparison:
    """A roll-out as it is beside what it would be, for one person after another. Pure."""

    def __init__(self, rollouts: Iterable[Rollout], before: Rollout, after: Rollout, now: int) -> None:
        others = {own.rollout_id: own for own in rollouts if own.terms.policy == before.terms.policy}
        self._before, self._after, self._now = before, after, now
        self._standing_before = in_order({**others, before.rollout_id: before}.values())
        self._standing_after = in_order({**others, after.rollout_id: after}.values())
        every = (before, after, *others.values())
        self._plain = not any(own.waves or own.holds for own in every)
        self._earliest = min(own.announce for own in every)
        self._alike: dict[str | None, Effect] = {}

    def of(self, person: Person) -> Effect:
        """The effect on one person. Who decided nothing and was there before fares like everybody of their country."""
        subject = person.subject
        alike = self._plain and not person.decisions and subject.since <= self._earliest
        effect = self._alike.get(subject.region) if alike else None
        if effect is None:
            effect = self._compare(subject, fold(person.decisions))
            if alike:
                self._alike[subject.region] = effect
        return effect

    def _compare(self, subject: Subject, decisions: dict[str, Answers]) -> Effect:
        answers = decisions.get(self._before.terms.policy, NOTHING_DECIDED)
        was, will = _dates(self._before, subject, answers), _dates(self._after, subject, answers)
        level_was = standing(subject, decisions, self._standing_before, self._now).level
        level_will = standing(subject, decisions, self._standing_after, self._now).level
        touched = was != will or level_was is not level_will
        return Effect(
            touched=int(touched),
            settled=int(satisfied(self._after, answers, subject.region)),
            moves=Counter({(level_was, level_will): 1} if level_was is not level_will else {}),
            coming=Counter({level for _, level in will if level is not Level.NONE} if touched else ()),
        )


def _dates(rollout: Rollout, subject: Subject, answers: Answers) -> list[tuple[int, Level]]:
    """What is to come for a person on a roll-out: nothing where it does not count, or asks nothing of them any more."""
    told = ladder.told_at(rollout, subject)
    if rollout.state in ("draft", "rolled_back") or told is None or satisfied(rollout, answers, subject.region):
        return []
    told = max(told, rollout.moved(answers.taken_back(rollout.terms.number)))
    own = rollout.ladder_for(rollout.terms.edition(subject.region))
    dates = [(at, step.level) for at, step in ladder.dates(rollout, own, told)]
    # Held, they have no dates: the same ones later are not the same.
    return dates if rollout.held_since is None else [(0, Level.NONE), *dates]
