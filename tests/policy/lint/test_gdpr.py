"""GDPR articles 5 to 7 and 12 to 14, in the editions of the European Economic Area."""

from datetime import date

import pytest

from .examples import EUROPE, Broken, Draft, Edit, Fine, breaks, each, passes

LONG = "One two three four five six seven eight nine ten " * 3
CONSEQUENCE = "Some rows are required, and the text never says what happens to who does not want that."
PEOPLE = "Data about the people around a person is used, and the text never mentions those who do not use the service."
COPIES = "It is kept as long as the account, and a copy goes to {}: how long it is kept there is not said."
MISSING = "The data goes to {} in {}, and `transfer` does not say so."


BREAKS: Broken = [
    (
        "GDPR-5-1-A-EARLIER",
        lambda d: d.row("ads").update(covers_earlier=True, recipients=["us", "shop", "sister", "cloud"]),
        [(f"{EUROPE}.processing[ads]", "Data that was collected under earlier terms goes to Shop, Sister too.")],
    ),
    (
        "GDPR-5-1-A-EARLIER",
        each(
            lambda d: d.policy["recipients"]["shop"].update(role="business"),
            lambda d: d.row("messages").update(recipients=["shop"]),
        ),
        [(f"{EUROPE}.processing[messages]", "Data that was collected under earlier terms goes to Shop too.")],
    ),
    (
        "GDPR-13-1-C-BASIS",
        lambda d: d.row("ads").update(legal_basis="eu-gdpr:A45-3"),
        [(f"{EUROPE}.processing[ads]", "eu-gdpr:A45-3 is none of them.")],
    ),
    (
        "GDPR-6-1-B-NECESSITY",
        lambda d: d.row("security").update(legal_basis="eu-gdpr:A6-1-b-contract-performance"),
        [
            (
                f"{EUROPE}.processing[security]",
                "It rests on the contract, but dpv:EnforceSecurity is not what people use the service for.",
            )
        ],
    ),
    (
        "GDPR-7-4-CONDITIONAL",
        lambda d: d.row("security").update(legal_basis="eu-gdpr:A6-1-a"),
        [(f"{EUROPE}.processing[security]", "It is required, and rests on consent.")],
    ),
    (
        "GDPR-7-OPTIONAL-BASIS",
        lambda d: d.row("ads").update(legal_basis="eu-gdpr:A6-1-f"),
        [
            (
                f"{EUROPE}.processing[ads]",
                "It is optional, but its basis is eu-gdpr:A6-1-f: people are led to believe that they consent.",
            )
        ],
    ),
    (
        "GDPR-12-SUMMARY",
        lambda d: d.text().update(summary="decline " * 401),
        [("en.summary.md (europe)", "The summary has 401 words.")],
    ),
    (
        "GDPR-12-SENTENCES",
        lambda d: d.text().update(summary=f"{LONG} eleven."),
        [("en.summary.md (europe)", "Its sentences have 31 words on average.")],
    ),
    (
        "GDPR-12-SENTENCES",
        lambda d: d.text("fr").update(text=f"{LONG} onze."),
        [("fr.md (europe)", "Its sentences have 31 words on average.")],
    ),
    (
        "GDPR-13-1-A-REPRESENTATIVE",
        each(
            lambda d: d.policy.pop("representative"),
            lambda d: d.policy["recipients"]["us"].update(country="US"),
        ),
        [
            (
                "policy.yaml: representative",
                "Nothing says that the controller is in the European Economic Area, and no representative is named.",
            )
        ],
    ),
    (
        "GDPR-13-1-B-OFFICER",
        lambda d: d.policy.pop("data_protection_officer"),
        [("policy.yaml: data_protection_officer", "No data protection officer is named.")],
    ),
    (
        "GDPR-13-1-D-INTEREST",
        lambda d: d.row("security").update(text={"en": "Safety.", "fr": "Sûreté."}),
        [
            (
                f"{EUROPE}.processing[security].text.{locale}",
                "It rests on a legitimate interest, and the text does not say which.",
            )
            for locale in ("en", "fr")
        ],
    ),
    (
        "GDPR-13-1-E-RECIPIENTS",
        lambda d: d.policy["recipients"]["shop"].pop("address"),
        [("policy.yaml: recipients.shop", "Nothing says where to reach Shop, who gets data.")],
    ),
    (
        "GDPR-13-1-F-TRANSFER",
        lambda d: d.row("hosting").update(transfer="none"),
        [(f"{EUROPE}.processing[hosting].transfer", MISSING.format("Cloud", "US"))],
    ),
    (
        "GDPR-13-1-F-TRANSFER",
        each(
            lambda d: d.policy["recipients"]["shop"].update(country="IN"),
            lambda d: d.policy["recipients"]["sister"].update(country="GB"),
            lambda d: d.row("hosting").update(recipients=["cloud", "shop", "sister", "us"]),
        ),
        [
            (f"{EUROPE}.processing[ads].transfer", MISSING.format("Sister", "GB")),
            (f"{EUROPE}.processing[hosting].transfer", MISSING.format("Shop, Sister", "GB, IN")),
        ],
    ),
    (
        "GDPR-13-1-F-SAFEGUARD",
        lambda d: d.row("hosting")["transfer"].update(safeguard="eu-gdpr:A6-1-a"),
        [
            (
                f"{EUROPE}.processing[hosting].transfer.safeguard",
                "eu-gdpr:A6-1-a is none of the safeguards of the law.",
            )
        ],
    ),
    (
        "GDPR-13-2-A-RETENTION",
        lambda d: d.row("ads").update(retention="account", recipients=["us", "shop", "sister", "cloud"]),
        [
            (
                f"{EUROPE}.processing[ads].retention",
                COPIES.format("Shop, Sister"),
            )
        ],
    ),
    (
        "GDPR-13-2-A-RETENTION",
        each(
            lambda d: d.policy["recipients"]["shop"].update(role="business"),
            lambda d: d.row("messages").update(recipients=["shop"]),
        ),
        [
            (
                f"{EUROPE}.processing[messages].retention",
                COPIES.format("Shop"),
            )
        ],
    ),
    (
        "GDPR-13-2-B-RIGHTS",
        lambda d: d.policy["rights"].update(terms=["eu-gdpr:A7-3", "eu-gdpr:A15", "eu-gdpr:A77", "eu-gdpr:A17"]),
        [
            (
                "policy.yaml: rights.terms",
                "It does not name eu-gdpr:A16 (rectification), eu-gdpr:A18 (restriction), "
                "eu-gdpr:A20 (portability), eu-gdpr:A21 (objection).",
            )
        ],
    ),
    (
        "GDPR-13-2-C-WITHDRAWAL",
        lambda d: d.policy["rights"]["terms"].remove("eu-gdpr:A7-3"),
        [("policy.yaml: rights.terms", "Something rests on consent, and the right to withdraw it is not named.")],
    ),
    (
        "GDPR-13-2-D-COMPLAINT",
        lambda d: d.policy["rights"]["terms"].remove("eu-gdpr:A77"),
        [("policy.yaml: rights.terms", "The right to complain is not named.")],
    ),
    (
        "GDPR-13-2-E-CONSEQUENCE",
        lambda d: d.text().update(text="# Terms\n\n## Data\n\nWe use your number.\n"),
        [("en.md (europe)", CONSEQUENCE)],
    ),
    (
        "GDPR-13-3-EFFECTIVE",
        lambda d: d.policy.update(effective="2021-01-05"),
        [("policy.yaml: effective", "The version applies from 2021-01-05, but people are told from 2021-01-06 on.")],
    ),
    (
        "GDPR-14-NON-USERS",
        lambda d: d.row("ads").update(data="pd:SocialNetwork"),
        [("en.md (europe)", PEOPLE), ("fr.md (europe)", PEOPLE)],
    ),
]
FINE: Fine = [
    ("GDPR-5-1-A-EARLIER", lambda d: d.row("ads", "world").update(covers_earlier=True)),
    ("GDPR-5-1-A-EARLIER", lambda d: d.row("messages").update(recipients=["cloud", "us"])),
    ("GDPR-13-1-C-BASIS", lambda d: d.row("ads", "world").update(legal_basis="eu-gdpr:A45-3")),
    ("GDPR-6-1-B-NECESSITY", lambda d: d.row("security", "world").update(legal_basis="eu-gdpr:A6-1-b")),
    (
        "GDPR-6-1-B-NECESSITY",
        lambda d: d.row("ads").update(purpose="dpv:AccountManagement", legal_basis="dpv:Contract"),
    ),
    ("GDPR-7-4-CONDITIONAL", lambda d: d.row("security", "world").update(legal_basis="eu-gdpr:A6-1-a")),
    ("GDPR-7-OPTIONAL-BASIS", lambda d: d.row("ads", "world").update(legal_basis="eu-gdpr:A6-1-f")),
    ("GDPR-7-OPTIONAL-BASIS", lambda d: d.row("ads").update(legal_basis="eu-gdpr:A9-2-a")),
    ("GDPR-12-SUMMARY", lambda d: d.text().update(summary="decline " * 400)),
    ("GDPR-12-SUMMARY", lambda d: d.text("en", "world").update(summary="decline " * 401)),
    ("GDPR-12-SENTENCES", lambda d: d.text().update(summary=f"{LONG}.")),
    ("GDPR-12-SENTENCES", lambda d: d.text("en", "world").update(summary=f"{LONG} eleven.")),
    ("GDPR-13-1-A-REPRESENTATIVE", lambda d: d.policy.pop("representative")),
    ("GDPR-13-1-A-REPRESENTATIVE", lambda d: d.policy["recipients"]["us"].update(country="US")),
    ("GDPR-13-1-D-INTEREST", lambda d: d.row("ads").update(text={"en": "Advertising.", "fr": "Publicité."})),
    ("GDPR-13-1-D-INTEREST", lambda d: d.row("security", "world").update(text={"en": "Safety.", "fr": "Sûreté."})),
    ("GDPR-13-1-F-TRANSFER", lambda d: d.row("hosting", "world").update(transfer="none")),
    ("GDPR-13-1-F-TRANSFER", lambda d: d.row("hosting").update(recipients=["us"], transfer="none")),
    ("GDPR-13-1-F-SAFEGUARD", lambda d: d.row("hosting", "world")["transfer"].update(safeguard="eu-gdpr:A6-1-a")),
    ("GDPR-13-2-A-RETENTION", lambda d: d.row("ads", "world").update(retention="account")),
    ("GDPR-13-2-A-RETENTION", lambda d: d.row("messages").update(recipients=["cloud", "us"])),
    (
        "GDPR-13-2-C-WITHDRAWAL",
        each(
            lambda d: d.policy["rights"]["terms"].remove("eu-gdpr:A7-3"),
            lambda d: d.edition()["processing"].remove(d.row("ads")),
        ),
    ),
    ("GDPR-13-2-E-CONSEQUENCE", lambda d: d.text("en", "world").update(text="We use your number.")),
    (
        "GDPR-13-2-E-CONSEQUENCE",
        each(
            lambda d: d.text().update(text="We use your number."),
            lambda d: d.edition().update(processing=[d.row("ads")]),
        ),
    ),
    (
        "GDPR-13-2-E-CONSEQUENCE",
        lambda d: d.text().update(text="We use your number.", summary="Your number is required, you can decline."),
    ),
    ("GDPR-13-3-EFFECTIVE", lambda d: d.policy.update(effective="2021-01-06")),
    ("GDPR-14-NON-USERS", lambda d: d.row("ads", "world").update(data="pd:SocialNetwork")),
    (
        "GDPR-14-NON-USERS",
        each(
            lambda d: d.row("ads").update(data="pd:SocialNetwork"),
            lambda d: d.text().update(summary="We forget non-users. You can decline."),
            lambda d: d.text("fr").update(text="# A\n\n## B\n\nRequis. Qui n’utilise pas le service est oublié."),
        ),
    ),
]


@pytest.mark.parametrize(("code", "edit", "expected"), BREAKS)
def test_finds(code: str, edit: Edit, expected: list[tuple[str, str]]) -> None:
    breaks(code, edit, expected)


@pytest.mark.parametrize(("code", "edit"), FINE)
def test_passes(code: str, edit: Edit) -> None:
    passes(code, edit)


def test_a_plan_without_a_date_tells_people_today() -> None:
    draft = Draft()
    draft.rollout.pop("announce")
    draft.policy["effective"] = "2021-04-01"
    draft.today = date(2021, 4, 2)
    assert [place for place, _ in draft.found("GDPR-13-3-EFFECTIVE")] == ["policy.yaml: effective"]
    draft.today = date(2021, 4, 1)
    assert draft.found("GDPR-13-3-EFFECTIVE") == []
