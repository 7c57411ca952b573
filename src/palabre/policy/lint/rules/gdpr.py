"""GDPR articles 5, 6 and 7: fair, lawful, free. In the editions that people of the European Economic Area have."""

from collections.abc import Iterator

from ...documents.reading import EEA
from ..case import Case, names
from ..models import Found, Rule, found
from ..vocabulary import SERVICE, is_basis, is_consent, is_contract


def _reaching_back(case: Case) -> Iterator[Found]:
    for place, edition, row in case.rows(EEA):
        others = case.recipients(row, "affiliate", "business", "third-party")
        if row.covers_earlier and others:
            yield found(place, edition.id, recipients=names(others))


def _no_basis(case: Case) -> Iterator[Found]:
    for place, edition, row in case.rows(EEA):
        if not is_basis(row.legal_basis):
            yield found(place, edition.id, basis=row.legal_basis)


def _not_necessary(case: Case) -> Iterator[Found]:
    for place, edition, row in case.rows(EEA):
        if is_contract(row.legal_basis) and row.purpose not in SERVICE:
            yield found(place, edition.id, purpose=row.purpose)


def _conditional(case: Case) -> Iterator[Found]:
    for place, edition, row in case.rows(EEA):
        if row.necessity == "required" and is_consent(row.legal_basis):
            yield found(place, edition.id)


def _choice_without_consent(case: Case) -> Iterator[Found]:
    for place, edition, row in case.rows(EEA):
        if row.necessity == "optional" and not is_consent(row.legal_basis):
            yield found(place, edition.id, basis=row.legal_basis)


RULES = (
    Rule(
        "GDPR-5-1-A-EARLIER",
        "warning",
        "GDPR articles 5(1)(a), 5(1)(b) and 13(3): fair and transparent, for the purposes that people knew of. The "
        "Irish DPC found article 5(1)(a) infringed by WhatsApp (IN-18-12-2, August 2021, 225 M EUR in all).",
        "Data that was collected under earlier terms goes to {recipients} too.",
        "Write `covers_earlier: false`, or make the row `optional`, under consent.",
        _reaching_back,
    ),
    Rule(
        "GDPR-13-1-C-BASIS",
        "warning",
        "GDPR articles 13(1)(c) and 6(1): people are told on which of the bases of the law each processing rests. The "
        "Irish DPC found article 13(1)(c) infringed by WhatsApp (IN-18-12-2, August 2021, 225 M EUR in all).",
        "{basis} is none of them.",
        "Name the basis: `eu-gdpr:A6-1-a` (consent), `eu-gdpr:A6-1-b` (contract), `eu-gdpr:A6-1-f` (interest), …",
        _no_basis,
    ),
    Rule(
        "GDPR-6-1-B-NECESSITY",
        "warning",
        "GDPR article 6(1)(b): a contract covers what is necessary for it. The Irish DPC found that it does not cover "
        "WhatsApp's service improvement and security (IN-18-5-6, January 2023, 5.5 M EUR).",
        "It rests on the contract, but {purpose} is not what people use the service for.",
        "Make the row `optional`, under consent, or name the legitimate interest and let people object.",
        _not_necessary,
    ),
    Rule(
        "GDPR-7-4-CONDITIONAL",
        "warning",
        "GDPR articles 7(4) and 4(11): consent that is a condition of the service is not free. The CJEU said so of "
        "Meta's terms (C-252/21, 4 July 2023).",
        "It is required, and rests on consent.",
        "Make the row `optional`, or name the basis on which it is truly required.",
        _conditional,
    ),
    Rule(
        "GDPR-7-OPTIONAL-BASIS",
        "warning",
        "GDPR articles 5(1)(a) and 6(1)(a): a choice that is off until the person turns it on is consent.",
        "It is optional, but its basis is {basis}: people are led to believe that they consent.",
        "Name consent as the basis: `eu-gdpr:A6-1-a`.",
        _choice_without_consent,
    ),
)
