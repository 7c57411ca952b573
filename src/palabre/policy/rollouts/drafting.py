"""From a plan to dates: what `rollout.yaml` says, resolved for one version, and refused where it would harm people.

Durations and dates become milliseconds. Steps that restrict count from the deadline however they were written, so that
an extension always moves them; so does every other step that comes after it.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ...core.errors import ApiError
from ..documents.models import Version
from ..documents.reading import GROUPS
from .models import STEPS, Anchor, Ladder, Level, Rollout, Step, Terms, Wave
from .plan import EditionPlan, Plan, PlannedStep, PlannedWave

DAY = 86_400_000
_HOUR = 3_600_000
LONGEST = 36_525 * DAY
"""A hundred years: beyond it a duration is a mistake."""
LATEST = 230 * LONGEST // 100
"""The end of the year 2199, nearly: a date beyond it is a mistake."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(\d+)H)?")
_REPEATED = (Level.NOTICE, Level.REMINDER)
"""Steps that a ladder may have more than once."""


def draft(rollout_id: str, version: Version, plan: Plan, now: int) -> Rollout:
    """The roll-out that `plan` describes, not started yet. `now` (milliseconds) is the announcement where none is
    planned. Raises 400 `PALABRE_PLAN` with what is wrong and what would do.
    """
    if not version.document.policy.editions:
        raise refused("The policy has no edition: nobody would have terms.")
    terms = Terms.of(version)
    announce = milliseconds(plan.announce) if plan.announce is not None else now
    unknown = sorted(set(plan.editions) - set(terms.within))
    if unknown:
        raise refused(f"The version has no edition {unknown[0]}; it has {', '.join(sorted(terms.within))}.")
    for name in ("sms_reminders", "web_push_reminders"):
        if not 0 <= getattr(plan, name) <= 100:
            raise refused(f"{name} must be from 0 to 100.")
    common = EditionPlan(deadline=plan.deadline, ladder=plan.ladder)
    rollout = Rollout(
        rollout_id=rollout_id,
        terms=terms,
        state="draft",
        announce=announce,
        notice_period=duration(plan.notice_period),
        ladder=_ladder("", common, plan, announce),
        editions={name: _ladder(name, own, plan, announce) for name, own in sorted(plan.editions.items())},
        waves=tuple(wave_of(wave, announce) for wave in plan.waves),
        sms_budget=plan.sms_reminders,
        web_push_budget=plan.web_push_reminders,
    )
    check(rollout)
    return rollout


def check(rollout: Rollout) -> None:
    """Refuse what must not be started. Raises 400 `PALABRE_PLAN`."""
    for name, ladder in {"": rollout.ladder, **rollout.editions}.items():
        place = f" of edition {name}" if name else ""
        levels = [step.level for step in ladder.steps]
        if rollout.terms.kind == "editorial":
            if any(level is not Level.NOTICE for level in levels):
                raise refused(f"An editorial version asks for nothing: its ladder{place} may have only notices.")
        elif ladder.deadline < rollout.announce + rollout.notice_period:
            earliest = shown(rollout.announce + rollout.notice_period)
            raise refused(
                f"The deadline{place}, {shown(ladder.deadline)}, leaves less than the notice period after the "
                f"announcement on {shown(rollout.announce)}. {earliest} or later would do."
            )
        _check_steps(ladder, rollout.announce, place)


def _check_steps(ladder: Ladder, announce: int, place: str) -> None:
    levels = [step.level for step in ladder.steps]
    if not ladder.steps or ladder.steps[0] != Step(Level.NOTICE, announce, "announce"):
        raise refused(f"The ladder{place} must begin with a notice at the announcement: leave out its date.")
    for level in levels:
        if level not in _REPEATED and levels.count(level) > 1:
            raise refused(f"The ladder{place} has {level.label} more than once.")
    if Level.DELETED in levels and Level.DELETION_SCHEDULED not in levels:
        raise refused(f"The ladder{place} deletes without deletion_scheduled, which announces it: add that step.")
    before = Level.NOTICE
    latest = announce
    for step in ladder.steps:
        if step.at < announce:
            raise refused(f"{step.level.label}{place} comes before the announcement on {shown(announce)}.")
        if step.level.restricts:
            if step.at < ladder.deadline:
                raise refused(
                    f"{step.level.label}{place} comes on {shown(step.at)}, before the deadline on "
                    f"{shown(ladder.deadline)}: nothing is taken from anybody before the deadline."
                )
            if step.level < before:
                raise refused(f"{step.level.label}{place} comes after {before.label}: the ladder only goes up.")
            if step.level is Level.DELETED and step.at <= latest:
                raise refused(f"deleted{place} comes together with {before.label}: deletion needs a notice of its own.")
            before, latest = step.level, step.at


