"""The dates of one person on the ladder, and the small parts that a roll-out consists of."""

import msgspec
import pytest

from palabre.policy.decisions.models import NOTHING_DECIDED, fold
from palabre.policy.rollouts import ladder
from palabre.policy.rollouts.models import STEPS, Ladder, Level, Rollout, Standing, Subject, Terms, bucket

from .made import DAY, LADDER, NOTICE, decision, edition, rollout, row, step, subject, version, wave

V1 = version(1)
COUNTRY_EDITIONS = (
    edition("europe", ["FR", "DE"], row("service")),
    edition("world", ["*"], row("service"), row("ads")),
)


def days(rollout_: Rollout, told: float, own: Ladder = LADDER) -> dict[str, float]:
    return {step.level.label: at / DAY for at, step in ladder.dates(rollout_, own, int(told * DAY))}


ON_TIME = {"notice": 0, "reminder": 10, "limited": 30, "locked": 40, "deletion_scheduled": 50, "deleted": 80}


# told


def test_without_waves_everybody_is_told_at_once() -> None:
    assert ladder.told_at(rollout(V1, announce=5 * DAY), subject(2)) == 5 * DAY
    assert ladder.told_at(rollout(V1, announce=5 * DAY), subject(9)) == 9 * DAY


def test_a_wave_tells_when_it_comes() -> None:
    late = rollout(V1, waves=(wave(7), wave(3)))
    assert ladder.told_at(late, subject(-1)) == 3 * DAY
    assert ladder.told_at(late, subject(5)) == 5 * DAY


def test_a_wave_of_some_countries() -> None:
    some = rollout(V1, waves=(wave(1, 100, "DE", "FR"), wave(2, 100, "US")))
    assert ladder.told_at(some, subject(region="FR")) == DAY
    assert ladder.told_at(some, subject(region="US")) == 2 * DAY
    assert ladder.told_at(some, subject(region="IN")) is None
    assert ladder.told_at(some, subject(region=None)) is None


def test_a_wave_of_a_share_takes_exactly_the_buckets_below_it() -> None:
    person = next(
        subject(user_id=f"@p{n}:test.local") for n in range(10_000) if bucket("r1", f"@p{n}:test.local") % 100 == 0
    )
    place = bucket("r1", person.user_id) // 100
    assert ladder.told_at(rollout(V1, waves=(wave(1, place + 1),)), person) == DAY
    assert ladder.told_at(rollout(V1, waves=(wave(1, place),)), person) is None
    last = next(
        subject(user_id=f"@p{n}:test.local") for n in range(10_000) if bucket("r1", f"@p{n}:test.local") % 100 == 99
    )
    place = bucket("r1", last.user_id) // 100
    assert ladder.told_at(rollout(V1, waves=(wave(1, place + 1),)), last) == DAY


def test_shares_are_stable_and_differ_between_roll_outs() -> None:
    people = [f"@p{n}:test.local" for n in range(2_000)]
    places = [bucket("r1", user_id) for user_id in people]
    assert places == [bucket("r1", user_id) for user_id in people]
    assert 0 <= min(places) < 100
    assert 9_900 <= max(places) < 10_000
    assert sum(place < 1_000 for place in places) == pytest.approx(200, abs=60)
    assert bucket("r1", "@ana:test.local") != bucket("r2", "@ana:test.local")
    assert bucket("r1", "@ana:test.local") == 9211  # for ever: another number moves people between waves


# dates


def test_who_is_told_on_the_day_gets_the_dates_as_planned() -> None:
    assert days(rollout(V1), 0) == ON_TIME


def test_who_is_told_late_but_has_the_notice_period_keeps_the_deadline() -> None:
    assert days(rollout(V1, notice_period=20 * DAY), 10) == {**ON_TIME, "notice": 10, "reminder": 20}


def test_who_is_told_later_has_the_whole_notice_period_and_every_step_moves_along() -> None:
    late = days(rollout(V1), 12)
    assert late == {
        "notice": 12,
        "reminder": 22,
        "limited": 42,
        "locked": 52,
        "deletion_scheduled": 62,
        "deleted": 92,
    }


def test_nobody_is_told_before_the_announcement_so_dates_never_come_early() -> None:
    assert days(rollout(V1, announce=DAY), 0) == ON_TIME


@pytest.mark.parametrize(("told", "deadline"), [(-5, 30), (0, 30), (1, 31), (40, 70)])
def test_the_deadline_of_a_person(told: float, deadline: float) -> None:
    assert ladder.deadline(rollout(V1), LADDER, int(told * DAY)) == deadline * DAY
    assert days(rollout(V1), told)["limited"] == deadline


def test_the_highest_step_whose_time_has_come() -> None:
    coming = ladder.dates(rollout(V1), LADDER, 0)
    assert ladder.reached(coming, -1) is Level.NONE
    assert ladder.reached(coming, 0) is Level.NOTICE
    assert ladder.reached(coming, 30 * DAY - 1) is Level.REMINDER
    assert ladder.reached(coming, 30 * DAY) is Level.LIMITED
    assert ladder.reached(list(reversed(coming)), 1000 * DAY) is Level.DELETED
    assert ladder.reached([], 0) is Level.NONE


# withdrawn


