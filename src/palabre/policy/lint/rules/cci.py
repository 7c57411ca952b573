"""India: what the Competition Commission ordered WhatsApp to do in future updates of its policy."""

from collections.abc import Iterator

from ..case import Case, names
from ..models import Found, Rule, found
from ..vocabulary import ADVERTISING, INDIA, is_consent
from .affiliates import beyond_the_service

_DUTY = (
    "Competition Act 2002 (India) section 4. The Competition Commission of India, order of 18 November 2024 on "
    "WhatsApp's 2021 policy: 213.14 crore INR, and sharing with Meta for anything but the service must not be a "
    "condition of using it. Upheld by the NCLAT on 4 November 2025, but for a ban of sharing for advertising."
)


def _condition(case: Case) -> Iterator[Found]:
    for place, edition, row, affiliates in beyond_the_service(case, INDIA):
        if row.necessity == "required" and row.purpose not in ADVERTISING:
            yield found(place, edition.id, affiliates=names(affiliates), purpose=row.purpose)


def _advertising(case: Case) -> Iterator[Found]:
    for place, edition, row, affiliates in beyond_the_service(case, INDIA):
        if row.necessity == "required" and row.purpose in ADVERTISING:
            yield found(place, edition.id, affiliates=names(affiliates), purpose=row.purpose)


def _opt_in(case: Case) -> Iterator[Found]:
    for place, edition, row, affiliates in beyond_the_service(case, INDIA):
        if row.necessity == "optional" and row.purpose in ADVERTISING and not is_consent(row.legal_basis):
            yield found(place, edition.id, affiliates=names(affiliates), basis=row.legal_basis)


RULES = (
    Rule(
        "CCI-CONDITION",
        "warning",
        _DUTY,
        "Sharing with {affiliates} for {purpose} is a condition of using the service.",
        "Make the row `optional`.",
        _condition,
    ),
    Rule(
        "CCI-ADVERTISING",
        "warning",
        _DUTY,
        "Sharing with {affiliates} for {purpose}, which is advertising, is a condition of using the service.",
        "Make the row `optional`, under consent, or take it out.",
        _advertising,
    ),
    Rule(
        "CCI-OPT-IN",
        "warning",
        _DUTY,
        "Sharing with {affiliates} for advertising is optional, but its basis is {basis}, not consent.",
        "Let it rest on consent, such as `eu-gdpr:A6-1-a`: off until the person turns it on.",
        _opt_in,
    ),
)
