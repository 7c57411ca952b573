"""What changes for a person between two versions, for programs and in words."""

from typing import Any

import pytest
from msgspec.structs import replace

from palabre.policy.documents.diff import Change, compare, compare_editions, days, region_of
from palabre.policy.documents.models import Document, Edition, Recipient, Row, Transfer
from palabre.policy.documents.wording import retention_label, sentences, term_label, terms, texts, to_html

from .papers import ADVERTISING, FIRST, NUMBER, SECOND, SHARED, SUGGESTIONS

FULL = replace(
    SHARED,
    retention="P1Y",
    covers_earlier=False,
    legal_basis="eu-gdpr:A6-1-a",
    necessity="optional",
    recipients=["palabre", "lobi"],
)


def changes(old: Row | None, new: Row | None, **more: Any) -> list[Change]:
    def edition(row: Row | None) -> Edition:
        return Edition(id="world", countries=["*"], names={"en": "World"}, processing=[row] if row else [])

    return list(compare_editions(edition(old), edition(new), **more).changes)


@pytest.mark.parametrize(
    ("change", "kind", "fields", "wider"),
    [
        ({"necessity": "required"}, "became_required", ("necessity",), True),
        ({"recipients": ["palabre", "lobi", "sankofa"]}, "new_recipients", ("recipients",), True),
        ({"recipients": ["palabre"]}, "narrowed", ("recipients",), False),
        ({"covers_earlier": True}, "widened", ("covers_earlier",), True),
        ({"retention": "P13M"}, "longer_retention", ("retention",), True),
        ({"retention": "account"}, "longer_retention", ("retention",), True),
        ({"retention": "P11M"}, "narrowed", ("retention",), False),
        ({"purpose": "dpv:Advertising"}, "widened", ("purpose",), True),
        ({"data": "pd:Contact"}, "widened", ("data",), True),
        ({"purpose": "dpv:Advertising", "data": "pd:Contact"}, "widened", ("purpose", "data"), True),
        ({"transfer": "none"}, "narrowed", ("transfer",), False),
        (
            {"transfer": Transfer(countries=["US", "IN"], safeguard="eu-gdpr:SCCByCommission")},
            "widened",
            ("transfer",),
            True,
        ),
        ({"transfer": Transfer(countries=["US"], safeguard="eu-gdpr:A45-3")}, "changed", ("transfer",), False),
        ({"legal_basis": "eu-gdpr:A6-1-f"}, "widened", ("legal_basis",), True),
        ({"legal_basis": "dpv:Consent"}, "changed", ("legal_basis",), False),
        ({"text": {"en": "Otherwise.", "fr": "Autrement."}}, "changed", ("text",), False),
    ],
)
def test_each_change_of_a_row(change: dict[str, Any], kind: str, fields: tuple[str, ...], wider: bool) -> None:
    new = replace(FULL, **change)
    assert changes(FULL, new) == [Change(kind, FULL.id, FULL, new, fields, wider)]  # type: ignore[arg-type]  # parametrized


def test_more_choice_is_no_widening() -> None:
    before = replace(FULL, necessity="required")
    assert changes(before, FULL) == [Change("became_optional", FULL.id, before, FULL, ("necessity",), False)]
    before = replace(FULL, covers_earlier=True)
    assert changes(before, FULL) == [Change("narrowed", FULL.id, before, FULL, ("covers_earlier",), False)]


def test_a_row_that_comes_widens_and_one_that_goes_does_not() -> None:
    assert changes(None, FULL) == [Change("added", FULL.id, None, FULL, (), True)]
    assert changes(FULL, None) == [Change("removed", FULL.id, FULL, None, (), False)]


def test_nothing_changes_where_nothing_changed() -> None:
    same = replace(FULL, recipients=["lobi", "palabre"], retention="P12M")
    assert days("P12M") == days("P1Y")
    assert changes(FULL, same) == []


def test_a_row_can_change_in_several_ways() -> None:
    new = replace(FULL, necessity="required", recipients=["sankofa"], retention="account", transfer="none")
    kinds = [change.kind for change in changes(FULL, new)]
    assert kinds == ["became_required", "new_recipients", "narrowed", "longer_retention"]
    narrowed = changes(FULL, new)[2]
    assert narrowed.fields == ("recipients", "transfer")
    assert not narrowed.wider


def test_another_company_under_the_same_key_is_a_new_recipient() -> None:
    policy = replace(
        SECOND.document.policy,
        recipients={
            **SECOND.document.policy.recipients,
            "lobi": Recipient(name="Lobi Ads", role="third-party", country="US"),
        },
    )
    new = replace(SECOND.document, policy=policy)
    diff = compare(SECOND.document, new, "FR")
    assert {change.row_id for change in diff.changes} == {"number-shared", "advertising"}
    assert {change.kind for change in diff.changes} == {"new_recipients"}
    assert diff.widens
    assert "Lobi Ads" in sentences(diff, "en", new)[0]
    assert "Sankofa" not in sentences(diff, "en", new)[0]


def test_who_has_accepted_nothing_yet_sees_everything_as_new() -> None:
    diff = compare(None, SECOND.document, None)
    assert [change.kind for change in diff.changes] == ["added"] * 5
    assert diff.widens


