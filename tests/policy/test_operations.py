"""Operations on a roll-out, as the pure functions they are."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from palabre.core.errors import ApiError
from palabre.policy.documents.reading import plan_from
from palabre.policy.rollouts import operations
from palabre.policy.rollouts.models import Ladder, Level, Rollout, Standing, Step, Subject
from palabre.policy.rollouts.standing import in_order, standing

from .made import DAY, LADDER, rollout, subject, version
from .rollout_world import FIRST, PLAN, SECOND, THIRD, ms

JANUARY = ms("2021-01-06")
FEBRUARY = ms("2021-02-08")
MAY = ms("2021-05-15")


def drafted(now: str = "2021-01-01", **changes: Any) -> Rollout:
    return operations.draft("r", SECOND, plan_from({**PLAN, **changes}), ms(now))


def started(**changes: Any) -> Rollout:
    return operations.start(drafted(**changes), ms("2021-01-01"))


def refusal(call: Callable[[], object], status: int = 400) -> str:
    with pytest.raises(ApiError) as caught:
        call()
    assert caught.value.status == status
    return caught.value.error


def dates(ladder: Ladder) -> dict[str, str]:
    return {
        step.level.label: datetime.datetime.fromtimestamp(step.at / 1000, datetime.UTC).date().isoformat()
        for step in ladder.steps
    }


# drafting


def test_a_plan_becomes_dates() -> None:
    made = drafted()
    assert (made.state, made.announce, made.ladder.deadline) == ("draft", JANUARY, FEBRUARY)
    assert made.notice_period == 30 * DAY
    assert dates(made.ladder) == {
        "notice": "2021-01-06",
        "reminder": "2021-02-01",
        "limited": "2021-02-08",
        "locked": "2021-02-22",
        "deletion_scheduled": "2021-03-10",
        "deleted": "2021-04-09",
    }
    assert [step.anchor for step in made.ladder.steps] == ["announce"] + ["deadline"] * 5


def test_without_an_announcement_it_is_announced_when_it_starts() -> None:
    made = drafted("2021-01-03", announce=None, waves=[{"percent": 10}, {"after_announce": "P2DT12H"}])
    assert made.announce == ms("2021-01-03")
    assert [wave.at for wave in made.waves] == [ms("2021-01-03"), ms("2021-01-05T12:00")]


def test_a_step_that_restricts_counts_from_the_deadline_however_it_was_written() -> None:
    made = drafted(
        ladder=[
            {"step": "notice"},
            {"step": "reminder", "at": "2021-01-20"},
            {"step": "reminder", "after_announce": "P40D"},
            {"step": "limited", "at": "2021-02-20"},
            {"step": "locked", "after_announce": "P60D"},
        ]
    )
    assert [(step.level.label, step.anchor) for step in made.ladder.steps] == [
        ("notice", "announce"),
        ("reminder", "announce"),
        ("reminder", "deadline"),
        ("limited", "deadline"),
        ("locked", "deadline"),
    ]


def test_an_edition_may_have_its_own_deadline_and_its_own_ladder() -> None:
    made = drafted(editions={"europe": {"deadline": "2021-03-08"}, "world": {"ladder": [{"step": "notice"}]}})
    assert dates(made.ladder_for("europe"))["limited"] == "2021-03-08"
    assert dates(made.ladder_for("europe"))["reminder"] == "2021-03-01"
    assert dates(made.ladder_for("world")) == {"notice": "2021-01-06"}
    assert made.ladder_for("world").deadline == FEBRUARY


def test_groups_of_countries_in_a_wave_become_countries() -> None:
    made = drafted(waves=[{"countries": ["EU", "CH"]}])
    assert made.waves[0].countries is not None
    assert {"FR", "DE", "CH"} <= set(made.waves[0].countries)
    assert "EU" not in made.waves[0].countries


def ladder_of(*steps: dict[str, str]) -> dict[str, Any]:
    return {"ladder": [{"step": "notice"}, *steps]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"deadline": "2021-02-01"}, "2021-02-05 or later would do"),
        ({"editions": {"europe": {"deadline": "2021-02-01"}}}, "of edition europe"),
        ({"editions": {"mars": {}}}, "no edition mars; it has europe, world"),
        ({"ladder": []}, "begin with a notice"),
        ({"ladder": [{"step": "limited"}]}, "begin with a notice"),
        ({"ladder": [{"step": "notice", "after_announce": "P1D"}]}, "begin with a notice"),
        (ladder_of({"step": "limited", "at": "2021-02-07"}), "before the deadline"),
        (ladder_of({"step": "limited", "before_deadline": "P1D"}), "before the deadline"),
        (ladder_of({"step": "limited", "at": "2021-03-01", "after_deadline": "P1D"}), "more than one date"),
        (ladder_of({"step": "locked"}), "has no date"),
        (ladder_of({"step": "limited"}, {"step": "limited", "after_deadline": "P1D"}), "more than once"),
        (
            ladder_of({"step": "locked", "after_deadline": "P1D"}, {"step": "limited", "after_deadline": "P2D"}),
            "only goes up",
        ),
        (ladder_of({"step": "deleted", "after_deadline": "P1D"}), "without deletion_scheduled"),
        (
            ladder_of(
                {"step": "deletion_scheduled", "after_deadline": "P1D"}, {"step": "deleted", "after_deadline": "P1D"}
            ),
            "a notice of its own",
        ),
        (ladder_of({"step": "reminder", "at": "2021-01-05"}), "begin with a notice"),
        ({"notice_period": "P99999999D"}, "longer than a hundred years"),
        ({"notice_period": "P" + "9" * 5000 + "W"}, "longer than a hundred years"),
        ({"waves": [{"at": "2021-01-05"}]}, "before the announcement"),
        ({"waves": [{"at": "2021-01-07", "after_announce": "P1D"}]}, "more than one date"),
        ({"sms_reminders": -1}, "sms_reminders must be from 0 to 100"),
        ({"web_push_reminders": 101}, "web_push_reminders must be from 0 to 100"),
    ],
)
def test_a_plan_that_would_harm_is_refused(changes: dict[str, Any], words: str) -> None:
    error = refusal(lambda: drafted(**changes))
    assert words in error


def test_an_editorial_version_only_tells() -> None:
    plan = {**PLAN, "ladder": [{"step": "notice"}]}
    made = operations.draft("r", THIRD, plan_from({**plan, "deadline": "2021-01-06"}), 0)
    assert [step.level for step in made.ladder.steps] == [Level.NOTICE]
    assert "only notices" in refusal(lambda: operations.draft("r", THIRD, plan_from(PLAN), 0))
    running = operations.start(made, JANUARY)
    assert "no deadline" in refusal(lambda: operations.extend(running, MAY, JANUARY), 409)


# starting


def test_starting() -> None:
    assert operations.start(drafted(), JANUARY).state == "started"
    assert operations.start(drafted(), JANUARY + operations.TOLERANCE).state == "started"
    late = refusal(lambda: operations.start(drafted(), ms("2021-01-07")))
    assert "planned for 2021-01-06" in late
    assert "2021-01-07 or later" in late
    assert "started already" in refusal(lambda: operations.start(started(), JANUARY), 409)


def test_what_needs_a_start_says_so() -> None:
    for call in (operations.hold, operations.resume, operations.roll_back):
        assert "is a draft" in refusal(lambda call=call: call(drafted(), 0), 409)  # type: ignore[misc]  # one of three
    assert "is a draft" in refusal(lambda: operations.extend(drafted(), MAY, 0), 409)
    assert "is a draft" in refusal(lambda: operations.drop(drafted(), "limited", 0), 409)


# extending


def test_an_extension_moves_what_counts_from_the_deadline() -> None:
    longer = operations.extend(started(), MAY, FEBRUARY)
    assert longer.ladder.deadline == MAY
    assert dates(longer.ladder) == {
        "notice": "2021-01-06",
        "reminder": "2021-05-08",
        "limited": "2021-05-15",
        "locked": "2021-05-29",
        "deletion_scheduled": "2021-06-14",
        "deleted": "2021-07-14",
    }


def test_an_extension_of_one_edition_leaves_the_others() -> None:
    longer = operations.extend(started(), MAY, FEBRUARY, "europe")
    assert longer.ladder_for("europe").deadline == MAY
    assert longer.ladder_for("world") == started().ladder
    both = operations.extend(longer, ms("2021-06-01"), FEBRUARY)
    assert {both.ladder_for(name).deadline for name in ("europe", "world")} == {ms("2021-06-01")}
    rest = operations.extend(longer, ms("2021-03-01"), FEBRUARY)
    assert (rest.ladder_for("europe").deadline, rest.ladder_for("world").deadline) == (MAY, ms("2021-03-01"))


def test_an_extension_can_only_be_later_and_in_the_future() -> None:
    running = started()
    assert "is 2021-02-08; an extension" in refusal(lambda: operations.extend(running, JANUARY, JANUARY))
    assert "already" in refusal(lambda: operations.extend(running, FEBRUARY, JANUARY), 409)
    assert "is past" in refusal(lambda: operations.extend(running, MAY, MAY))
    assert "no edition mars" in refusal(lambda: operations.extend(running, MAY, FEBRUARY, "mars"))


def test_an_extension_while_held_names_the_date_as_if_resumed_now() -> None:
    held = operations.hold(started(), ms("2021-02-01"))
    now = ms("2021-03-01")  # resumed now, the deadline would be 28 days later: 8 March
    assert "is 2021-03-08" in refusal(lambda: operations.extend(held, ms("2021-03-05"), now))
    longer = operations.extend(held, MAY, now)
    assert operations.resume(longer, now).ladder.deadline == MAY
    resumed = operations.extend(operations.resume(held, now), MAY, now)
    assert resumed.ladder == operations.resume(longer, now).ladder


# dropping, holding, rolling back


def test_dropping_a_step() -> None:
    without = operations.drop(started(editions={"europe": {"deadline": "2021-03-08"}}), "locked", JANUARY)
    for name in ("europe", "world"):
        assert Level.LOCKED not in {step.level for step in without.ladder_for(name).steps}
    assert "dropped already" in refusal(lambda: operations.drop(without, "locked", JANUARY), 409)
    one = operations.drop(started(), "limited", JANUARY, "world")
    assert "limited" not in dates(one.ladder_for("world"))
    assert "limited" in dates(one.ladder_for("europe"))
    again = refusal(lambda: operations.drop(one, "limited", JANUARY, "world"), 409)
    assert "for edition world" in again


def test_what_cannot_be_dropped() -> None:
    running = started()
    assert "Drop deleted first" in refusal(lambda: operations.drop(running, "deletion_scheduled", 0), 409)
    assert "Roll the roll-out back" in refusal(lambda: operations.drop(running, "notice", 0), 409)
    assert "Steps are notice, reminder" in refusal(lambda: operations.drop(running, "none", 0))
    without = operations.drop(running, "deleted", 0)
    assert "deletion_scheduled" not in dates(operations.drop(without, "deletion_scheduled", 0).ladder)


def test_a_hold_moves_every_date_by_its_length() -> None:
    running = started(waves=[{"percent": 50}, {"after_announce": "P3D"}])
    held = operations.hold(running, ms("2021-01-20"))
    assert (held.state, held.held_since, held.ladder) == ("held", ms("2021-01-20"), running.ladder)
    assert "held already, since 2021-01-20" in refusal(lambda: operations.hold(held, FEBRUARY), 409)
    resumed = operations.resume(held, ms("2021-01-30"))
    assert (resumed.state, resumed.held_since) == ("started", None)
    assert resumed.announce == JANUARY + 10 * DAY
    assert [wave.at for wave in resumed.waves] == [JANUARY + 10 * DAY, JANUARY + 13 * DAY]
    assert [step.at for step in resumed.ladder.steps] == [step.at + 10 * DAY for step in running.ladder.steps]
    assert resumed.ladder.deadline == FEBRUARY + 10 * DAY
    assert "not held" in refusal(lambda: operations.resume(resumed, FEBRUARY), 409)


def test_rolled_back_is_for_good() -> None:
    back = operations.roll_back(operations.hold(started(), JANUARY), FEBRUARY)
    assert (back.state, back.held_since) == ("rolled_back", None)
    for operation in (operations.hold, operations.resume, operations.roll_back):
        assert "for good" in refusal(lambda operation=operation: operation(back, MAY), 409)  # type: ignore[misc]  # one of three


# what they do to people

people = st.builds(
    Subject,
    st.integers(0, 500).map(lambda number: f"@p{number}:test.local"),
    st.sampled_from(["FR", "US", None]),
    st.integers(-10 * DAY, 100 * DAY),
)
times = st.integers(0, 150 * DAY)
waves = st.sampled_from([(), ({"percent": 30}, {"after_announce": "P10D"}), ({"countries": ["FR"]},)])

OLD = rollout(FIRST, "old", ladder=Ladder(30 * DAY, LADDER.steps[:3]))


def level(own: Rollout, who: Subject, now: int, *others: Rollout) -> Standing:
    return standing(who, {}, in_order((own, *others)), now)


def newer(plan_waves: Any) -> Rollout:
    plan = plan_from({**PLAN, "announce": "1970-01-11", "deadline": "1970-02-20", "waves": list(plan_waves)})
    return operations.start(operations.draft("new", SECOND, plan, 0), 0)


@given(people, times, waves)
def test_a_roll_back_restores_exactly(who: Subject, now: int, plan_waves: Any) -> None:
    back = operations.roll_back(newer(plan_waves), now)
    assert standing(who, {}, in_order((back, OLD)), now) == standing(who, {}, in_order((OLD,)), now)


@given(people, times, times, waves, st.integers(1, 90 * DAY))
def test_an_extension_is_as_if_the_deadline_had_always_been_that(
    who: Subject, now: int, then: int, plan_waves: Any, length: int
) -> None:
    before = newer(plan_waves)
    after = operations.extend(before, max(before.ladder.deadline, now) + length, now)
    moved = after.ladder.deadline - before.ladder.deadline
    steps = [Step(own.level, own.at + moved * (own.anchor == "deadline"), own.anchor) for own in before.ladder.steps]
    always = replace(before, ladder=Ladder(after.ladder.deadline, tuple(steps)))
    assert level(after, who, then) == level(always, who, then)
    assert not level(after, who, now).level.restricts
    assert level(after, who, then).level <= level(before, who, then).level


@given(people, times, st.integers(0, 90 * DAY), st.integers(0, 90 * DAY), waves)
def test_after_a_hold_everything_is_where_it_was(
    who: Subject, begin: int, length: int, later: int, plan_waves: Any
) -> None:
    before = newer(plan_waves)
    held = operations.hold(before, begin)
    during = level(held, who, begin + length // 2)
    assert during.level <= Level.NOTICE
    resumed = operations.resume(held, begin + length)
    if who.since <= begin:
        assert level(resumed, who, begin + length + later).level == level(before, who, begin + later).level
    else:
        assert level(resumed, who, begin + length + later).level <= level(before, who, begin + length + later).level


@given(people, times, st.sampled_from(["reminder", "limited", "locked", "deleted"]), waves)
def test_dropping_a_step_takes_nothing_else_from_anybody(who: Subject, now: int, step: str, plan_waves: Any) -> None:
    before = newer(plan_waves)
    was, will = (level(own, who, now).level for own in (before, operations.drop(before, step, now)))
    assert will <= was
    assert will == was or was.label == step


def test_subjects_of_these_tests_reach_every_level() -> None:
    running = newer(())
    days = {level(running, subject(), day * DAY).level for day in range(150)}
    assert days == set(Level)
    assert version(2).number == SECOND.number
