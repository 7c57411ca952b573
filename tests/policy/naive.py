"""A slow and plain retelling of where people stand, to hold the real rules against.

It does not move dates. Each roll-out has a clock of its own that stands still while the roll-out is held, and what
happens to a person is stamped by it.
"""

from dataclasses import dataclass, field

from palabre.policy.decisions.models import Decision
from palabre.policy.documents.models import Edition, Version
from palabre.policy.rollouts.models import Level, Wave, bucket

Wanted = set[tuple[str, tuple[str, ...]]]


@dataclass
class Journey:
    """One roll-out."""

    rollout_id: str
    version: Version
    announce: int
    notice: int
    deadlines: dict[str, int]
    """Edition id -> deadline, by the roll-out's clock."""
    reminder: int | None
    """After the announcement."""
    offsets: dict[str, dict[Level, int]]
    """Edition id -> step -> how long after the deadline."""
    waves: tuple[Wave, ...]
    stopped: int = 0
    held_since: int | None = None
    over: bool = False

    def clock(self, now: int) -> int:
        return (now if self.held_since is None else self.held_since) - self.stopped

    def hold_at(self, now: int) -> int | None:
        return self.held_since if self.held_since is not None and now > self.held_since else None

    def resume(self, now: int) -> None:
        assert self.held_since is not None
        self.stopped += max(0, now - self.held_since)
        self.held_since = None

    def extend(self, deadline: int, now: int, edition: str | None) -> None:
        stood = 0 if self.held_since is None else max(0, now - self.held_since)
        for name in self.deadlines if edition is None else [edition]:
            self.deadlines[name] = max(self.deadlines[name], deadline - stood - self.stopped)

    def drop(self, step: str, edition: str | None) -> None:
        if step == "reminder":
            self.reminder = None
        for name in self.offsets if edition is None else [edition]:
            self.offsets[name] = {level: after for level, after in self.offsets[name].items() if level.label != step}


@dataclass
class Person:
    user_id: str
    region: str | None
    since: int
    decisions: list[Decision] = field(default_factory=list)
    stamps: dict[str, int] = field(default_factory=dict)
    """Roll-out -> by its clock, when the person came to be in their region."""
    lost: dict[str, int] = field(default_factory=dict)
    """Roll-out -> by its clock, when they took back an acceptance that satisfied it."""
    withdrawals: list[tuple[str, int, int]] = field(default_factory=list)
    """Policy, number of the version, when."""
    came_in: dict[str, int | None] = field(default_factory=dict)
    lost_in: dict[str, int | None] = field(default_factory=dict)
    """Roll-out -> the hold in the middle of which that happened, by its beginning."""
    happened: dict[str, int] = field(default_factory=dict)
    """Roll-out -> the latest of those two, by everybody's clock."""

    def accepted(self, policy: str) -> Decision | None:
        """The newest acceptance that was not withdrawn, with the choices of today."""
        bound: dict[int, Decision] = {}
        for decision in self.decisions:
            if decision.policy == policy and decision.kind == "accept":
                bound[decision.version_number] = decision
            elif decision.policy == policy and decision.kind == "withdraw":
                bound.pop(decision.version_number, None)
        return bound[max(bound)] if bound else None

    def choices(self, policy: str, version: str) -> dict[str, bool]:
        """Those of the newest decision that made any."""
        made = [
            d for d in self.decisions if (d.policy, d.version) == (policy, version) and d.kind in ("accept", "choose")
        ]
        return made[-1].choices if made else {}

    def happens(self, journey: Journey, now: int) -> None:
        self.stamps[journey.rollout_id] = journey.clock(now)
        self.came_in[journey.rollout_id] = journey.hold_at(now)
        self.happened[journey.rollout_id] = max(now, self.happened.get(journey.rollout_id, now))

    def takes_back(self, journey: Journey, now: int) -> None:
        self.lost[journey.rollout_id] = journey.clock(now)
        self.lost_in[journey.rollout_id] = journey.hold_at(now)
        self.happened[journey.rollout_id] = max(now, self.happened.get(journey.rollout_id, now))

    def meets(self, journey: Journey) -> None:
        """A roll-out begins."""
        policy, number = journey.version.policy, journey.version.number
        taken = [at for of, withdrawn, at in self.withdrawals if of == policy and withdrawn >= number]
        self.stamps[journey.rollout_id] = self.since
        self.happened[journey.rollout_id] = max([self.since, *taken])
        if taken:
            self.lost[journey.rollout_id] = max(taken)


def asks(edition: Edition) -> Wanted:
    return {(row.id, tuple(row.recipients)) for row in edition.processing if row.necessity == "required"}


def satisfied(person: Person, journey: Journey) -> bool:
    version = journey.version
    about = [d for d in person.decisions if (d.policy, d.version) == (version.policy, version.version)]
    if version.document.policy.kind == "editorial" and about:
        return True
    accepted = person.accepted(version.policy)
    if accepted is None or accepted.version_number != version.number:
        return accepted is not None and accepted.version_number > version.number
    document = version.document
    return asks(document.edition_for(person.region)) <= asks(document.edition(accepted.edition))


def told(person: Person, journey: Journey) -> int | None:
    """By the roll-out's clock, whether or not that has come."""
    starts = [journey.announce]
    if journey.waves:
        place = bucket(journey.rollout_id, person.user_id) / 100
        starts = [
            wave.at
            for wave in journey.waves
            if place < wave.percent and (wave.countries is None or person.region in wave.countries)
        ]
    return max(min(starts), person.stamps[journey.rollout_id]) if starts else None


def deadline(person: Person, journey: Journey) -> int:
    """The one in force for the person, by the roll-out's clock."""
    edition = journey.version.document.edition_for(person.region).id
    return max(journey.deadlines[edition], _begins(person, journey) + journey.notice)


def _begins(person: Person, journey: Journey) -> int:
    at = told(person, journey)
    assert at is not None
    return max(at, person.lost.get(journey.rollout_id, at))


def level(person: Person, journey: Journey, now: int) -> Level | None:
    """None: has not reached the person."""
    clock, at = journey.clock(now), told(person, journey)
    hold, name = journey.held_since, journey.rollout_id
    if at is None or at > clock or (hold is not None and person.came_in.get(name) == hold):
        return None
    if satisfied(person, journey) or clock < _begins(person, journey):
        return Level.NONE
    if hold is not None and person.lost_in.get(name) == hold:
        return Level.NONE
    if journey.held_since is not None:
        return Level.NOTICE
    reached = Level.NOTICE
    if journey.reminder is not None and clock >= _begins(person, journey) + journey.reminder:
        reached = Level.REMINDER
    edition = journey.version.document.edition_for(person.region).id
    for step, after in journey.offsets[edition].items():
        if clock >= deadline(person, journey) + after:
            reached = max(reached, step)
    return reached


def stands(person: Person, journeys: list[Journey], now: int) -> Level:
    """Of each policy the newest roll-out that has reached the person; editorial ones besides."""
    highest = Level.NONE
    for policy in {journey.version.policy for journey in journeys}:
        own = [journey for journey in journeys if journey.version.policy == policy and not journey.over]
        for journey in sorted(own, key=lambda journey: -journey.version.number):
            here = level(person, journey, now)
            if here is None:
                continue
            highest = max(highest, here)
            if journey.version.document.policy.kind == "material":
                break
    return highest