def test_people_of_two_editions_see_different_changes() -> None:
    europe, world = SECOND.document.policy.editions
    spared = replace(europe, processing=[row for row in europe.processing if row.id != SHARED.id])
    new = replace(SECOND.document, policy=replace(SECOND.document.policy, editions=[spared, world]))
    in_france = {change.row_id for change in compare(FIRST.document, new, "FR").changes}
    in_senegal = {change.row_id for change in compare(FIRST.document, new, "SN").changes}
    assert in_senegal - in_france == {SHARED.id}
    assert region_of(new, "europe") == "FR"
    assert region_of(new, "world") is None
    with pytest.raises(KeyError):
        region_of(new, "asia")


def test_moving_between_editions_compares_them() -> None:
    europe = Edition(id="europe", countries=["FR"], names={"en": "Europe"}, processing=[NUMBER])
    world = Edition(id="world", countries=["*"], names={"en": "World"}, processing=[NUMBER, ADVERTISING])
    assert compare_editions(europe, world).widens
    assert not compare_editions(world, europe).widens


# in words


def said(old: Row | None, new: Row | None, locale: str, document: Document = SECOND.document) -> list[str]:
    def edition(row: Row | None) -> Edition:
        return Edition(id="world", countries=["*"], names={"en": "World"}, processing=[row] if row else [])

    return sentences(compare_editions(edition(old), edition(new)), locale, document)


def test_the_sentences_say_what_comes_and_what_goes() -> None:
    assert said(None, SHARED, "en") == [
        "New, and a condition of the service: your phone number, to adapt the service to you, by Lobi and Sankofa."
    ]
    assert said(None, SUGGESTIONS, "fr") == [
        "Nouveau, et à votre choix\u202f; désactivé tant que vous ne l’activez pas\u00a0: vos coordonnées, "
        "pour adapter le service à vous, par Palabre."
    ]
    assert said(ADVERTISING, None, "en") == ["No longer: your transactions, for personalised advertising, by Lobi."]


def test_the_sentences_say_what_is_different() -> None:
    assert said(FULL, replace(FULL, retention="account"), "en") == [
        "Kept longer: your phone number, to adapt the service to you. Now as long as your account exists; "
        "before, 1 year."
    ]
    moved = replace(FULL, transfer="none", covers_earlier=True)
    assert said(FULL, moved, "en") == [
        "More: your phone number, to adapt the service to you. "
        "It now also covers what was collected before you accept.",
        "Less: your phone number, to adapt the service to you. Now it goes to no other country; before, to "
        "United States, protected by standard contractual clauses of the European Commission.",
    ]
    assert "États-Unis" in said(FULL, moved, "fr")[1]


def test_no_change_is_said_too() -> None:
    assert said(FULL, FULL, "en") == ["Nothing changes in what is done with your data."]
    assert said(FULL, FULL, "fr") == ["Rien ne change dans ce qui est fait de vos données."]


@pytest.mark.parametrize("locale", ["en", "fr", "de"])
def test_every_change_has_a_sentence_in_every_locale(locale: str) -> None:
    other = replace(
        FULL,
        purpose="dpv:Advertising",
        data="pd:Contact",
        recipients=["sankofa"],
        legal_basis="eu-gdpr:A6-1-f",
        necessity="required",
        retention="P1Y6M2W3D",
        transfer=Transfer(countries=["US"], safeguard="eu-gdpr:A45-3"),
        covers_earlier=True,
        text={"en": "Otherwise."},
    )
    for old, new in ((FULL, other), (other, FULL)):
        for sentence in said(old, new, locale):
            assert sentence.endswith((".", "”", "»"))
            assert "{" not in sentence


def test_a_recipient_that_nobody_knows_any_more_is_called_by_its_key() -> None:
    assert "by gone-away" in said(replace(FULL, recipients=["gone-away"]), None, "en")[0]


def test_html_is_a_list_and_escapes_what_people_wrote() -> None:
    policy = replace(
        SECOND.document.policy,
        recipients={"palabre": Recipient(name="<script>&", role="controller", country="FR")},
    )
    diff = compare_editions(None, Edition(id="e", countries=["*"], names={"en": "E"}, processing=[NUMBER]))
    html = to_html(diff, "en", replace(SECOND.document, policy=policy))
    assert html.startswith('<ul class="changes">\n<li class="wider">')
    assert "&lt;script&gt;&amp;" in html
    assert "<script" not in html
    nothing = compare_editions(None, Edition(id="e", countries=["*"], names={"en": "E"}, processing=[]))
    assert to_html(nothing, "fr", SECOND.document).startswith("<p>Rien ne change")


def test_terms_in_plain_words() -> None:
    assert term_label("pd:TelephoneNumber", "en") == "your phone number"
    assert term_label("pd:TelephoneNumber", "fr-CA") == "votre numéro de téléphone"
    assert term_label("pd:FavouriteColour", "en") == "favourite colour"
    assert term_label("legal-us:A-1", "en") == "A-1"
    for term, labels in terms().items():
        assert set(labels) == {"en", "fr"}, term
        assert all(label == label.strip() and label for label in labels.values()), term


def test_durations_in_plain_words() -> None:
    assert retention_label("P1Y6M", "en") == "1 year and 6 months"
    assert retention_label("P2W1D", "fr") == "2 semaines et 1 jour"
    assert retention_label("account", "fr") == "aussi longtemps que votre compte existe"


def test_both_languages_have_the_same_sentences() -> None:
    assert texts().keys("en") == texts().keys("fr")
