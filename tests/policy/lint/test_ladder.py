"""The ladder of a plan: its order, its dates, its deletion."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre.core.errors import ApiError
from palabre.policy.documents.models import Version
from palabre.policy.rollouts.drafting import draft as resolve

from .examples import EUROPEAN_LADDER, LADDER, Broken, Draft, Edit, Fine, breaks, each, passes

DAY = 24 * 3600 * 1000
LADDERS = (EUROPEAN_LADDER, LADDER)


def only_common(edit: Edit) -> Edit:
    """The edit, with one ladder for all editions."""
    return each(lambda d: d.rollout.pop("editions"), edit)


BREAKS: Broken = [
    (
        "ROLLOUT-DATE",
        only_common(lambda d: d.move("locked", at="2021-06-01T00:00:00Z", after_deadline="P1D")),
        [(f"{LADDER}[4]", "locked has more than one date: give one of at, after_announce, …")],
    ),
    (
        "ROLLOUT-DATE",
        only_common(lambda d: d.move("deleted")),
        [(f"{LADDER}[6]", "deleted has no date: give one of at, after_announce, before_deadline, …")],
    ),
    (
        "ROLLOUT-DATE",
        lambda d: d.rollout["editions"]["europe"].update(ladder=[{"step": "reminder"}]),
        [(f"{EUROPEAN_LADDER}[0]", "reminder has no date: give one of at, after_announce, before_deadline, …")],
    ),
    (
        "ROLLOUT-DATE",
        lambda d: d.rollout.update(notice_period="P99999W"),
        [("rollout.yaml: notice_period", "P99999W is longer than a hundred years.")],
    ),
    (
        "ROLLOUT-DATE",
        lambda d: d.rollout["waves"][1].update(at="2021-02-01T00:00:00Z"),
        [("rollout.yaml: waves[1]", "A wave has more than one date: give at or after_announce.")],
    ),
    (
        "ROLLOUT-DATE",
        lambda d: d.rollout["waves"][0].update(at="2021-01-05T00:00:00Z"),
        [("rollout.yaml: waves[0]", "A wave comes on 2021-01-05, before the announcement on 2021-01-06.")],
    ),
    (
        "ROLLOUT-EDITION",
        lambda d: d.rollout["editions"].update(mars={}),
        [("rollout.yaml: editions[mars]", "The policy has no edition mars.")],
    ),
    (
        "LADDER-NOTICE-FIRST",
        lambda d: d.without("notice"),
        [
            (place, "The first step is not a notice at the announcement, 2021-01-06: people would not know.")
            for place in LADDERS
        ],
    ),
    (
        "LADDER-NOTICE-FIRST",
        only_common(lambda d: d.move("notice", after_announce="P1D")),
        [(LADDER, "The first step is not a notice at the announcement, 2021-01-06: people would not know.")],
    ),
    (
        "LADDER-NOTICE-FIRST",
        lambda d: d.rollout["editions"]["europe"].update(ladder=[]),
        [(EUROPEAN_LADDER, "The first step is not a notice at the announcement, 2021-01-06: people would not know.")],
    ),
    (
        "LADDER-BEFORE-ANNOUNCEMENT",
        only_common(lambda d: d.move("reminder", before_deadline="P130D")),
        [(LADDER, "reminder comes on 2021-01-05, before the announcement.")],
    ),
    (
        "LADDER-REPEATED",
        only_common(lambda d: d.rollout["ladder"].append({"step": "limited", "after_deadline": "P1D"})),
        [(LADDER, "limited is there more than once.")],
    ),
    (
        "LADDER-ORDER",
        only_common(lambda d: d.move("locked", after_deadline="P31D")),
        [(LADDER, "locked comes after deletion_scheduled: the ladder only goes up.")],
    ),
    (
        "LADDER-ORDER",
        only_common(lambda d: d.move("reminder", after_deadline="P1D")),
        [(LADDER, "reminder comes after limited: the ladder only goes up.")],
    ),
    (
        "LADDER-EARLY",
        only_common(lambda d: d.move("limited", before_deadline="PT1H")),
        [(LADDER, "limited comes on 2021-05-14 23:00 UTC, before the deadline on 2021-05-15.")],
    ),
    (
        "LADDER-EARLY",  # the deadline of the edition is later than the common one
        lambda d: d.move("limited", at="2021-05-15T00:00:00Z"),
        [(EUROPEAN_LADDER, "limited comes on 2021-05-15, before the deadline on 2021-06-15.")],
    ),
    (
        "LADDER-LATE",
        only_common(lambda d: d.move("reminder", after_announce="P31D")),
        [
            (
                LADDER,
                "reminder comes on 2021-02-06, later after the announcement than the notice period is long: "
                "who is told later may be limited before it.",
            )
        ],
    ),
    (
        "NOTICE-PERIOD-DEADLINE",
        only_common(lambda d: d.rollout.update(deadline="2021-02-04T23:00:00Z")),
        [(LADDER, "The deadline, 2021-02-04 23:00 UTC, leaves less than the notice period.")],
    ),
    (
        "NOTICE-PERIOD-DEADLINE",
        lambda d: d.rollout["editions"]["europe"].update(deadline="2021-02-04T00:00:00Z"),
        [(EUROPEAN_LADDER, "The deadline, 2021-02-04, leaves less than the notice period.")],
    ),
    (
        "NOTICE-PERIOD-SHORT",
        lambda d: d.rollout.update(notice_period="P29DT23H"),
        [("rollout.yaml: notice_period", "The notice period is shorter than 30 days.")],
    ),
    (
        "DELETION-UNANNOUNCED",
        lambda d: d.without("deletion_scheduled"),
        [(place, "Accounts are deleted without a notice of the deletion.") for place in LADDERS],
    ),
    (
        "DELETION-AT-DEADLINE",
        only_common(each(lambda d: d.without("locked"), lambda d: d.move("deletion_scheduled", after_deadline="P0D"))),
        [
            (
                LADDER,
                "deletion_scheduled does not come after the deadline on 2021-05-15: "
                "not to answer by a deadline is no wish to be deleted.",
            )
        ],
    ),
    (
        "DELETION-AT-DEADLINE",
        only_common(lambda d: d.move("deleted", after_deadline="P0D")),
        [
            (
                LADDER,
                "deleted does not come after the deadline on 2021-05-15: "
                "not to answer by a deadline is no wish to be deleted.",
            )
        ],
    ),
    (
        "DELETION-GRACE",
        only_common(lambda d: d.move("deleted", after_deadline="P59DT23H")),
        [(LADDER, "There are fewer than 30 days from deletion_scheduled to deleted.")],
    ),
]
FINE: Fine = [
    ("LADDER-LATE", lambda d: d.move("reminder", after_announce="P30D")),
    ("LADDER-LATE", lambda d: d.move("reminder", before_deadline="P5D")),
    (
        "LADDER-LATE",  # nothing that it could come after
        each(
            lambda d: d.move("reminder", after_announce="P31D"),
            lambda d: d.without("limited", "locked", "deletion_scheduled", "deleted"),
        ),
    ),
    ("LADDER-EARLY", lambda d: d.move("locked", after_deadline="P0D")),
    ("LADDER-ORDER", lambda d: d.move("locked", after_deadline="P0D")),
    ("LADDER-BEFORE-ANNOUNCEMENT", lambda d: d.move("notice", after_announce="P0D")),
    ("LADDER-REPEATED", lambda d: d.rollout["ladder"].append({"step": "notice", "after_announce": "P9D"})),
    ("NOTICE-PERIOD-DEADLINE", lambda d: d.rollout.update(deadline="2021-02-05T00:00:00Z")),
    (
        "NOTICE-PERIOD-DEADLINE",
        each(
            lambda d: d.policy.update(kind="editorial"),
            lambda d: d.rollout.update(deadline="2021-01-07T00:00:00Z"),
        ),
    ),
    ("NOTICE-PERIOD-SHORT", lambda d: d.rollout.update(notice_period="P30D")),
    ("DELETION-UNANNOUNCED", lambda d: d.without("deleted", "deletion_scheduled")),
    ("DELETION-UNANNOUNCED", lambda d: d.without("deleted")),
    ("DELETION-AT-DEADLINE", lambda d: d.move("deletion_scheduled", after_deadline="PT1H")),
    ("DELETION-GRACE", lambda d: d.without("deletion_scheduled")),
    ("DELETION-GRACE", lambda d: d.without("deleted")),
]


@pytest.mark.parametrize(("code", "edit", "expected"), BREAKS)
def test_finds(code: str, edit: Edit, expected: list[tuple[str, str]]) -> None:
    breaks(code, edit, expected)


@pytest.mark.parametrize(("code", "edit"), FINE)
def test_passes(code: str, edit: Edit) -> None:
    passes(code, edit)


IN_COMMON = [(code, edit) for code, edit, expected in BREAKS if {place for place, _ in expected} == {LADDER}]


@pytest.mark.parametrize(
    ("code", "edit"), [*IN_COMMON, ("REMINDER-CLOSE", lambda d: d.move("reminder", at="2021-01-08"))]
)
def test_the_ladder_of_an_edition_is_held_to_the_same(code: str, edit: Edit) -> None:
    draft = Draft()
    edit(draft)
    steps, draft.rollout["ladder"] = draft.rollout["ladder"], [{"step": "notice"}]
    draft.rollout["editions"] = {"europe": {"ladder": steps}}
    assert ("europe", EUROPEAN_LADDER) in {(one.edition, one.place) for one in draft.check() if one.code == code}


def test_mending_names_the_date_that_would_do() -> None:
    draft = Draft()
    draft.rollout.pop("editions")
    draft.rollout["deadline"] = "2021-02-01T00:00:00Z"
    draft.move("deleted", after_deadline="P40D")
    mends = {finding.code: finding.mend for finding in draft.check()}
    assert mends["NOTICE-PERIOD-DEADLINE"] == "Set the deadline to 2021-02-05 or later, or announce earlier."
    assert mends["DELETION-GRACE"] == "Delete on 2021-04-02 or later."


def test_a_plan_without_a_date_is_announced_today() -> None:
    draft = Draft()
    draft.rollout.pop("announce")
    draft.today = date(2021, 4, 20)
    assert [place for place, _ in draft.found("NOTICE-PERIOD-DEADLINE")] == [LADDER]
    draft.today = date(2021, 4, 15)
    assert draft.found("NOTICE-PERIOD-DEADLINE") == []


def test_without_a_day_it_is_announced_in_time_for_the_first_deadline() -> None:
    draft = Draft()
    draft.rollout.pop("announce")
    assert draft.found("NOTICE-PERIOD-DEADLINE") == []
    draft.without("notice")
    message = "The first step is not a notice at the announcement, 2021-04-15: people would not know."
    assert draft.found("LADDER-NOTICE-FIRST") == [(place, message) for place in LADDERS]
    draft.rollout["editions"] = {"europe": {"deadline": "2021-03-31T00:00:00Z"}, "world": {}}
    assert "2021-03-01" in draft.found("LADDER-NOTICE-FIRST")[0][1]


STEPS = ("notice", "reminder", "limited", "locked", "deletion_scheduled", "deleted")
DATES = ("at", "after_announce", "before_deadline", "after_deadline")


@st.composite
def steps(draw: st.DrawFn) -> dict[str, str]:
    step = {"step": draw(st.sampled_from(STEPS))}
    for kind in draw(st.lists(st.sampled_from(DATES), max_size=2, unique=True)):
        days = draw(st.sampled_from((0, 1, 30, 60)))
        step[kind] = f"2021-03-{days % 28 + 1:02}T00:00:00Z" if kind == "at" else f"P{days}D"
    return step


@settings(max_examples=300, deadline=None)
@given(st.lists(steps(), max_size=5), st.sampled_from(("material", "editorial")), st.integers(-1, 101))
def test_what_has_no_errors_can_be_rolled_out(ladder: list[dict[str, str]], kind: str, sms: int) -> None:
    draft = Draft()
    draft.policy["kind"] = kind
    draft.rollout.update(ladder=[{"step": "notice"}, *ladder], sms_reminders=sms)
    folder = draft.folder()
    if any(finding.severity == "error" for finding in draft.check()):
        return
    assert folder.plan is not None
    version = Version("terms", "2", 1, "", 0, folder.document)
    try:
        resolve("r", version, folder.plan, 0)
    except ApiError as error:
        raise AssertionError(error.error) from error
