"""Where a person stands: which roll-out counts, what satisfies it, and until when the answer is right."""

from typing import Any

import pytest
from msgspec.structs import replace

from palabre.policy.decisions.models import Answers, Decision, fold
from palabre.policy.rollouts.models import FOREVER, Ladder, Level, Rollout, Standing, Subject, Terms
from palabre.policy.rollouts.standing import in_order, satisfied, standing

from .made import DAY, LADDER, NOTICE, decision, edition, rollout, row, step, subject, version, wave

V1, V2, V3 = version(1), version(2), version(3)
EDITORIAL = version(4, kind="editorial")
EDITIONS = version(
    5,
    edition("europe", ["FR"], row("service")),
    edition("asia", ["IN"], row("service"), row("extra")),
    edition("world", ["*"], row("service"), row("ads")),
)


def at(day: float, *rollouts: Rollout, decided: tuple[Decision, ...] = (), who: Subject | None = None) -> Standing:
    return standing(who or subject(), fold(decided), in_order(rollouts), int(day * DAY))


def level(day: float, *rollouts: Rollout, **more: Any) -> str:
    return at(day, *rollouts, **more).level.label


# order


def test_only_what_has_been_started_counts() -> None:
    states = ("draft", "started", "held", "rolled_back")
    made = [rollout(version(number), state=state) for number, state in enumerate(states, 1)]
    assert [[one.state for one in group] for group in in_order(made)] == [["held", "started"]]
    assert in_order([]) == ()


def test_policies_are_apart_and_the_newest_version_comes_first() -> None:
    of_b = rollout(version(1, policy="b"), "z")
    of_a = [rollout(version(number, policy="a"), name) for number, name in ((1, "p"), (2, "s"), (2, "r"), (1, "q"))]
    assert [[one.rollout_id for one in group] for group in in_order([of_b, *of_a])] == [["r", "s", "p", "q"], ["z"]]


# the ladder goes by


def test_nothing_published_asks_nothing() -> None:
    assert at(5) == Standing(Level.NONE, 5 * DAY, FOREVER, ())


@pytest.mark.parametrize(
    ("day", "expected", "until"),
    [
        (-1, "none", 0),
        (0, "notice", 10),
        (9.99, "notice", 10),
        (10, "reminder", 30),
        (29.99, "reminder", 30),
        (30, "limited", 40),
        (40, "locked", 50),
        (50, "deletion_scheduled", 80),
        (80, "deleted", None),
    ],
)
def test_every_step_in_turn(day: float, expected: str, until: int | None) -> None:
    found = at(day, rollout(V1))
    assert found.level.label == expected
    assert found.computed == int(day * DAY)
    assert found.valid_until == (FOREVER if until is None else until * DAY)
    assert found.asked == (() if expected == "none" else ("r1",))


def test_told_but_nothing_to_say_yet() -> None:
    later = rollout(V1, ladder=Ladder(30 * DAY, (step(Level.NOTICE, 5, "announce"),)))
    assert at(1, later) == Standing(Level.NONE, DAY, 5 * DAY, ())
    assert at(6, later).valid_until == FOREVER


def test_no_wave_reaches_the_person() -> None:
    elsewhere = rollout(V2, waves=(wave(0, 100, "US"),))
    assert at(90, elsewhere) == Standing(Level.NONE, 90 * DAY, FOREVER, ())
    assert at(35, elsewhere, rollout(V1)).asked == ("r1",)


# what satisfies


def answers(*decided: Decision) -> Answers:
    return fold(decided)["terms"]


def test_the_version_or_a_later_one_satisfies() -> None:
    own = rollout(V2)
    assert not satisfied(own, Answers(), "FR")
    assert not satisfied(own, answers(decision("accept", 1)), "FR")
    assert satisfied(own, answers(decision("accept", 2)), "FR")
    assert satisfied(own, answers(decision("accept", 3)), "FR")
    for kind in ("decline", "later"):
        assert not satisfied(own, answers(decision(kind, 2)), "FR")
    assert not satisfied(own, answers(decision("accept", 2), decision("withdraw", 2)), "FR")


