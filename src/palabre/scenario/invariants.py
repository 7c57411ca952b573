"""What must be true, whatever the operator does: checked at every step of a run, for every person.

Each rule is judged from what was said in public (the plan and the operations of the calendar), not from what the code
under test makes of it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from ..policy.catalogue.models import Catalogue
from ..policy.decisions.models import NOTHING_DECIDED
from ..policy.documents.grants import Grants
from ..policy.documents.models import Document
from ..policy.permitted import permitted
from ..policy.rollouts import operations
from ..policy.rollouts import standing as rules
from ..policy.rollouts.drafting import DAY, duration, milliseconds
from ..policy.rollouts.models import Rollout, Standing
from ..policy.rollouts.plan import EditionPlan, Plan
from .classes import Classes, Kind
from .models import Event

RULES = ("early", "widening", "exact", "cache", "quiet", "books")
MOST_BREACHES = 100


class Tally(msgspec.Struct):
    """How often a rule was checked, for how many people in all, and how often it did not hold."""

    checks: int = 0
    people: int = 0
    breaches: int = 0


class Promise(msgspec.Struct):
    """What people have been told of one roll-out: its plan, with every change that was made known."""

    rollout_id: str
    document: Document
    plan: Plan
    announce: int
    """As planned; the plan says nothing where that was when it was started."""
    started: int
    moved: bool = False
    """It was held: its dates cannot be read from the plan any more."""

    def earliest(self, kind: Kind) -> int:
        """Before this, nothing may be taken from these people."""
        edition = self.document.edition_for(kind.region).id
        own = self.plan.editions.get(edition)
        deadline = milliseconds(own.deadline if own is not None and own.deadline is not None else self.plan.deadline)
        answers = kind.answers.get(self.document.policy.id, NOTHING_DECIDED)
        taken_back = max(answers.withdrawn.values(), default=0)
        return max(deadline, max(self.announce, kind.since, taken_back) + duration(self.plan.notice_period))

    def hear(self, event: Event) -> None:
        """An operation of the calendar."""
        if event.do == "extend" and event.deadline is not None:
            later = datetime(*event.deadline.timetuple()[:3], tzinfo=UTC)
            self.plan = self._each(event.edition, lambda own: _extended(own, later))
        elif event.do == "drop":
            self.plan = self._each(event.edition, lambda own: _without(own, event.step or ""))
        elif event.do in ("hold", "resume"):
            self.moved = True

    def _each(self, edition: str | None, change: Callable[[EditionPlan], EditionPlan]) -> Plan:
        """The plan with its ladder and those of editions changed, or that of one edition only."""
        common = EditionPlan(deadline=self.plan.deadline, ladder=self.plan.ladder)
        plans = {
            name: EditionPlan(
                deadline=own.deadline or common.deadline, ladder=own.ladder if own.ladder is not None else common.ladder
            )
            for name, own in self.plan.editions.items()
        }
        if edition is not None:
            plans[edition] = change(plans.get(edition, common))
            return msgspec.structs.replace(self.plan, editions=plans)
        common, plans = change(common), {name: change(own) for name, own in plans.items()}
        assert common.deadline is not None
        assert common.ladder is not None
        return msgspec.structs.replace(self.plan, deadline=common.deadline, ladder=common.ladder, editions=plans)


class Watch:
    """Counts checks and remembers breaches."""

    def __init__(self, classes: Classes, policy: str) -> None:
        self._classes = classes
        self._policy = policy
        self.tallies = {rule: Tally() for rule in RULES}
        self.breaches: list[str] = []
        self.promises: dict[str, Promise] = {}

    def holds(self, rule: str, true: bool, says: str, people: int = 1) -> None:
        tally = self.tallies[rule]
        tally.checks += 1
        tally.people += people
        if not true:
            tally.breaches += 1
            if len(self.breaches) < MOST_BREACHES:
                self.breaches.append(f"{rule}: {says}")

    def early(self, number: int, standing: Standing, people: int) -> None:
        """Nobody is limited, locked or deleted before the deadline in force for them."""
        kind, true = self._classes[number], True
        if standing.level.restricts:
            promise = self.promises.get(standing.asked[0])
            true = promise is not None and standing.computed >= promise.earliest(kind)
        self.holds("early", true, f"{people} people in {kind.region} are {standing.level.label} too early", people)

    def widening(self, before: Mapping[int, Grants], after: Mapping[int, Grants], what: str) -> None:
        """Nobody's terms become wider by what somebody else does."""
        for number, people in self._everybody():
            if number in before:
                true = after[number] <= before[number]
                self.holds("widening", true, f"{what} widened the terms of {people} people", people)

    def moved(self, before: int, after: int, catalogue: Catalogue) -> None:
        """Another country does not widen a person's terms either."""
        grants = self.grants(catalogue, (before, after))
        true = grants[after] <= grants[before]
        regions = f"{self._classes[before].region} to {self._classes[after].region}"
        self.holds("widening", true, f"moving from {regions} widened a person's terms")

    def exact(self, catalogue: Catalogue, now: int) -> None:
        """After every operation, everybody stands as if the plan had been so from the beginning; and a roll-back would
        leave no trace, an extension take nothing from anybody.
        """
        for promise in self.promises.values():
            rollout = catalogue.rollouts[promise.rollout_id]
            if rollout.state not in ("started", "held"):
                continue
            others = [other for other in catalogue.rollouts.values() if other is not rollout]
            if not promise.moved:
                version = catalogue.versions[rollout.terms.policy, rollout.terms.version]
                fresh = operations.draft(rollout.rollout_id, version, promise.plan, promise.started)
                fresh = operations.start(fresh, promise.started)
                self._same([*others, fresh], [*others, rollout], now, "an operation did not leave what was planned")
            back = operations.roll_back(rollout, now)
            self._same(others, [*others, back], now, "a roll-back would leave a trace")
            self._relieves(others, rollout, now)

    def _relieves(self, others: list[Rollout], rollout: Rollout, now: int) -> None:
        if rollout.terms.kind == "editorial":
            return
        ladders = (rollout.ladder, *rollout.editions.values())
        stood = now - rollout.clock(now)
        later = max(now, *(ladder.deadline + stood for ladder in ladders)) + DAY
        extended = rules.in_order([*others, operations.extend(rollout, later, now)])
        for number, people in self._everybody():
            kind = self._classes[number]
            found = rules.standing(kind.subject, kind.answers, extended, now)
            true = rollout.rollout_id not in found.asked or not found.level.restricts
            self.holds("exact", true, f"an extension would leave {people} people limited", people)

    def _same(self, planned: list[Rollout], real: list[Rollout], now: int, says: str) -> None:
        left, right = rules.in_order(planned), rules.in_order(real)
        for number, people in self._everybody():
            kind = self._classes[number]
            true = rules.standing(kind.subject, kind.answers, left, now) == rules.standing(
                kind.subject, kind.answers, right, now
            )
            self.holds("exact", true, f"{says} ({people} people in {kind.region})", people)

    def grants(self, catalogue: Catalogue, numbers: Iterable[int] | None = None) -> dict[int, Grants]:
        """What may be done with the data of each class."""
        versions = {version.number: version for version in catalogue.of_policy(self._policy)}
        rolled_back = catalogue.rolled_back(self._policy)
        found = {}
        for number in numbers if numbers is not None else [number for number, _ in self._everybody()]:
            kind = self._classes[number]
            answers = kind.answers.get(self._policy, NOTHING_DECIDED)
            found[number] = permitted(kind.region, answers, versions, rolled_back)
        return found

    def _everybody(self) -> Iterable[tuple[int, int]]:
        return ((number, people) for number, _, people in self._classes.inhabited())


def _extended(own: EditionPlan, deadline: datetime) -> EditionPlan:
    assert own.deadline is not None
    return msgspec.structs.replace(own, deadline=max(own.deadline, deadline))


def _without(own: EditionPlan, step: str) -> EditionPlan:
    return msgspec.structs.replace(own, ladder=[planned for planned in own.ladder or [] if planned.step != step])
