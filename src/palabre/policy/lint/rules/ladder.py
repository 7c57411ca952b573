"""The ladder goes up, in its order, and takes nothing from anybody before the deadline or unannounced."""

from collections.abc import Iterator
from itertools import pairwise

from ...rollouts.drafting import DAY, shown
from ...rollouts.models import Level, Step
from ..case import Case
from ..models import Found, Rule, found

_NOTICE_DAYS = 30
"""What Directive (EU) 2019/770 gives a consumer to leave after a change to a digital service."""
_GRACE_DAYS = 30
_REPEATED = (Level.NOTICE, Level.REMINDER)

_FAIR = (
    "GDPR article 5(1)(a), fairness; Directive (EU) 2019/770 article 19: notice in good time, and the means to leave."
)
_DELETION = (
    "GDPR articles 5(1)(a), 5(1)(f) and 32: personal data is not lost by surprise. "
    "WhatsApp announced on 6 January 2021 that who had not accepted by 8 February would lose the account, moved the "
    "date on 15 January, and dropped all limits in May."
)


def _dates(case: Case) -> Iterator[Found]:
    if case.timeline is not None:
        for place, problem in case.timeline.problems:
            yield found(place, problem=problem)


def _unknown_editions(case: Case) -> Iterator[Found]:
    known = {edition.id for edition in case.policy.editions}
    for ladder in case.ladders:
        if ladder.edition is not None and ladder.edition not in known:
            yield found(f"rollout.yaml: editions[{ladder.edition}]", ladder.edition, edition=ladder.edition)


def _notice_first(case: Case) -> Iterator[Found]:
    for ladder in case.ladders:
        first = Step(Level.NOTICE, _announce(case), "announce")
        if ladder.steps[:1] != [first]:
            yield found(ladder.place, ladder.edition, announce=shown(first.at))


def _before_announcement(case: Case) -> Iterator[Found]:
    for ladder in case.ladders:
        for step in ladder.steps:
            if step.at < _announce(case):
                yield found(ladder.place, ladder.edition, step=step.level.label, at=shown(step.at))


def _repeated(case: Case) -> Iterator[Found]:
    for ladder in case.ladders:
        for level in Level:
            if level not in _REPEATED and len(ladder.at(level)) > 1:
                yield found(ladder.place, ladder.edition, step=level.label)


def _order(case: Case) -> Iterator[Found]:
    for ladder in case.ladders:
        for before, after in pairwise(ladder.steps):
            if after.level < before.level:
                yield found(ladder.place, ladder.edition, after=after.level.label, before=before.level.label)


def _early(case: Case) -> Iterator[Found]:
    for ladder in case.ladders:
        for step in ladder.restricting:
            if step.at < ladder.deadline:
                yield found(
                    ladder.place,
                    ladder.edition,
                    step=step.level.label,
                    at=shown(step.at),
                    deadline=shown(ladder.deadline),
                )


def _late(case: Case) -> Iterator[Found]:
    if case.timeline is None:
        return
    limit = case.timeline.announce + case.timeline.notice_period
    for ladder in case.ladders:
        for step in ladder.steps:
            if step.anchor == "announce" and step.at > limit and ladder.restricting:
                yield found(ladder.place, ladder.edition, step=step.level.label, at=shown(step.at))


def _deadline(case: Case) -> Iterator[Found]:
    if case.timeline is None or case.policy.kind == "editorial":
        return
    earliest = case.timeline.announce + case.timeline.notice_period
    for ladder in case.ladders:
        if ladder.deadline < earliest:
            yield found(ladder.place, ladder.edition, deadline=shown(ladder.deadline), earliest=shown(earliest))


def _short_notice(case: Case) -> Iterator[Found]:
    if case.timeline is not None and case.timeline.notice_period < _NOTICE_DAYS * DAY:
        yield found("rollout.yaml: notice_period", days=_NOTICE_DAYS)


def _unannounced_deletion(case: Case) -> Iterator[Found]:
    for ladder in case.ladders:
        if ladder.at(Level.DELETED) and not ladder.at(Level.DELETION_SCHEDULED):
            yield found(ladder.place, ladder.edition)


