"""What follows from all of a person's decisions together."""

from palabre.policy.decisions.models import NOTHING_DECIDED, Accepted, Answers, Decision, fold

from .made import DAY, decision


def folded(*decisions: Decision) -> Answers:
    return fold(decisions).get("terms", NOTHING_DECIDED)


def test_nothing_decided() -> None:
    assert fold([]) == {}
    assert NOTHING_DECIDED.accepted is None
    assert NOTHING_DECIDED.taken_back(1) == 0


def test_an_acceptance_is_what_was_accepted() -> None:
    given = decision("accept", 2, 5, {"sharing": True}, edition="europe")
    answers = folded(given)
    assert answers.accepted == Accepted("accept-2-5", "v2", 2, "europe", 5 * DAY, {"sharing": True})
    assert answers.latest == {"v2": given}


def test_policies_are_apart() -> None:
    both = fold([decision("accept", 1), decision("decline", 1, policy="other")])
    assert both["terms"].accepted is not None
    assert both["other"].accepted is None
    assert both["other"].latest["v1"].kind == "decline"


def test_the_newest_version_binds_in_whatever_order_they_were_accepted() -> None:
    answers = folded(decision("accept", 3, 1), decision("accept", 1, 2), decision("accept", 2, 3))
    assert [accepted.number for accepted in answers.acceptances] == [1, 2, 3]
    assert answers.accepted is not None
    assert answers.accepted.number == 3


def test_accepting_again_replaces() -> None:
    answers = folded(decision("accept", 1, 1, edition="world"), decision("accept", 1, 2, edition="europe"))
    assert [(accepted.edition, accepted.at) for accepted in answers.acceptances] == [("europe", 2 * DAY)]


def test_declining_and_putting_off_leave_what_was_agreed_to() -> None:
    accepted = folded(decision("accept", 1)).acceptances
    after = folded(decision("accept", 1), decision("decline", 2, 1), decision("later", 2, 2))
    assert after.acceptances == accepted
    assert after.latest["v2"].kind == "later"
    assert after.latest["v1"].kind == "accept"
    assert after.withdrawn == {}


def test_withdrawing_brings_back_what_was_agreed_to_before() -> None:
    answers = folded(decision("accept", 1, 1), decision("accept", 2, 2), decision("withdraw", 2, 9))
    assert answers.accepted is not None
    assert answers.accepted.version == "v1"
    assert answers.withdrawn == {2: 9 * DAY}
    assert [answers.taken_back(number) for number in (1, 2, 3)] == [9 * DAY, 9 * DAY, 0]


def test_only_an_acceptance_can_be_taken_back() -> None:
    twice = folded(decision("accept", 1, 1), decision("withdraw", 1, 2), decision("withdraw", 1, 9))
    assert twice.withdrawn == {1: 2 * DAY}
    assert folded(decision("accept", 1, 1), decision("withdraw", 2, 2)).withdrawn == {}
    again = folded(
        decision("accept", 1, 1), decision("withdraw", 1, 2), decision("accept", 1, 3), decision("withdraw", 1, 4)
    )
    assert again.withdrawn == {1: 4 * DAY}


def test_the_last_of_several_withdrawals_counts() -> None:
    answers = folded(
        decision("accept", 1, 1), decision("accept", 2, 1), decision("withdraw", 1, 5), decision("withdraw", 2, 3)
    )
    assert answers.taken_back(1) == 5 * DAY
    assert answers.taken_back(2) == 3 * DAY


def test_choosing_changes_what_is_on_and_nothing_else() -> None:
    answers = folded(
        decision("accept", 1, 1, {"a": False, "b": True}), decision("choose", 1, 2, {"a": True, "b": True})
    )
    assert answers.accepted == Accepted("accept-1-1", "v1", 1, "world", DAY, {"a": True, "b": True})
    assert folded(decision("choose", 1, 2, {"a": True})).acceptances == ()


def test_what_is_switched_off_in_a_later_version_is_off_in_earlier_ones() -> None:
    on = {"a": True, "b": True, "c": True}
    both = (decision("accept", 1, 1, on), decision("accept", 2, 2, {"a": False, "b": True}))
    assert folded(*both).acceptances[0].choices == {"a": False, "b": True, "c": True}
    assert folded(*both, decision("withdraw", 2, 3)).acceptances[0].choices == {"a": False, "b": True, "c": True}
    chosen = folded(*both, decision("choose", 2, 3, {"a": True, "b": False}))
    assert [accepted.choices for accepted in chosen.acceptances] == [
        {"a": False, "b": False, "c": True},
        {"a": True, "b": False},
    ]


def test_switching_on_holds_for_the_version_it_was_done_in() -> None:
    answers = folded(decision("accept", 1, 1, {"a": False}), decision("accept", 2, 2, {"a": True}))
    assert [accepted.choices for accepted in answers.acceptances] == [{"a": False}, {"a": True}]


def test_refused_rows() -> None:
    first = decision("accept", 1, 1, {"a": False, "b": True})
    assert folded(first).refused == {"a": DAY}
    assert folded(first, decision("choose", 1, 3, {"a": True, "b": False})).refused == {"b": 3 * DAY}
    assert folded(first, decision("accept", 2, 4, {"a": False})).refused == {"a": 4 * DAY}
    assert folded(first, decision("decline", 2, 4)).refused == {"a": DAY}
