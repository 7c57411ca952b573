"""The rules together: what is reported and in which order, what is acknowledged, and that no rule is left out."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre.policy.documents.reading import read_folder
from palabre.policy.lint import RULES, Finding, check

from . import (
    reference,
    test_completeness,
    test_editions,
    test_gdpr,
    test_history,
    test_ladder,
    test_locales,
    test_reminders,
    test_sharing,
)
from .examples import EUROPE, WORLD, Draft

ROOT = Path(__file__).parents[3]
ENFORCED = ["5-1-A", "7-4", "12", "13-1-C", "13-1-D", "13-1-E", "13-1-F", "13-2-A", "13-2-C", "13-2-E", "14"]
"""What regulators enforced of the GDPR."""


def test_the_good_version_is_good() -> None:
    draft = Draft()
    draft.after("2020-01-01")
    assert draft.check() == []
    draft.plan = None
    assert draft.check() == []


def test_without_a_plan_nothing_is_said_of_roll_outs() -> None:
    draft = Draft()
    draft.plan = None
    draft.text().update(summary="Your data.")
    draft.policy["effective"] = "1999-01-01"
    assert draft.check() == []


# findings


def test_a_finding_says_everything() -> None:
    draft = Draft()
    draft.row("ads", "world")["recipients"] = ["nobody"]
    assert draft.check() == [
        Finding(
            code="RECIPIENT-UNKNOWN",
            severity="error",
            duty="GDPR article 13(1)(e): people must know who gets their data.",
            place=f"{WORLD}.processing[ads]",
            message="The data goes to nobody, but `recipients` does not say who that is.",
            mend="Describe the recipient under `recipients`, or name one that is there.",
            acknowledged=None,
            edition="world",
        )
    ]


def test_errors_come_first_and_then_codes_and_places() -> None:
    draft = Draft()
    draft.policy["data_protection_officer"] = None
    draft.row("security")["legal_basis"] = draft.row("messages")["legal_basis"] = "eu-gdpr:A6-1-a"
    draft.row("messages", "world")["text"].pop("fr")
    draft.row("ads")["recipients"] = ["b", "a"]
    found = [(one.severity, one.code, one.place.removeprefix("policy.yaml: ")) for one in draft.check()]
    assert found == [
        ("error", "LOCALE-MISSING", "editions[world].processing[messages].text"),
        ("error", "RECIPIENT-UNKNOWN", "editions[europe].processing[ads]"),
        ("error", "RECIPIENT-UNKNOWN", "editions[europe].processing[ads]"),
        ("warning", "GDPR-13-1-B-OFFICER", "data_protection_officer"),
        ("warning", "GDPR-7-4-CONDITIONAL", "editions[europe].processing[messages]"),
        ("warning", "GDPR-7-4-CONDITIONAL", "editions[europe].processing[security]"),
    ]
    assert "goes to a," in draft.check()[1].message


def test_the_same_thing_is_found_once() -> None:
    draft = Draft()
    draft.row("ads")["recipients"] = ["x", "x"]
    assert len(draft.check()) == 1


# acknowledgements


def conditional(draft: Draft) -> list[str | None]:
    return [one.acknowledged for one in draft.check() if one.code == "GDPR-7-4-CONDITIONAL"]


def test_a_warning_can_be_acknowledged() -> None:
    draft = Draft()
    draft.row("security")["legal_basis"] = draft.row("messages")["legal_basis"] = "eu-gdpr:A6-1-a"
    assert conditional(draft) == [None, None]
    draft.acknowledge("GDPR-7-4-CONDITIONAL", "So it was.")
    draft.acknowledge("GDPR-7-4-CONDITIONAL", "Said twice.")
    assert conditional(draft) == ["So it was.", "So it was."]


def test_an_acknowledgement_of_one_edition_covers_no_other() -> None:
    draft = Draft()
    draft.edition("world")["countries"] = ["*", "FR"]
    draft.edition("europe")["countries"] = ["DE"]
    for edition in ("europe", "world"):
        draft.row("security", edition)["legal_basis"] = "eu-gdpr:A6-1-a"
    draft.acknowledge("GDPR-7-4-CONDITIONAL", "Only there.", "world")
    assert conditional(draft) == [None, "Only there."]


def test_an_error_cannot_be_acknowledged() -> None:
    draft = Draft()
    draft.row("ads")["recipients"] = ["nobody"]
    draft.acknowledge("RECIPIENT-UNKNOWN")
    assert [(one.code, one.acknowledged) for one in draft.check()] == [
        ("RECIPIENT-UNKNOWN", None),
        ("ACK-UNUSED", None),
    ]


def test_an_acknowledgement_of_nothing_is_a_warning_itself() -> None:
    draft = Draft()
    draft.row("security")["legal_basis"] = "eu-gdpr:A6-1-a"
    draft.acknowledge("GDPR-7-4-CONDITIONAL", edition="europe")
    draft.acknowledge("GDPR-7-4-CONDITIONAL", edition="world")
    draft.acknowledge("GDPR-13-1-B-OFFICER")
    draft.acknowledge("NO-SUCH-CODE")
    message = "It acknowledges {}, but there is no such warning here."
    assert draft.found("ACK-UNUSED") == [
        ("policy.yaml: acknowledgements[1]", message.format("GDPR-7-4-CONDITIONAL")),
        ("policy.yaml: acknowledgements[2]", message.format("GDPR-13-1-B-OFFICER")),
        ("policy.yaml: acknowledgements[3]", message.format("NO-SUCH-CODE")),
    ]


def test_what_cannot_be_seen_is_not_counted_as_unused() -> None:
    draft = Draft()
    draft.acknowledge("SMS-MANY")
    draft.acknowledge("DMA-5-2-YEAR")
    unused = [place for place, _ in draft.found("ACK-UNUSED")]
    assert unused == ["policy.yaml: acknowledgements[0]"]  # there is a plan, and no earlier version
    draft.plan = None
    assert draft.check() == []
    draft.after("2001-01-01")
    assert [place for place, _ in draft.found("ACK-UNUSED")] == ["policy.yaml: acknowledgements[1]"]


def test_even_the_warning_of_an_unused_acknowledgement_can_be_acknowledged() -> None:
    draft = Draft()
    draft.acknowledge("GDPR-13-1-B-OFFICER")
    draft.acknowledge("ACK-UNUSED", "It will be needed again.")
    assert [(one.code, one.acknowledged) for one in draft.check()] == [("ACK-UNUSED", "It will be needed again.")]


# every rule


def test_codes_are_unique_and_well_formed() -> None:
    codes = [rule.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[A-Z]+(-[A-Z0-9]+)+", code) for code in codes)


def test_every_rule_has_an_example_that_breaks_it() -> None:
    modules = (
        test_completeness,
        test_editions,
        test_gdpr,
        test_history,
        test_ladder,
        test_locales,
        test_reminders,
        test_sharing,
    )
    broken = {code for module in modules for code, _, _ in module.BREAKS}
    assert broken | {"ACK-UNUSED"} == {rule.code for rule in RULES}


@pytest.mark.parametrize("article", ENFORCED)
def test_every_duty_that_was_enforced_has_a_rule(article: str) -> None:
    assert any(rule.code.startswith(f"GDPR-{article}-") for rule in RULES)


def test_the_documentation_has_every_rule() -> None:
    """`python -m tests.policy.lint.reference` writes it anew."""
    assert reference.whole(reference.DOCUMENT.read_text(encoding="utf-8")) == reference.DOCUMENT.read_text(
        encoding="utf-8"
    )


# whatever it is given


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_it_says_something_of_any_version_and_never_fails(data: st.DataObject) -> None:
    """Take things away at random: what can still be read can be checked, and checking again says the same."""
    draft = Draft()
    draft.after("2021-01-01")
    for _ in range(data.draw(st.integers(1, 4))):
        _take_away(data, data.draw(st.sampled_from([draft.policy, draft.wording, draft.rollout])))
    draft.today = data.draw(st.none() | st.just(date(2021, 5, 1)))
    try:
        folder = draft.folder()
    except msgspec.ValidationError:
        return
    findings = check(folder, draft.earlier, draft.today)
    assert findings == check(folder, draft.earlier, draft.today)
    assert all(one.message and one.mend and one.place for one in findings)


def _take_away(data: st.DataObject, value: Any) -> None:
    while value:
        key = data.draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        if not isinstance(value[key], dict | list) or not value[key] or data.draw(st.booleans()):
            del value[key]
            return
        value = value[key]


@pytest.mark.parametrize("folder", sorted(path.parent for path in (ROOT / "policies").glob("*/policy.yaml")))
def test_the_policies_that_come_with_it_have_no_errors(folder: Path) -> None:
    assert [one for one in check(read_folder(folder)) if one.severity == "error"] == []


def test_the_policy_of_2021_can_be_published_with_its_breaches_named() -> None:
    before, after = (read_folder(ROOT / "policies" / f"whatsapp-{year}") for year in (2016, 2021))
    findings = check(after, [before.document])
    assert all(one.severity == "warning" and one.acknowledged for one in findings)
    named = {"CCI-ADVERTISING", "CCI-CONDITION", "CPC-REFUSAL", "DMA-5-2-COMBINE", "GDPR-13-1-D-INTEREST"}
    assert named <= {one.code for one in findings}


def test_places_name_editions_and_rows() -> None:
    draft = Draft()
    draft.row("security")["legal_basis"] = "eu-gdpr:A6-1-a"
    assert [one.place for one in draft.check()] == [f"{EUROPE}.processing[security]"]
