"""The ladders of a plan with their dates, as the roll-out would have them, and what is wrong with its dates."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from functools import partial
from typing import NamedTuple, TypeVar

from ...core.errors import ApiError
from ..rollouts.drafting import duration, milliseconds, step_of, wave_of
from ..rollouts.models import Level, Step
from ..rollouts.plan import Plan, PlannedStep

T = TypeVar("T")


class PlannedLadder(NamedTuple):
    place: str
    """`rollout.yaml: ladder`, `rollout.yaml: editions[europe].ladder`"""
    edition: str | None
    """None: the common one."""
    deadline: int
    steps: list[Step]
    """In the order of their dates."""

    def at(self, level: Level) -> list[int]:
        """When this step comes, each time."""
        return [step.at for step in self.steps if step.level is level]

    @property
    def restricting(self) -> list[Step]:
        return [step for step in self.steps if step.level.restricts]


class Timeline(NamedTuple):
    announce: int
    """Milliseconds since 1970, like all of them."""
    notice_period: int
    ladders: list[PlannedLadder]
    problems: list[tuple[str, str]]
    """Place and what is wrong there: what could not be resolved."""


def timeline(plan: Plan, today: date | None) -> Timeline:
    """A plan that does not say when it is announced is announced today; without a day, just in time."""
    problems: list[tuple[str, str]] = []
    notice_period = sum(_attempt(problems, "rollout.yaml: notice_period", partial(duration, plan.notice_period)))
    announce = _announce(plan, today, notice_period)
    ladders = []
    for place, edition, when, planned in _planned(plan):
        deadline = milliseconds(when)
        steps: list[Step] = []
        for index, one in enumerate(planned):
            steps += _attempt(problems, f"{place}[{index}]", partial(step_of, one, announce, deadline, ""))
        ladders.append(PlannedLadder(place, edition, deadline, sorted(steps, key=lambda step: (step.at, step.level))))
    for index, wave in enumerate(plan.waves):
        _attempt(problems, f"rollout.yaml: waves[{index}]", partial(wave_of, wave, announce))
    return Timeline(announce, notice_period, ladders, problems)


def _announce(plan: Plan, today: date | None, notice_period: int) -> int:
    if plan.announce is not None:
        return milliseconds(plan.announce)
    if today is not None:
        return milliseconds(datetime.combine(today, time.min))
    deadlines = [plan.deadline, *(own.deadline for own in plan.editions.values() if own.deadline is not None)]
    return min(map(milliseconds, deadlines)) - notice_period


def _planned(plan: Plan) -> Iterator[tuple[str, str | None, datetime, list[PlannedStep]]]:
    """Place, edition, deadline and steps of each ladder."""
    yield "rollout.yaml: ladder", None, plan.deadline, plan.ladder
    for edition, own in sorted(plan.editions.items()):
        steps = plan.ladder if own.ladder is None else own.ladder
        yield f"rollout.yaml: editions[{edition}].ladder", edition, own.deadline or plan.deadline, steps


def _attempt(problems: list[tuple[str, str]], place: str, resolve: Callable[[], T]) -> list[T]:
    """What `resolve` gives, alone in a list; nothing, with the problem noted, where it refuses."""
    try:
        return [resolve()]
    except ApiError as error:
        problems.append((place, error.error))
        return []
