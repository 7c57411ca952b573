"""Reminders, text messages and waves."""

import pytest

from .examples import EUROPEAN_LADDER, LADDER, Broken, Edit, Fine, breaks, each, passes


def reminders(*days: int) -> Edit:
    """A ladder of a notice and reminders so many days after the announcement."""
    steps = [{"step": "notice"}, *({"step": "reminder", "after_announce": f"P{day}D"} for day in days)]
    return lambda d: d.rollout.update(ladder=steps)


BREAKS: Broken = [
    (
        "REMINDER-MANY",
        reminders(7, 14, 21, 28, 35),
        [(place, "There are 5 reminders.") for place in (EUROPEAN_LADDER, LADDER)],
    ),
    (
        "REMINDER-CLOSE",
        each(reminders(10, 16), lambda d: d.rollout.pop("editions")),
        [(LADDER, "A reminder on 2021-01-22 follows the one before, on 2021-01-16, within 7 days.")],
    ),
    (
        "REMINDER-CLOSE",
        each(reminders(3), lambda d: d.rollout.pop("editions")),
        [(LADDER, "A reminder on 2021-01-09 follows the one before, on 2021-01-06, within 7 days.")],
    ),
    (
        "SMS-IMPOSSIBLE",
        lambda d: d.rollout.update(sms_reminders=-1),
        [("rollout.yaml: sms_reminders", "-1 text messages to each person are no budget.")],
    ),
    (
        "SMS-IMPOSSIBLE",
        lambda d: d.rollout.update(sms_reminders=101),
        [("rollout.yaml: sms_reminders", "101 text messages to each person are no budget.")],
    ),
    (
        "SMS-MANY",
        lambda d: d.rollout.update(sms_reminders=3),
        [("rollout.yaml: sms_reminders", "Each person may get 3 text messages.")],
    ),
    (
        "PUSH-IMPOSSIBLE",
        lambda d: d.rollout.update(web_push_reminders=-1),
        [("rollout.yaml: web_push_reminders", "-1 push messages to each person are no budget.")],
    ),
    (
        "PUSH-IMPOSSIBLE",
        lambda d: d.rollout.update(web_push_reminders=101),
        [("rollout.yaml: web_push_reminders", "101 push messages to each person are no budget.")],
    ),
    (
        "PUSH-MANY",
        lambda d: d.rollout.update(web_push_reminders=5),
        [("rollout.yaml: web_push_reminders", "Each person may get 5 push messages.")],
    ),
    (
        "WAVES-INCOMPLETE",
        lambda d: d.rollout["waves"][2].update(percent=99),
        [("rollout.yaml: waves", "No wave reaches everybody: some people would never be told.")],
    ),
    (
        "WAVES-INCOMPLETE",
        lambda d: d.rollout["waves"][2].update(countries=["FR"]),
        [("rollout.yaml: waves", "No wave reaches everybody: some people would never be told.")],
    ),
    (
        "WAVE-COUNTRY",
        lambda d: d.rollout["waves"][1].update(countries=["IN", "UK"]),
        [("rollout.yaml: waves[1].countries", "UK is no country.")],
    ),
]
FINE: Fine = [
    ("REMINDER-MANY", reminders(7, 14, 21, 28)),
    ("REMINDER-CLOSE", reminders(7, 14)),
    ("SMS-IMPOSSIBLE", lambda d: d.rollout.update(sms_reminders=0)),
    ("SMS-IMPOSSIBLE", lambda d: d.rollout.update(sms_reminders=100)),
    ("SMS-MANY", lambda d: d.rollout.update(sms_reminders=2)),
    ("PUSH-IMPOSSIBLE", lambda d: d.rollout.update(web_push_reminders=0)),
    ("PUSH-IMPOSSIBLE", lambda d: d.rollout.update(web_push_reminders=100)),
    ("PUSH-MANY", lambda d: d.rollout.update(web_push_reminders=4)),
    ("WAVES-INCOMPLETE", lambda d: d.rollout.update(waves=[])),
    ("WAVE-COUNTRY", lambda d: d.rollout["waves"][1].update(countries=["EU", "US"])),
]


@pytest.mark.parametrize(("code", "edit", "expected"), BREAKS)
def test_finds(code: str, edit: Edit, expected: list[tuple[str, str]]) -> None:
    breaks(code, edit, expected)


@pytest.mark.parametrize(("code", "edit"), FINE)
def test_passes(code: str, edit: Edit) -> None:
    passes(code, edit)