def test_an_edition_that_asks_for_as_much_or_more_satisfies() -> None:
    own = rollout(EDITIONS)
    world, europe = decision("accept", 5, edition="world"), decision("accept", 5, edition="europe")
    assert [satisfied(own, answers(world), region) for region in ("US", None, "FR", "IN")] == [True, True, True, False]
    assert [satisfied(own, answers(europe), region) for region in ("US", None, "FR", "IN")] == [
        False,
        False,
        True,
        False,
    ]
    assert not satisfied(own, answers(decision("accept", 5, edition="unknown")), "FR")
    assert satisfied(own, answers(decision("accept", 6, edition="unknown")), "FR")


def test_an_editorial_version_has_only_to_be_seen() -> None:
    own = rollout(EDITORIAL)
    for kind in ("accept", "decline", "later"):
        assert satisfied(own, answers(decision(kind, 4)), "FR")
    assert satisfied(own, answers(decision("accept", 5)), "FR")
    assert not satisfied(own, answers(decision("accept", 3)), "FR")
    assert not satisfied(rollout(version(4)), answers(decision("decline", 4)), "FR")


def test_accepting_ends_it_for_good() -> None:
    accepted = (decision("accept", 1, 5),)
    assert at(35, rollout(V1), decided=accepted) == Standing(Level.NONE, 35 * DAY, FOREVER, ())


def test_declining_changes_nothing() -> None:
    assert at(35, rollout(V1), decided=(decision("decline", 1, 5),)) == at(35, rollout(V1))


# withdrawing


def test_withdrawing_after_everything_was_due_begins_anew() -> None:
    decided = (decision("accept", 1, 5), decision("withdraw", 1, 300))
    found = [(day, level(day, rollout(V1), decided=decided)) for day in (300, 309, 310, 329, 330, 379, 380)]
    assert found == [
        (300, "notice"),
        (309, "notice"),
        (310, "reminder"),
        (329, "reminder"),
        (330, "limited"),
        (379, "deletion_scheduled"),
        (380, "deleted"),
    ]
    assert at(300, rollout(V1), decided=decided).valid_until == 310 * DAY


def test_withdrawing_something_older_buys_no_time() -> None:
    decided = (decision("accept", 1, 5), decision("withdraw", 1, 35))
    assert level(35, rollout(V2), decided=decided) == "limited"


# several


def test_the_newest_that_has_reached_the_person_counts() -> None:
    newer = rollout(V2, announce=35 * DAY, ladder=Ladder(70 * DAY, (step(Level.NOTICE, 35, "announce"),)))
    assert at(34, rollout(V1), newer) == Standing(Level.LIMITED, 34 * DAY, 35 * DAY, ("r1",))
    assert at(35, rollout(V1), newer) == Standing(Level.NOTICE, 35 * DAY, FOREVER, ("r2",))


def test_the_next_step_or_the_next_roll_out_whichever_is_first() -> None:
    newer = rollout(V2, announce=45 * DAY)
    assert at(34, rollout(V1), newer).valid_until == 40 * DAY
    assert at(41, rollout(V1), newer).valid_until == 45 * DAY


def test_a_satisfied_one_hides_the_one_before_too() -> None:
    decided = (decision("accept", 2, 1),)
    assert at(35, rollout(V1), rollout(V2), decided=decided).level is Level.NONE


def test_rolling_back_brings_back_the_one_before() -> None:
    both = at(35, rollout(V1), rollout(V2, state="rolled_back"))
    assert both == at(35, rollout(V1))


def test_an_editorial_one_leaves_the_one_before_in_force() -> None:
    found = at(35, rollout(V1), rollout(EDITORIAL, ladder=Ladder(30 * DAY, (NOTICE,))))
    assert (found.level, found.asked) == (Level.LIMITED, ("r1", "r4"))
    seen = (decision("later", 4, 1),)
    assert at(35, rollout(V1), rollout(EDITORIAL), decided=seen).asked == ("r1",)


