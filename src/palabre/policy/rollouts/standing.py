"""Where a person stands: computed from what is written, never written itself.

    standing(subject, decisions, rollouts, now) -> Standing(level, …, valid_until)

Of each policy only the newest roll-out that has reached the person counts; rolling it back brings back the one before,
exactly. A roll-out that is held asks for nothing and takes nothing; one of an editorial version is only made known.
Whoever takes an acceptance back is told anew, and has the whole notice period from then on.
"""

from collections.abc import Iterable, Mapping

from ..decisions.models import NOTHING_DECIDED, Answers
from . import ladder
from .models import FOREVER, Level, Rollout, Standing, Subject

Rollouts = tuple[tuple[Rollout, ...], ...]
"""Of each policy those that have been started and are not rolled back, the newest version first."""


def in_order(rollouts: Iterable[Rollout]) -> Rollouts:
    """What `standing` wants: drafts and what was rolled back left out, grouped, sorted."""
    by_policy: dict[str, list[Rollout]] = {}
    for rollout in rollouts:
        if rollout.state in ("started", "held"):
            by_policy.setdefault(rollout.terms.policy, []).append(rollout)
    return tuple(
        tuple(sorted(group, key=lambda rollout: (-rollout.terms.number, rollout.rollout_id)))
        for _, group in sorted(by_policy.items())
    )


def satisfied(rollout: Rollout, answers: Answers, region: str | None) -> bool:
    """Whether the roll-out has nothing left to ask: the person accepted its terms, narrower ones included, or later
    ones; an editorial version has only to be seen.
    """
    terms = rollout.terms
    if terms.kind == "editorial" and terms.version in answers.latest:
        return True
    accepted = answers.accepted
    if accepted is None or accepted.number < terms.number:
        return False
    if accepted.number > terms.number:
        return True
    return terms.edition(region) in terms.within.get(accepted.edition, ())


def standing(subject: Subject, decisions: Mapping[str, Answers], rollouts: Rollouts, now: int) -> Standing:
    """The level at `now`, and until when it stays so. Pure: the same arguments give the same answer."""
    level, until = Level.NONE, FOREVER
    asked: list[tuple[Level, str]] = []
    for group in rollouts:
        answers = decisions.get(group[0].terms.policy, NOTHING_DECIDED)
        for rollout in group:
            told = ladder.told_at(rollout, subject)
            if told is None:
                continue
            time = rollout.clock(now)
            if told > time:
                if rollout.held_since is None:
                    until = min(until, told)
                continue
            if not satisfied(rollout, answers, subject.region):
                own, its_end = _on_ladder(rollout, subject, ladder.begins(rollout, told, answers), time)
                until = min(until, its_end)
                if own is not Level.NONE:
                    asked.append((own, rollout.rollout_id))
                    level = max(level, own)
            if rollout.terms.kind == "material":
                break  # an editorial version leaves the roll-out before it in force
    asked.sort(key=lambda item: -item[0])
    return Standing(level, now, until, tuple(rollout_id for _, rollout_id in asked))


def _on_ladder(rollout: Rollout, subject: Subject, told: int, time: int) -> tuple[Level, int]:
    """The level on this roll-out's ladder, and when the next step comes."""
    coming = ladder.dates(rollout, rollout.ladder_for(rollout.terms.edition(subject.region)), told)
    level = ladder.reached(coming, time)
    if rollout.held_since is not None:
        return min(level, Level.NOTICE), FOREVER
    if rollout.terms.kind == "editorial":
        level = min(level, Level.NOTICE)
    return level, min((at for at, _ in coming if at > time), default=FOREVER)
