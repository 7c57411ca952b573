"""People who stand the same: same country, in it since the same moment, same answers.

Where somebody stands depends on nothing else (`policy.rollouts.standing`), so a million people are a few hundred
classes, and every rule can be checked for all of them every day.
"""

from collections.abc import Iterator

import msgspec

from ..policy.decisions.models import Answers, Decision, fold
from ..policy.rollouts.models import Subject

Key = tuple[object, ...]
GONE = 0
"""The class of those whose account was deleted."""


class Kind(msgspec.Struct, frozen=True):
    """One class."""

    region: str
    since: int
    history: tuple[Decision, ...]
    """Decisions that lead to these answers; others may lead to them too."""
    answers: dict[str, Answers]

    @property
    def subject(self) -> Subject:
        return Subject("@anybody", self.region, self.since)


class Classes:
    """All classes there have been, by number, and how many people are in each."""

    def __init__(self) -> None:
        self._kinds: list[Kind] = [Kind("", 0, (), {})]
        self._numbers: dict[Key, int] = {}
        self.counts: list[int] = [0]

    def __getitem__(self, number: int) -> Kind:
        return self._kinds[number]

    def of(self, region: str, since: int, history: tuple[Decision, ...] = ()) -> int:
        """The number of the class of these people."""
        answers = fold(history)
        key = (region, since, *signature(answers))
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._kinds)
            self._kinds.append(Kind(region, since, history, answers))
            self.counts.append(0)
        return number

    def move(self, before: int, after: int, people: int = 1) -> None:
        self.counts[before] -= people
        self.counts[after] += people

    def inhabited(self) -> Iterator[tuple[int, Kind, int]]:
        """(number, class, people) of all that have any; who is gone is in none."""
        for number in range(1, len(self._kinds)):
            if self.counts[number]:
                yield number, self._kinds[number], self.counts[number]


def signature(answers: dict[str, Answers]) -> Key:
    """What matters of answers, so that two people with the same can be told apart by nothing that counts."""
    return tuple(
        (
            policy,
            tuple((one.number, one.edition, tuple(sorted(one.choices.items()))) for one in own.acceptances),
            tuple(sorted((version, decision.kind) for version, decision in own.latest.items())),
            tuple(sorted(own.withdrawn.items())),
        )
        for policy, own in sorted(answers.items())
    )
