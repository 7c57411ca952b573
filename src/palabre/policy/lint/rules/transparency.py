"""GDPR articles 12 to 14: what people are told, and how. In the editions of the European Economic Area.

What is said once for all editions is said to people of the Area too: every country has an edition.

What depends on reading is judged by rough measures (`prose`): it finds what is surely missing or too long, no more.
"""

from collections.abc import Iterator
from datetime import date

from ...documents.reading import EEA
from ...rollouts.drafting import DAY, shown
from .. import prose
from ..case import Case, names
from ..models import Found, Rule, found
from ..vocabulary import PEOPLE_AROUND, is_consent, is_interest, is_safeguard

_SUMMARY_WORDS = 400
"""Two minutes of reading."""
_SENTENCE_WORDS = 30

_RIGHTS = {
    "eu-gdpr:A15": "access",
    "eu-gdpr:A16": "rectification",
    "eu-gdpr:A17": "erasure",
    "eu-gdpr:A18": "restriction",
    "eu-gdpr:A20": "portability",
    "eu-gdpr:A21": "objection",
}

_DPC = " The Irish DPC found it infringed by WhatsApp (IN-18-12-2, August 2021, 225 M EUR in all)."


def _long_summary(case: Case) -> Iterator[Found]:
    for edition, locale, wording in case.wordings(EEA):
        count = prose.words(wording.summary)
        if count > _SUMMARY_WORDS:
            yield found(f"{locale}.summary.md ({edition.id})", edition.id, count=count, most=_SUMMARY_WORDS)


def _long_sentences(case: Case) -> Iterator[Found]:
    for edition, locale, wording in case.wordings(EEA):
        for name, text in ((f"{locale}.summary.md", wording.summary), (f"{locale}.md", wording.text)):
            count = prose.words_in_a_sentence(text)
            if count > _SENTENCE_WORDS:
                yield found(f"{name} ({edition.id})", edition.id, count=count, most=_SENTENCE_WORDS)


def _no_representative(case: Case) -> Iterator[Found]:
    at_home = any(one.role == "controller" and one.country in EEA for one in case.policy.recipients.values())
    if case.policy.representative is None and not at_home:
        yield found("policy.yaml: representative")


def _no_officer(case: Case) -> Iterator[Found]:
    if case.policy.data_protection_officer is None:
        yield found("policy.yaml: data_protection_officer")


def _unsaid_interest(case: Case) -> Iterator[Found]:
    for place, edition, row in case.rows(EEA):
        for locale, text in sorted(row.text.items()):
            if is_interest(row.legal_basis) and not prose.mentions(text, "interest", locale):
                yield found(f"{place}.text.{locale}", edition.id)


def _unreachable_recipients(case: Case) -> Iterator[Found]:
    for key, recipient in case.policy.recipients.items():
        if recipient.role not in ("controller", "processor") and recipient.address is None:
            yield found(f"policy.yaml: recipients.{key}", name=recipient.name)


def _unsaid_transfer(case: Case) -> Iterator[Found]:
    for place, edition, row in case.rows(EEA):
        said = [] if row.transfer == "none" else row.transfer.countries
        abroad = [one for one in case.recipients(row) if one.country not in EEA and one.country not in said]
        if abroad:
            countries = ", ".join(sorted({one.country for one in abroad}))
            yield found(f"{place}.transfer", edition.id, recipients=names(abroad), countries=countries)


def _no_safeguard(case: Case) -> Iterator[Found]:
    for place, edition, row in case.rows(EEA):
        if row.transfer != "none" and not is_safeguard(row.transfer.safeguard):
            yield found(f"{place}.transfer.safeguard", edition.id, safeguard=row.transfer.safeguard)


def _copies(case: Case) -> Iterator[Found]:
    for place, edition, row in case.rows(EEA):
        others = case.recipients(row, "affiliate", "business", "third-party")
        if row.retention == "account" and others:
            yield found(f"{place}.retention", edition.id, recipients=names(others))


def _rights(case: Case) -> Iterator[Found]:
    missing = [f"{term} ({name})" for term, name in _RIGHTS.items() if term not in case.policy.rights.terms]
    if missing:
        yield found("policy.yaml: rights.terms", missing=", ".join(missing))


def _withdrawal(case: Case) -> Iterator[Found]:
    by_consent = any(is_consent(row.legal_basis) for _, _, row in case.rows(EEA))
    if by_consent and "eu-gdpr:A7-3" not in case.policy.rights.terms:
        yield found("policy.yaml: rights.terms")


def _complaint(case: Case) -> Iterator[Found]:
    if "eu-gdpr:A77" not in case.policy.rights.terms:
        yield found("policy.yaml: rights.terms")


def _consequence(case: Case) -> Iterator[Found]:
    for edition, locale, wording in case.wordings(EEA):
        required = any(row.necessity == "required" for row in edition.processing)
        if required and not prose.mentions(wording.summary + wording.text, "consequence", locale):
            yield found(f"{locale}.md ({edition.id})", edition.id)


