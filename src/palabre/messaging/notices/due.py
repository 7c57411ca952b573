"""What a person has to be told now, given what they were told already. Pure."""

from collections.abc import Collection, Iterable, Mapping

from ...policy.decisions.models import NOTHING_DECIDED, Answers
from ...policy.rollouts import ladder
from ...policy.rollouts.models import Level, Rollout, Step, Subject
from .models import Notice, Told

_SILENCED_BY = ("decline", "later")
"""Who has answered is not asked again; of what is taken from them they hear all the same."""


_RESTRICTING = frozenset(level.label for level in Level if level.restricts)


def due(
    asked: Iterable[Rollout],
    rolled_back: Iterable[Rollout],
    subject: Subject,
    decisions: Mapping[str, Answers],
    told: Collection[Told],
    now: int,
) -> list[Notice]:
    """One notice a roll-out at most: about the highest step that has come."""
    found = [
        _step(rollout, subject, decisions.get(rollout.terms.policy, NOTHING_DECIDED), told, now) for rollout in asked
    ]
    found += [_taken_back(rollout, told) for rollout in rolled_back]
    return [notice for notice in found if notice is not None]


def _step(rollout: Rollout, subject: Subject, answers: Answers, told: Collection[Told], now: int) -> Notice | None:
    own = rollout.ladder_for(rollout.terms.edition(subject.region))
    before = [other for other in told if other.rollout_id == rollout.rollout_id]
    if rollout.held_since is not None:
        key = Told(rollout.rollout_id, "held", rollout.held_since, own.deadline)
        return Notice(key, rollout, "held", None) if before and key not in told else None
    start = ladder.told_at(rollout, subject)
    if start is None:
        return None
    start = ladder.begins(rollout, start, answers)
    dates = ladder.dates(rollout, own, start)
    come = [(at, step) for at, step in dates if at <= now]
    if not come:
        return None
    _, step = max(come, key=lambda item: (item[1].level, item[0]))
    key = Told(rollout.rollout_id, step.level.label, step.at, own.deadline)
    if key in told and step.level.restricts:
        return None
    known = max((other.deadline for other in before), default=own.deadline)
    postponed = not step.level.restricts and known < own.deadline
    lifted = not step.level.restricts and not postponed and any(other.step in _RESTRICTING for other in before)
    if lifted:  # a step was dropped, or the person has moved
        key = Told(rollout.rollout_id, "lifted", step.at, own.deadline)
        return Notice(key, rollout, "lifted", None) if key not in told else None
    if key in told:
        return None
    if not step.level.restricts and not postponed:
        latest = answers.latest.get(rollout.terms.version)
        if latest is not None and latest.kind in _SILENCED_BY:
            return None
    deadline = _deadline(rollout, own.steps, ladder.deadline(rollout, own, start))
    deletion = next((at for at, coming in dates if coming.level is Level.DELETED), None)
    return Notice(key, rollout, _text(step, deadline, deletion, postponed=postponed), deadline, deletion)


def _deadline(rollout: Rollout, steps: Iterable[Step], deadline: int) -> int | None:
    return deadline if any(step.level.restricts for step in steps) else None


def _text(step: Step, deadline: int | None, deletion: int | None, *, postponed: bool) -> str:
    if step.level is Level.DELETION_SCHEDULED:
        return "deletion_open" if deletion is None else "deletion_scheduled"
    if step.level.restricts:
        return step.level.label
    if deadline is None:
        return "notice_open"
    return "extended" if postponed else step.level.label


def _taken_back(rollout: Rollout, told: Collection[Told]) -> Notice | None:
    key = Told(rollout.rollout_id, "rolled_back")
    heard_of_it = any(other.rollout_id == rollout.rollout_id for other in told)
    return Notice(key, rollout, "rolled_back", None) if heard_of_it and key not in told else None