def _deletion_at_deadline(case: Case) -> Iterator[Found]:
    for ladder in case.ladders:
        for step in ladder.restricting:
            if step.level >= Level.DELETION_SCHEDULED and step.at <= ladder.deadline:
                yield found(ladder.place, ladder.edition, step=step.level.label, deadline=shown(ladder.deadline))


def _grace(case: Case) -> Iterator[Found]:
    for ladder in case.ladders:
        for scheduled in ladder.at(Level.DELETION_SCHEDULED)[:1]:
            for deleted in ladder.at(Level.DELETED)[:1]:
                if deleted - scheduled < _GRACE_DAYS * DAY:
                    yield found(
                        ladder.place, ladder.edition, days=_GRACE_DAYS, earliest=shown(scheduled + _GRACE_DAYS * DAY)
                    )


def _announce(case: Case) -> int:
    assert case.timeline is not None
    return case.timeline.announce


RULES = (
    Rule(
        "ROLLOUT-DATE",
        "error",
        _FAIR,
        "{problem}",
        "Give each step and wave one date: `at`, or one distance from the announcement or the deadline.",
        _dates,
        "rollout",
    ),
    Rule(
        "ROLLOUT-EDITION",
        "error",
        _FAIR,
        "The policy has no edition {edition}.",
        "Name an edition of policy.yaml.",
        _unknown_editions,
        "rollout",
    ),
    Rule(
        "LADDER-NOTICE-FIRST",
        "error",
        _FAIR,
        "The first step is not a notice at the announcement, {announce}: people would not know.",
        "Begin the ladder with `step: notice`, without a date.",
        _notice_first,
        "rollout",
    ),
    Rule(
        "LADDER-BEFORE-ANNOUNCEMENT",
        "error",
        _FAIR,
        "{step} comes on {at}, before the announcement.",
        "Move it behind the announcement.",
        _before_announcement,
        "rollout",
    ),
    Rule(
        "LADDER-REPEATED",
        "error",
        _FAIR,
        "{step} is there more than once.",
        "Leave one. Only notices and reminders can be repeated.",
        _repeated,
        "rollout",
    ),
    Rule(
        "LADDER-ORDER",
        "error",
        _FAIR,
        "{after} comes after {before}: the ladder only goes up.",
        "Order the dates: notice, reminder, limited, locked, deletion_scheduled, deleted.",
        _order,
        "rollout",
    ),
    Rule(
        "LADDER-EARLY",
        "error",
        _FAIR,
        "{step} comes on {at}, before the deadline on {deadline}.",
        "Nothing is taken from anybody before the deadline: let the step count from it, `after_deadline`.",
        _early,
        "rollout",
    ),
    Rule(
        "LADDER-LATE",
        "warning",
        _FAIR,
        "{step} comes on {at}, later after the announcement than the notice period is long: "
        "who is told later may be limited before it.",
        "Let it count from the deadline, `before_deadline`, or put it within the notice period.",
        _late,
        "rollout",
    ),
    Rule(
        "NOTICE-PERIOD-DEADLINE",
        "error",
        _FAIR,
        "The deadline, {deadline}, leaves less than the notice period.",
        "Set the deadline to {earliest} or later, or announce earlier.",
        _deadline,
        "rollout",
    ),
    Rule(
        "NOTICE-PERIOD-SHORT",
        "warning",
        _FAIR,
        "The notice period is shorter than {days} days.",
        "Give people {days} days or more: `notice_period: P{days}D`.",
        _short_notice,
        "rollout",
    ),
    Rule(
        "DELETION-UNANNOUNCED",
        "error",
        _DELETION,
        "Accounts are deleted without a notice of the deletion.",
        "Add `deletion_scheduled`, with its notice and the offer of an export, 30 days or more before `deleted`.",
        _unannounced_deletion,
        "rollout",
    ),
    Rule(
        "DELETION-AT-DEADLINE",
        "error",
        _DELETION,
        "{step} does not come after the deadline on {deadline}: not to answer by a deadline is no wish to be deleted.",
        "Put the step behind the deadline: `after_deadline`, with a day or more.",
        _deletion_at_deadline,
        "rollout",
    ),
    Rule(
        "DELETION-GRACE",
        "error",
        _DELETION,
        "There are fewer than {days} days from deletion_scheduled to deleted.",
        "Delete on {earliest} or later.",
        _grace,
        "rollout",
    ),
)