def _applies_before_told(case: Case) -> Iterator[Found]:
    if case.timeline is None:
        return
    announced = date.fromordinal(date(1970, 1, 1).toordinal() + case.timeline.announce // DAY)
    if case.policy.effective < announced.isoformat():
        yield found("policy.yaml: effective", day=case.policy.effective, announce=shown(case.timeline.announce))


def _people_around(case: Case) -> Iterator[Found]:
    for edition, locale, wording in case.wordings(EEA):
        others = any(row.data in PEOPLE_AROUND for row in edition.processing)
        if others and not prose.mentions(wording.summary + wording.text, "non-users", locale):
            yield found(f"{locale}.md ({edition.id})", edition.id)


RULES = (
    Rule(
        "GDPR-12-SUMMARY",
        "warning",
        "GDPR article 12(1): concise." + _DPC,
        "The summary has {count} words.",
        "Say in {most} words or fewer what matters most; the whole text is beside it.",
        _long_summary,
    ),
    Rule(
        "GDPR-12-SENTENCES",
        "warning",
        "GDPR article 12(1): clear and plain language." + _DPC,
        "Its sentences have {count} words on average.",
        "Write sentences of {most} words or fewer on average.",
        _long_sentences,
    ),
    Rule(
        "GDPR-13-1-A-REPRESENTATIVE",
        "warning",
        "GDPR articles 13(1)(a) and 27: who answers for the processing in the Union.",
        "Nothing says that the controller is in the European Economic Area, and no representative is named.",
        "Name a `representative`, or the controller in the Area as a recipient with the role `controller`.",
        _no_representative,
    ),
    Rule(
        "GDPR-13-1-B-OFFICER",
        "warning",
        "GDPR articles 13(1)(b) and 37(1)(b): who follows many people regularly has a data protection officer.",
        "No data protection officer is named.",
        "Name a `data_protection_officer`.",
        _no_officer,
    ),
    Rule(
        "GDPR-13-1-D-INTEREST",
        "warning",
        "GDPR article 13(1)(d): the legitimate interests that are pursued." + _DPC,
        "It rests on a legitimate interest, and the text does not say which.",
        "Say in the row's text whose interest it is, and in what: “our interest in …”.",
        _unsaid_interest,
    ),
    Rule(
        "GDPR-13-1-E-RECIPIENTS",
        "warning",
        "GDPR article 13(1)(e): the recipients." + _DPC,
        "Nothing says where to reach {name}, who gets data.",
        "Give the recipient's `address`: a web or e-mail address.",
        _unreachable_recipients,
    ),
    Rule(
        "GDPR-13-1-F-TRANSFER",
        "warning",
        "GDPR articles 13(1)(f) and 44: transfers out of the European Economic Area." + _DPC,
        "The data goes to {recipients} in {countries}, and `transfer` does not say so.",
        "Name the countries and the safeguard under `transfer`.",
        _unsaid_transfer,
    ),
    Rule(
        "GDPR-13-1-F-SAFEGUARD",
        "warning",
        "GDPR articles 13(1)(f) and 45 to 49: what protects the data abroad." + _DPC,
        "{safeguard} is none of the safeguards of the law.",
        "Name one: `eu-gdpr:A45-3` (adequacy decision), `eu-gdpr:SCCByCommission`, …",
        _no_safeguard,
    ),
    Rule(
        "GDPR-13-2-A-RETENTION",
        "warning",
        "GDPR article 13(2)(a): how long the data is stored." + _DPC,
        "It is kept as long as the account, and a copy goes to {recipients}: how long it is kept there is not said.",
        "Write a duration that binds the recipients too, such as `P90D`.",
        _copies,
    ),
    Rule(
        "GDPR-13-2-B-RIGHTS",
        "warning",
        "GDPR article 13(2)(b): the rights that people have.",
        "It does not name {missing}.",
        "Add them to `rights.terms`, and say in `rights.how` how to use them.",
        _rights,
    ),
    Rule(
        "GDPR-13-2-C-WITHDRAWAL",
        "warning",
        "GDPR articles 13(2)(c) and 7(3): consent can be withdrawn at any time." + _DPC,
        "Something rests on consent, and the right to withdraw it is not named.",
        "Add `eu-gdpr:A7-3` to `rights.terms`, and say in `rights.how` how to withdraw.",
        _withdrawal,
    ),
    Rule(
        "GDPR-13-2-D-COMPLAINT",
        "warning",
        "GDPR articles 13(2)(d) and 77: the right to complain to a supervisory authority.",
        "The right to complain is not named.",
        "Add `eu-gdpr:A77` to `rights.terms`, and name the authority in `rights.complaint`.",
        _complaint,
    ),
    Rule(
        "GDPR-13-2-E-CONSEQUENCE",
        "warning",
        "GDPR article 13(2)(e): whether data must be given, and what happens otherwise." + _DPC,
        "Some rows are required, and the text never says what happens to who does not want that.",
        "Say what is required to use the service, and what follows from refusing.",
        _consequence,
    ),
    Rule(
        "GDPR-13-3-EFFECTIVE",
        "warning",
        "GDPR article 13(3): people are told before data is used for something new.",
        "The version applies from {day}, but people are told from {announce} on.",
        "Let it apply on the day of the announcement or later.",
        _applies_before_told,
        "rollout",
    ),
    Rule(
        "GDPR-14-NON-USERS",
        "warning",
        "GDPR article 14: people whose data comes from others are told too." + _DPC,
        "Data about the people around a person is used, and the text never mentions those who do not use the service.",
        "Say what is done with the data of people who do not use the service, and what they can do.",
        _people_around,
    ),
)
