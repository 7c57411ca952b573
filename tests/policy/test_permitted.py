"""What may be done with a person's data: never more than they accepted, and less as soon as anything says so."""

import pytest

from palabre.policy.decisions.models import NOTHING_DECIDED, Answers, Decision, fold
from palabre.policy.documents.grants import NO_GRANTS, Grant, Grants, chosen, of_row, required
from palabre.policy.documents.models import Version
from palabre.policy.permitted import permitted

from .made import decision, edition, row, version

SERVICE, ADS, SHARE = row("service"), row("ads"), row("share", "optional", to=("affiliate",))
V1 = version(1, edition("europe", ["FR"], SERVICE, SHARE), edition("world", ["*"], SERVICE, SHARE))
V2 = version(2, edition("europe", ["FR"], SERVICE, SHARE), edition("world", ["*"], SERVICE, ADS))
V3 = version(3, edition("europe", ["FR"], SERVICE), edition("world", ["*"], SERVICE))
ALL = {one.number: one for one in (V1, V2, V3)}


def answers(*decisions: Decision) -> Answers:
    return fold(decisions).get("terms", NOTHING_DECIDED)


def names(granted: Grants) -> set[str]:
    return {grant.purpose.removeprefix("dpv:").lower() for grant in granted}


def now(*decisions: Decision, region: str | None = "US", rolled_back: tuple[int, ...] = ()) -> set[str]:
    return names(permitted(region, answers(*decisions), ALL, rolled_back))


# rows


def test_a_row_grants_each_recipient_its_purpose_and_data() -> None:
    both = row("ads", to=("us", "partner"), data="pd:IPAddress")
    assert of_row(both) == {
        Grant("dpv:Ads", "pd:IPAddress", "us", False),
        Grant("dpv:Ads", "pd:IPAddress", "partner", False),
    }


def test_data_collected_earlier_is_a_wider_grant() -> None:
    assert of_row(row("ads")) < of_row(row("ads", earlier=True))
    assert {grant.earlier for grant in of_row(row("ads", earlier=True))} == {False, True}


def test_what_comes_with_accepting_and_what_is_chosen() -> None:
    own = edition("world", ["*"], SERVICE, SHARE, row("extra", "optional"))
    assert names(required(own)) == {"service"}
    assert chosen(own, {}) == required(own)
    assert names(chosen(own, {"share": True, "extra": False, "service": False})) == {"service", "share"}
    assert required(edition("none", ["*"])) == NO_GRANTS


# decisions


def test_who_accepted_nothing_permits_nothing() -> None:
    assert now() == set()
    assert now(decision("decline", 1), decision("later", 2)) == set()
    assert now(decision("accept", 1), decision("withdraw", 1)) == set()


def test_the_newest_acceptance_counts() -> None:
    assert now(decision("accept", 1, choices={"share": True})) == {"service", "share"}
    assert now(decision("accept", 1, choices={"share": True}), decision("accept", 2)) == {"service", "ads"}
    assert now(decision("accept", 1), decision("decline", 2)) == {"service"}


def test_a_choice_changes_it() -> None:
    assert now(decision("accept", 1), decision("choose", 1, choices={"share": True})) == {"service", "share"}


# another country


def test_in_another_country_what_both_editions_permit() -> None:
    assert now(decision("accept", 2), region="US") == {"service", "ads"}
    assert now(decision("accept", 2), region="FR") == {"service"}
    europe = decision("accept", 2, choices={"share": True}, edition="europe")
    assert now(europe, region="FR") == {"service", "share"}
    assert now(europe, region="US") == {"service"}
    assert now(europe, region=None) == {"service"}


# rolling back


def test_after_a_roll_back_what_was_accepted_before_and_nothing_that_the_later_one_left_out() -> None:
    on = decision("accept", 1, choices={"share": True})
    assert now(on, decision("accept", 2), rolled_back=(2,)) == {"service"}
    assert now(on, decision("accept", 3), rolled_back=(3,)) == {"service"}
    assert now(decision("accept", 2), decision("accept", 3), rolled_back=(3,)) == {"service"}
    assert now(decision("accept", 2), decision("accept", 3), rolled_back=(2, 3)) == {"service"}
    assert now(on, decision("decline", 2), rolled_back=(2,)) == {"service", "share"}


def test_the_first_acceptance_that_stands_ends_the_search() -> None:
    given = (decision("accept", 1), decision("accept", 2), decision("accept", 3))
    assert names(permitted("US", answers(*given), ALL, (1,))) == {"service"}
    assert now(decision("accept", 1), decision("accept", 2), rolled_back=(1,)) == {"service", "ads"}


def test_without_an_earlier_acceptance_what_the_version_before_has_in_common() -> None:
    assert now(decision("accept", 2), rolled_back=(2,)) == {"service"}
    shared = decision("accept", 2, choices={"share": True}, edition="europe")
    assert now(shared, rolled_back=(2,), region="FR") == {"service", "share"}
    assert now(decision("accept", 1), rolled_back=(1,)) == set()
    assert now(decision("accept", 2), rolled_back=(1, 2)) == set()


def test_the_version_before_is_the_newest_of_those_that_stand() -> None:
    narrow = version(2, edition("world", ["*"], SERVICE))
    wide = version(1, edition("world", ["*"], SERVICE, ADS))
    last = version(3, edition("world", ["*"], SERVICE, ADS))
    versions = {1: wide, 2: narrow, 3: last}
    accepted = answers(decision("accept", 3))
    assert names(permitted("US", accepted, versions, {3})) == {"service"}
    assert names(permitted("US", accepted, versions, {2, 3})) == {"service", "ads"}
    assert permitted("US", accepted, {3: last}, {3}) == NO_GRANTS


def test_of_the_version_before_the_edition_of_the_persons_country() -> None:
    wide = edition("europe", ["FR"], SERVICE, SHARE)
    versions = {
        1: version(1, wide, edition("world", ["*"], SERVICE)),
        2: version(2, wide, edition("world", ["*"], SERVICE, SHARE)),
    }
    accepted = answers(decision("accept", 2, choices={"share": True}, edition="europe"))
    assert names(permitted("FR", accepted, versions, {2})) == {"service", "share"}
    assert names(permitted("US", accepted, versions, {2})) == {"service"}


@pytest.mark.parametrize("later", [V2, V3])
def test_a_roll_back_never_widens(later: Version) -> None:
    given = answers(decision("accept", 1, choices={"share": True}), decision("accept", later.number))
    for region in ("FR", "US", None):
        before = permitted(region, given, ALL, ())
        assert permitted(region, given, ALL, {later.number}) <= before