def test_who_takes_an_acceptance_back_starts_anew() -> None:
    given = (decision("accept", 1, 1), decision("withdraw", 1, 200))
    assert ladder.begins(rollout(V1), 0, fold(given)["terms"]) == 200 * DAY
    assert ladder.begins(rollout(V1), 300 * DAY, fold(given)["terms"]) == 300 * DAY
    assert ladder.begins(rollout(V1), 0, NOTHING_DECIDED) == 0
    of_before = fold([decision("accept", 1, 1), decision("withdraw", 1, 200)])["terms"]
    assert ladder.begins(rollout(version(2)), 7, of_before) == 7


# holds


def test_a_hold_moves_what_came_before_it_and_swallows_what_came_in_it() -> None:
    held = rollout(V1, holds=((50, 80), (100, 110)))
    assert [held.moved(at) for at in (0, 49, 50, 65, 79, 80, 95, 99, 100, 105, 109, 110, 200)] == [
        40,
        89,
        90,
        90,
        90,
        90,
        105,
        109,
        110,
        110,
        110,
        110,
        200,
    ]
    assert rollout(V1).moved(7) == 7


def test_who_was_told_late_gets_the_time_of_a_hold_back() -> None:
    held = rollout(V1, announce=30 * DAY, holds=((50 * DAY, 80 * DAY),))
    assert ladder.told_at(held, subject(40)) == 70 * DAY
    assert ladder.told_at(held, subject(60)) == 80 * DAY
    waved = msgspec.structs.replace(held, waves=(wave(30),))
    assert ladder.told_at(waved, subject(40)) == 70 * DAY
    taken_back = fold([decision("accept", 1, 1), decision("withdraw", 1, 60)])["terms"]
    assert ladder.begins(held, 0, taken_back) == 80 * DAY


def test_its_clock_stands_still_while_it_is_held() -> None:
    assert rollout(V1).clock(9) == 9
    assert rollout(V1, held_since=5).clock(9) == 5
    assert rollout(V1, held_since=0).clock(9) == 0


# what it consists of


def test_levels() -> None:
    assert [level.label for level in Level] == [
        "none",
        "notice",
        "reminder",
        "limited",
        "locked",
        "deletion_scheduled",
        "deleted",
    ]
    assert [level for level in Level if level.restricts] == list(Level)[3:]
    assert list(STEPS) == [level.label for level in list(Level)[1:]]


def test_everybody_has_exactly_one_edition() -> None:
    terms = Terms.of(version(4, *COUNTRY_EDITIONS))
    assert [terms.edition(region) for region in ("FR", "DE", "US", None)] == ["europe", "europe", "world", "world"]
    assert (terms.policy, terms.version, terms.number, terms.kind) == ("terms", "v4", 4, "material")


def test_an_edition_that_asks_for_no_more_is_within() -> None:
    terms = Terms.of(version(1, *COUNTRY_EDITIONS))
    assert terms.within == {"europe": {"europe"}, "world": {"europe", "world"}}


def test_what_is_optional_asks_for_nothing() -> None:
    plain = edition("world", ["*"], row("service"), row("ads", "optional"))
    terms = Terms.of(version(1, edition("europe", ["FR"], row("service")), plain))
    assert terms.within == {"europe": {"europe", "world"}, "world": {"europe", "world"}}


def test_the_ladder_of_an_edition() -> None:
    other = Ladder(99 * DAY, (NOTICE,))
    own = rollout(V1, editions={"europe": other})
    assert own.ladder_for("europe") is other
    assert own.ladder_for("world") is LADDER


def test_phases() -> None:
    running = rollout(V1, announce=5, ladder=Ladder(20, (step(Level.NOTICE, 0), step(Level.LIMITED, 1))))
    assert running.phase(4) == "scheduled"
    assert running.phase(5) == "running"
    assert running.phase(DAY - 1) == "running"
    assert running.phase(DAY) == "completed"
    waved = msgspec.structs.replace(running, waves=(wave(2), wave(1)))
    assert waved.phase(2 * DAY - 1) == "running"
    assert waved.phase(2 * DAY) == "completed"
    own = msgspec.structs.replace(running, editions={"world": Ladder(0, (step(Level.LOCKED, 3),))})
    assert own.phase(3 * DAY - 1) == "running"
    assert own.phase(3 * DAY) == "completed"
    bare = msgspec.structs.replace(running, ladder=Ladder(20, ()))
    assert [bare.phase(at) for at in (4, 5, 19, 20)] == ["scheduled", "running", "running", "completed"]
    for state in ("draft", "held", "rolled_back"):
        assert msgspec.structs.replace(running, state=state).phase(DAY) == state


def test_a_standing_holds_from_when_it_was_computed_until_right_before_the_next() -> None:
    here = Standing(Level.NOTICE, 10, 20)
    assert [here.holds(at) for at in (9, 10, 19, 20)] == [False, True, True, False]


def test_a_roll_out_survives_being_written_down() -> None:
    before = rollout(V1, waves=(wave(1, 50, "FR"),), holds=((1, 2),), held_since=5, editions={"world": LADDER})
    assert msgspec.json.decode(msgspec.json.encode(before), type=Rollout) == before
    assert Subject("@ana:test.local", None, 0).region is None
