"""What a roll-out is: one policy version on its way to everyone.

Nothing in here changes when a date passes. An operation of the operator makes a new `Rollout`; where a person stands is
computed (`standing`). All times are milliseconds since 1970, UTC.
"""

from enum import IntEnum
from hashlib import blake2b
from typing import Literal

import msgspec
from msgspec.structs import replace

from ..documents.diff import compare_editions
from ..documents.models import Edition, Kind, Version

FOREVER = 2**62
"""Later than any date."""


class Level(IntEnum):
    """How far the ladder has come for a person, in its order."""

    NONE = 0
    NOTICE = 1
    REMINDER = 2
    LIMITED = 3
    LOCKED = 4
    DELETION_SCHEDULED = 5
    DELETED = 6

    @property
    def label(self) -> str:
        """`deletion_scheduled`, as in policies and APIs."""
        return self.name.lower()

    @property
    def restricts(self) -> bool:
        """Whether the person can do less than before."""
        return self >= Level.LIMITED


STEPS: dict[str, Level] = {level.label: level for level in Level if level is not Level.NONE}

Anchor = Literal["announce", "deadline"]
State = Literal["draft", "started", "held", "rolled_back"]
Phase = Literal["draft", "scheduled", "running", "held", "completed", "rolled_back"]


class Step(msgspec.Struct, frozen=True, array_like=True):
    level: Level
    at: int
    anchor: Anchor
    """What moves the step along: the day on which the person was told, or the deadline."""


class Ladder(msgspec.Struct, frozen=True):
    deadline: int
    """From here on, and not before, steps may restrict."""
    steps: tuple[Step, ...]


class Wave(msgspec.Struct, frozen=True):
    """From `at` on the roll-out reaches this share of the people, or of those of some countries."""

    at: int
    percent: int = 100
    countries: tuple[str, ...] | None = None
    """None: everywhere."""


class Terms(msgspec.Struct, frozen=True):
    """What standing needs to know of the version that a roll-out carries."""

    policy: str
    version: str
    number: int
    kind: Kind
    regions: dict[str, str]
    """Country -> edition id."""
    rest: str
    """The edition of every other country."""
    within: dict[str, frozenset[str]]
    """Edition id -> the editions whose terms ask for nothing more than its own: accepting it is accepting them."""

    def edition(self, region: str | None) -> str:
        return self.regions.get(region, self.rest) if region is not None else self.rest

    @classmethod
    def of(cls, version: Version) -> "Terms":
        policy = version.document.policy
        return cls(
            policy=policy.id,
            version=policy.version,
            number=version.number,
            kind=policy.kind,
            regions={country: edition.id for edition in policy.editions for country in edition.countries},
            rest=version.document.edition_for(None).id,
            within={
                accepted.id: frozenset(other.id for other in policy.editions if _asks_no_more(other, accepted))
                for accepted in policy.editions
            },
        )


def _asks_no_more(other: Edition, accepted: Edition) -> bool:
    """Whether whoever accepted the one has accepted what the other makes a condition: retention and transfers too."""
    conditions = [row for row in other.processing if row.necessity == "required"]
    return not compare_editions(accepted, replace(other, processing=conditions)).widens


class Rollout(msgspec.Struct, frozen=True):
    rollout_id: str
    terms: Terms
    state: State
    announce: int
    """When the first people are told."""
    notice_period: int
    """Milliseconds that everybody has between being told and the first limit, however late they are told."""
    ladder: Ladder
    editions: dict[str, Ladder] = {}
    """Edition id -> its own ladder, where it is not the common one."""
    waves: tuple[Wave, ...] = ()
    """None: everybody at once."""
    held_since: int | None = None
    holds: tuple[tuple[int, int], ...] = ()
    """From when to when it was held, oldest first. The dates above have been moved along already."""
    ended: int | None = None
    """When it was rolled back."""
    sms_budget: int = 0
    """Text messages that one person may get for this roll-out."""
    web_push_budget: int = 0
    """The same for push messages."""

    def ladder_for(self, edition: str) -> Ladder:
        return self.editions.get(edition, self.ladder)

    def clock(self, now: int) -> int:
        """The time that counts for this roll-out: it stands still while held."""
        return now if self.held_since is None else self.held_since

    def moved(self, moment: int) -> int:
        """A moment in a person's life, moved along by the holds that came after it, as the dates of the roll-out were:
        so that a hold takes no time from those who were told late either.
        """
        for begin, end in self.holds:
            if moment < end:
                moment += end - max(moment, begin)
        return moment

    def phase(self, now: int) -> Phase:
        """What an operator calls its state. It is completed when its last date has passed."""
        if self.state != "started":
            return self.state
        if now < self.announce:
            return "scheduled"
        ladders = (self.ladder, *self.editions.values())
        last = max(moment for ladder in ladders for moment in (ladder.deadline, *(step.at for step in ladder.steps)))
        return "completed" if now >= max(last, *(wave.at for wave in self.waves), 0) else "running"


class Subject(msgspec.Struct, frozen=True):
    """What standing needs to know of a person, besides what they decided."""

    user_id: str
    region: str | None
    """ISO 3166-1 alpha-2; None where there is no phone number."""
    since: int
    """From when they are in this region: the account was made, or the number was changed."""


class Standing(msgspec.Struct, frozen=True):
    """Where a person stands, from `computed` until right before `valid_until`, if nothing else happens."""

    level: Level
    computed: int
    valid_until: int
    asked: tuple[str, ...] = ()
    """The roll-outs that ask something of the person, the most pressing first."""

    def holds(self, now: int) -> bool:
        return self.computed <= now < self.valid_until


def bucket(rollout_id: str, user_id: str) -> int:
    """A number from 0 to 9,999 that is always the same for a person and roll-out, and differs between roll-outs."""
    digest = blake2b(f"{rollout_id}\n{user_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % 10_000