def test_an_editorial_one_never_takes_anything() -> None:
    assert level(9, rollout(EDITORIAL)) == "notice"
    assert level(90, rollout(EDITORIAL)) == "notice"
    assert level(-1, rollout(EDITORIAL)) == "none"


def test_the_most_pressing_policy_decides() -> None:
    mild = rollout(version(1, policy="a"), "mild", ladder=Ladder(30 * DAY, (NOTICE,)))
    stern = rollout(version(1, policy="b"), "stern")
    assert at(35, mild, stern) == Standing(Level.LIMITED, 35 * DAY, 40 * DAY, ("stern", "mild"))
    assert at(35, stern, mild) == at(35, mild, stern)
    accepted = (decision("accept", 1, 1, policy="b"),)
    assert at(35, mild, stern, decided=accepted).asked == ("mild",)


def test_equally_pressing_ones_keep_their_order() -> None:
    two = [rollout(version(1, policy=name), name) for name in ("b", "a")]
    assert at(35, *two).asked == ("a", "b")


def test_a_later_policy_does_not_lengthen_what_an_earlier_one_shortens() -> None:
    soon = rollout(version(1, policy="a"), "soon")
    late = rollout(version(1, policy="b"), "late", ladder=Ladder(30 * DAY, (NOTICE, step(Level.LIMITED, 60))))
    assert at(35, soon, late).valid_until == 40 * DAY
    assert at(81, soon, late) == Standing(Level.DELETED, 81 * DAY, FOREVER, ("soon", "late"))


# holding


def test_a_hold_takes_nothing_and_asks_no_more_than_to_be_read() -> None:
    held = rollout(V1, state="held", held_since=45 * DAY)
    assert at(500, held) == Standing(Level.NOTICE, 500 * DAY, FOREVER, ("r1",))
    assert at(500, rollout(V1, state="held", held_since=-1)) == Standing(Level.NONE, 500 * DAY, FOREVER, ())


def test_who_comes_while_it_is_held_is_not_told() -> None:
    held = rollout(V1, state="held", held_since=5 * DAY)
    assert at(500, held, who=subject(6)) == Standing(Level.NONE, 500 * DAY, FOREVER, ())
    assert at(500, held, who=subject(5)).level is Level.NOTICE


def test_held_at_the_beginning_of_time() -> None:
    assert at(35, rollout(V1, state="held", held_since=0)) == Standing(Level.NOTICE, 35 * DAY, FOREVER, ("r1",))


def test_a_held_one_hides_the_one_before() -> None:
    assert level(60, rollout(V1), rollout(V2, state="held", held_since=DAY)) == "notice"


# editions


def test_the_ladder_of_the_persons_edition() -> None:
    kind = Ladder(90 * DAY, (NOTICE, step(Level.LIMITED, 90)))
    own = rollout(EDITIONS, editions={"europe": kind})
    assert level(40, own, who=subject(region="FR")) == "notice"
    assert level(90, own, who=subject(region="FR")) == "limited"
    assert level(40, own, who=subject(region="US")) == "locked"
    assert level(40, own, who=subject(region=None)) == "locked"
    assert LADDER.deadline < kind.deadline


def test_in_another_country_an_acceptance_may_not_be_enough() -> None:
    accepted = (decision("accept", 5, 1, edition="europe"),)
    assert level(35, rollout(EDITIONS), decided=accepted, who=subject(region="FR")) == "none"
    assert level(35, rollout(EDITIONS), decided=accepted, who=subject(region="US")) == "limited"


def test_an_edition_that_keeps_data_longer_has_to_be_accepted() -> None:
    """The same recipients may do the same things, but for longer: moving there is not having agreed to it."""
    short = edition("short", ["FR"], replace(row("service"), retention="P30D"))
    longer = edition("longer", ["*"], replace(row("service"), retention="P1Y"))
    within = Terms.of(version(1, short, longer)).within
    assert within == {"short": frozenset({"short"}), "longer": frozenset({"short", "longer"})}
