"""What can be told of a text without understanding it. And which terms count as what."""

import pytest

from palabre.policy.lint import prose, vocabulary


def test_headings_are_those_of_the_text_and_not_of_code_in_it() -> None:
    assert prose.headings("# A\n\ntext\n\n### B\n#no heading\n") == [1, 3]
    assert prose.headings("```\n# code\n```\n# A\n~~~\n## code\n~~~\n###### B\n") == [1, 6]
    assert prose.headings("") == []


@pytest.mark.parametrize(
    ("text", "words"), [("", 0), ("one", 1), ("It's the users’ e-mail.", 4), ("a  b\nc", 3), ("# - **", 0)]
)
def test_words(text: str, words: int) -> None:
    assert prose.words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("One two three. Four!", 2),
        ("One two three. Four five? Six seven eight nine ten eleven", 4),
        ("One two: three four", 2),
        ("Version 2.3 counts once.", 5),
        ("# One two\n\nThree four", 2),
        ("- one two\n- three four\n", 2),
        ("1. one two\n2. three four\n", 2),
        ("one two\nthree four", 4),
        ("One. " * 9 + "Two three four five six.", 1),
    ],
)
def test_words_in_a_sentence(text: str, words: int) -> None:
    assert prose.words_in_a_sentence(text) == words


@pytest.mark.parametrize(
    ("text", "topic", "locale"),
    [
        ("You can REFUSE it.", "refusal", "en"),
        ("You may refuse.", "refusal", "en-GB"),
        ("Vous pouvez décliner.", "refusal", "fr"),
        ("Si vous n’acceptez pas…", "refusal", "fr-CA"),
        ("Notre INTÉRÊT légitime", "interest", "fr"),
        ("It is required.", "consequence", "en"),
        ("C'est nécessaire.", "consequence", "fr"),
        ("people without an account", "non-users", "en"),
        ("ceux qui n’utilisent pas", "non-users", "fr"),
        ("was auch immer", "refusal", "de"),
    ],
)
def test_it_mentions(text: str, topic: str, locale: str) -> None:
    assert prose.mentions(text, topic, locale)


@pytest.mark.parametrize("topic", prose.TOPICS)
@pytest.mark.parametrize(("text", "locale"), [("We like you.", "en"), ("Vous nous plaisez.", "fr-CA")])
def test_it_does_not_mention(topic: str, text: str, locale: str) -> None:
    assert not prose.mentions(text, topic, locale)


def test_every_topic_can_be_judged_in_both_languages() -> None:
    assert all(set(patterns) == {"en", "fr"} for patterns in prose.TOPICS.values())


CONSENT = ("eu-gdpr:A6-1-a", "eu-gdpr:A6-1-a-explicit-consent", "eu-gdpr:A9-2-a", "dpv:Consent", "dpv:ExpressedConsent")
CONTRACT = ("eu-gdpr:A6-1-b", "eu-gdpr:A6-1-b-contract-performance", "dpv:Contract", "dpv:EnterIntoContract")
INTEREST = (
    "eu-gdpr:A6-1-f",
    "eu-gdpr:A6-1-f-third-party",
    "dpv:LegitimateInterest",
    "dpv:LegitimateInterestOfController",
)
OTHER = ("eu-gdpr:A6-1-c", "eu-gdpr:A9-2-h", "dpv:LegalObligation", "dpv:VitalInterest")
NONE = ("dpv:ServiceProvision", "eu-gdpr:A15", "eu-gdpr:A45-3")


@pytest.mark.parametrize("basis", [*CONSENT, *CONTRACT, *INTEREST, *OTHER, *NONE])
def test_bases(basis: str) -> None:
    assert vocabulary.is_consent(basis) == (basis in CONSENT)
    assert vocabulary.is_contract(basis) == (basis in CONTRACT)
    assert vocabulary.is_interest(basis) == (basis in INTEREST)
    assert vocabulary.is_basis(basis) == (basis not in NONE)


@pytest.mark.parametrize(
    "safeguard", ["eu-gdpr:A45-3", "eu-gdpr:A46-2-c", "eu-gdpr:A49-1-a", "eu-gdpr:BindingCorporateRules"]
)
def test_safeguards(safeguard: str) -> None:
    assert vocabulary.is_safeguard(safeguard)


@pytest.mark.parametrize("term", ["eu-gdpr:A4", "eu-gdpr:A6-1-a", "dpv:Consent"])
def test_no_safeguards(term: str) -> None:
    assert not vocabulary.is_safeguard(term)
