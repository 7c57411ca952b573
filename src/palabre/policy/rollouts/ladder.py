"""The dates of one person on the ladder of a roll-out.

Dates are the same for everybody who is told on the day of the announcement. Who is told later (a later wave, a new
account, a new country) has the whole notice period all the same: steps that count from the deadline move back for them.
"""

from ..decisions.models import Answers
from .models import Ladder, Level, Rollout, Step, Subject, bucket


def told_at(rollout: Rollout, subject: Subject) -> int | None:
    """When the roll-out reaches the person; None if no wave ever does."""
    since = rollout.moved(subject.since)
    if not rollout.waves:
        return max(rollout.announce, since)
    place = bucket(rollout.rollout_id, subject.user_id)
    starts = [
        wave.at
        for wave in rollout.waves
        if place < wave.percent * 100 and (wave.countries is None or subject.region in wave.countries)
    ]
    return max(min(starts), since) if starts else None


def begins(rollout: Rollout, told: int, answers: Answers) -> int:
    """From when the ladder's dates count: whoever takes an acceptance back has the whole notice period from then on."""
    if not answers.withdrawn:
        return told
    return max(told, rollout.moved(answers.taken_back(rollout.terms.number)))


def dates(rollout: Rollout, ladder: Ladder, told: int) -> list[tuple[int, Step]]:
    """Each step with the time at which it comes for somebody who was told at `told`."""
    delay = max(0, told - rollout.announce)
    grace = max(0, told + rollout.notice_period - ladder.deadline)
    return [(step.at + (grace if step.anchor == "deadline" else delay), step) for step in ladder.steps]


def deadline(rollout: Rollout, ladder: Ladder, told: int) -> int:
    """Until when nothing is taken from somebody who was told at `told`."""
    return max(ladder.deadline, told + rollout.notice_period)


def reached(coming: list[tuple[int, Step]], now: int) -> Level:
    """The highest step whose time has come."""
    return max((step.level for at, step in coming if at <= now), default=Level.NONE)