def _ladder(name: str, own: EditionPlan, plan: Plan, announce: int) -> Ladder:
    deadline = milliseconds(own.deadline or plan.deadline)
    planned = own.ladder if own.ladder is not None else plan.ladder
    steps = [step_of(step, announce, deadline, f" of edition {name}" if name else "") for step in planned]
    return Ladder(deadline, sort(steps))


def sort(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: (step.at, step.level)))


def step_of(planned: PlannedStep, announce: int, deadline: int, place: str) -> Step:
    level = STEPS[planned.step]
    given = [planned.at, planned.after_announce, planned.before_deadline, planned.after_deadline]
    if sum(value is not None for value in given) > 1:
        raise refused(f"{level.label}{place} has more than one date: give one of at, after_announce, …")
    anchor: Anchor = "announce"
    if planned.at is not None:
        at = milliseconds(planned.at)
    elif planned.after_announce is not None:
        at = announce + duration(planned.after_announce)
    elif planned.before_deadline is not None:
        at, anchor = deadline - duration(planned.before_deadline), "deadline"
    elif planned.after_deadline is not None:
        at, anchor = deadline + duration(planned.after_deadline), "deadline"
    elif level is Level.NOTICE:
        at = announce
    elif level is Level.LIMITED:
        at = deadline
    else:
        raise refused(f"{level.label}{place} has no date: give one of at, after_announce, before_deadline, …")
    if level.restricts or at >= deadline > announce:
        anchor = "deadline"
    return Step(level, at, anchor)


def wave_of(planned: PlannedWave, announce: int) -> Wave:
    if planned.at is not None and planned.after_announce is not None:
        raise refused("A wave has more than one date: give at or after_announce.")
    at = announce
    if planned.at is not None:
        at = milliseconds(planned.at)
    elif planned.after_announce is not None:
        at = announce + duration(planned.after_announce)
    if at < announce:
        raise refused(f"A wave comes on {shown(at)}, before the announcement on {shown(announce)}.")
    if planned.countries is None:
        return Wave(at, planned.percent)
    return Wave(at, planned.percent, tuple(sorted(set().union(*(GROUPS.get(own, {own}) for own in planned.countries)))))


def milliseconds(moment: datetime) -> int:
    """Since 1970. A moment without a zone is UTC. Raises 400 for one before 1970 or after 2199."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    at = (moment - _EPOCH) // timedelta(milliseconds=1)
    if not 0 <= at <= LATEST:
        raise refused(f"{moment.date()} is no date for a roll-out.")
    return at


def duration(text: str) -> int:
    """Milliseconds of `P30D`, `P2W`, `PT12H`. Raises 400 for more than a hundred years."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise refused(f"{text} is no duration in weeks, days and hours such as P30D.")
    weeks, days, hours = (int(part[:9]) if part else 0 for part in found.groups())
    length = (weeks * 7 + days) * DAY + hours * _HOUR
    if length > LONGEST or len(text) > 30:
        raise refused(f"{text} is longer than a hundred years.")
    return length


def shown(at: int) -> str:
    """A moment as an operator reads it, in UTC: `2021-02-08`, with the time of day where it is not midnight."""
    moment = _EPOCH + timedelta(milliseconds=at)
    return moment.strftime("%Y-%m-%d" if at % DAY == 0 else "%Y-%m-%d %H:%M UTC")


def refused(error: str) -> ApiError:
    return ApiError(400, "PALABRE_PLAN", error)
