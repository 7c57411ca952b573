"""Reminding is not nagging: few, far apart, and within a budget."""

from collections.abc import Iterator
from itertools import pairwise

from ...rollouts.drafting import DAY, shown
from ...rollouts.models import Level
from ..case import Case
from ..models import Found, Rule, found

_MOST = 4
_APART_DAYS = 7
_MOST_SMS = 2
_MOST_PUSH = 4
_LIMIT = 100

_DUTY = (
    "Unfair Commercial Practices Directive 2005/29/EC articles 8 and 9, persistence. WhatsApp undertook towards the "
    "EU's consumer authorities (CPC network, 6 March 2023) not to send recurring notifications about an update."
)
_SMS = "ePrivacy Directive 2002/58/EC article 13; 2005/29/EC annex I no. 26: no persistent messages to a phone."
_PUSH = "2005/29/EC annex I no. 26: no persistent and unwanted messages by remote media."


def _many(case: Case) -> Iterator[Found]:
    for ladder in case.ladders:
        count = len(ladder.at(Level.REMINDER))
        if count > _MOST:
            yield found(ladder.place, ladder.edition, count=count, most=_MOST)


def _close(case: Case) -> Iterator[Found]:
    for ladder in case.ladders:
        coming = [step.at for step in ladder.steps if not step.level.restricts]
        for before, after in pairwise(coming):
            if after - before < _APART_DAYS * DAY:
                yield found(ladder.place, ladder.edition, after=shown(after), before=shown(before), days=_APART_DAYS)


def _impossible_sms(case: Case) -> Iterator[Found]:
    if case.plan is not None and not 0 <= case.plan.sms_reminders <= _LIMIT:
        yield found("rollout.yaml: sms_reminders", count=case.plan.sms_reminders, limit=_LIMIT)


def _many_sms(case: Case) -> Iterator[Found]:
    if case.plan is not None and case.plan.sms_reminders > _MOST_SMS:
        yield found("rollout.yaml: sms_reminders", count=case.plan.sms_reminders, most=_MOST_SMS)


def _impossible_push(case: Case) -> Iterator[Found]:
    if case.plan is not None and not 0 <= case.plan.web_push_reminders <= _LIMIT:
        yield found("rollout.yaml: web_push_reminders", count=case.plan.web_push_reminders, limit=_LIMIT)


def _many_push(case: Case) -> Iterator[Found]:
    if case.plan is not None and case.plan.web_push_reminders > _MOST_PUSH:
        yield found("rollout.yaml: web_push_reminders", count=case.plan.web_push_reminders, most=_MOST_PUSH)


RULES = (
    Rule(
        "REMINDER-MANY",
        "warning",
        _DUTY,
        "There are {count} reminders.",
        "Leave {most} or fewer: who has seen the notice knows.",
        _many,
        "rollout",
    ),
    Rule(
        "REMINDER-CLOSE",
        "warning",
        _DUTY,
        "A reminder on {after} follows the one before, on {before}, within {days} days.",
        "Leave {days} days or more between them.",
        _close,
        "rollout",
    ),
    Rule(
        "SMS-IMPOSSIBLE",
        "error",
        _SMS,
        "{count} text messages to each person are no budget.",
        "Write a number from 0 to {limit}.",
        _impossible_sms,
        "rollout",
    ),
    Rule(
        "SMS-MANY",
        "warning",
        _SMS,
        "Each person may get {count} text messages.",
        "Send {most} or fewer: the notices room reaches people without them.",
        _many_sms,
        "rollout",
    ),
    Rule(
        "PUSH-IMPOSSIBLE",
        "error",
        _PUSH,
        "{count} push messages to each person are no budget.",
        "Write a number from 0 to {limit}.",
        _impossible_push,
        "rollout",
    ),
    Rule(
        "PUSH-MANY",
        "warning",
        _PUSH,
        "Each person may get {count} push messages.",
        "Send {most} or fewer, one for each reminder that a ladder should have.",
        _many_push,
        "rollout",
    ),
)
