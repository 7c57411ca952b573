"""The form in which a roll-out is planned, and the plan that comes of it. Pure: the routes show and send it.

The form covers what most roll-outs need: one ladder, three reminders, four waves, a deadline of its own for an edition.
Finer plans are written as `rollout.yaml`.
"""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from ...core.errors import ApiError
from ...policy.rollouts.plan import EditionPlan, Plan, PlannedStep, PlannedWave, StepName
from ..forms import Form

REMINDERS = 3
WAVES = 4
AFTER: tuple[StepName, ...] = ("limited", "locked", "deletion_scheduled", "deleted")
"""Steps that the form counts in days after the deadline."""
MOST_DAYS = 3650


class UnplannedError(ApiError):
    """What was typed is no plan: `field` names the place, `key` the text that says what is wrong with it."""

    def __init__(self, field: str, key: str) -> None:
        super().__init__(400, "BAD_PLAN", key)
        self.field = field
        self.key = key


def proposal(now: datetime) -> Form:
    """What the form says at first: two months' time, two reminders, limits and nothing harsher."""
    morning = (now + timedelta(days=1)).replace(hour=9, minute=0)
    return Form(
        announce=local(morning),
        deadline=local(morning + timedelta(days=60)),
        notice="30",
        reminder_1="14",
        reminder_2="3",
        limited="0",
        locked="30",
        sms="0",
        web_push="0",
    )


def local(moment: datetime) -> str:
    """As `<input type="datetime-local">` takes it; in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


def read_plan(sent: Form, editions: list[str]) -> Plan:
    """Raises `UnplannedError` for what is missing or is no date, number or country."""
    deadline = read_moment(sent, "deadline")
    if deadline is None:
        raise UnplannedError("deadline", "missing")
    ladder = [PlannedStep(step="notice")]
    for number in range(1, REMINDERS + 1):
        days = _days(sent, f"reminder_{number}")
        if days is not None:
            ladder.append(PlannedStep(step="reminder", before_deadline=f"P{days}D"))
    for step in AFTER:
        days = _days(sent, step)
        if days is not None:
            ladder.append(PlannedStep(step=step, after_deadline=f"P{days}D"))
    own = {edition: read_moment(sent, f"deadline_{edition}") for edition in editions}
    notice = _days(sent, "notice")
    sms = _days(sent, "sms")
    return Plan(
        announce=read_moment(sent, "announce"),
        deadline=deadline,
        notice_period=f"P{30 if notice is None else notice}D",
        ladder=ladder,
        editions={edition: EditionPlan(deadline=moment) for edition, moment in own.items() if moment is not None},
        waves=[wave for number in range(1, WAVES + 1) if (wave := _wave(sent, number)) is not None],
        sms_reminders=sms or 0,
        web_push_reminders=_days(sent, "web_push") or 0,
    )


def read_moment(sent: Form, field: str) -> datetime | None:
    """A moment in UTC; None where nothing was typed."""
    if not sent[field]:
        return None
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?)?", sent[field], re.ASCII):
        raise UnplannedError(field, "bad_moment")
    try:
        return datetime.fromisoformat(sent[field]).replace(tzinfo=UTC)
    except ValueError:
        raise UnplannedError(field, "bad_moment") from None


def _days(sent: Form, field: str) -> int | None:
    if not sent[field]:
        return None
    if not re.fullmatch(r"\d{1,4}", sent[field], re.ASCII) or int(sent[field]) > MOST_DAYS:
        raise UnplannedError(field, "bad_number")
    return int(sent[field])


def _wave(sent: Form, number: int) -> PlannedWave | None:
    """None where nothing was typed in its line."""
    percent, after = _days(sent, f"wave_{number}_percent"), _days(sent, f"wave_{number}_days")
    countries = re.split(r"[\s,;]+", sent[f"wave_{number}_countries"].upper().strip(" ,;"))
    countries = [code for code in countries if code]
    if percent is None and after is None and not countries:
        return None
    if percent is not None and not 1 <= percent <= 100:
        raise UnplannedError(f"wave_{number}_percent", "bad_percent")
    if not all(re.fullmatch(r"[A-Z]{2}", code) for code in countries):
        raise UnplannedError(f"wave_{number}_countries", "bad_countries")
    return PlannedWave(
        percent=100 if percent is None else percent, countries=countries or None, after_announce=f"P{after or 0}D"
    )


def encode(plan: Plan) -> str:
    """For a hidden field, so that what is created is what was previewed."""
    return msgspec.json.encode(plan).decode()


def decode(text: str) -> Plan:
    try:
        return msgspec.json.decode(text, type=Plan)
    except msgspec.DecodeError:
        raise UnplannedError("deadline", "missing") from None
