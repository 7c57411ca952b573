"""Digital Markets Act (Regulation (EU) 2022/1925), article 5(2).

It binds gatekeepers; others may take it as good practice.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from ...documents.models import Edition, Row
from ...documents.reading import EEA
from ..case import Case, names
from ..models import Found, Rule, found
from ..vocabulary import is_consent
from .affiliates import beyond_the_service

_YEAR = timedelta(days=365)

_COMBINE = (
    "DMA article 5(2)(b) and (c): combining data with the group's other services needs a choice and consent. The "
    "Bundeskartellamt forbade Facebook the same on 6 February 2019 (B6-22/16; CJEU C-252/21); the Commission fined "
    "Meta 200 M EUR under article 5(2) on 23 April 2025."
)


def _combined(case: Case) -> Iterator[Found]:
    for place, edition, row, affiliates in beyond_the_service(case, EEA):
        if row.necessity == "required":
            yield found(place, edition.id, affiliates=names(affiliates), purpose=row.purpose)


def _without_consent(case: Case) -> Iterator[Found]:
    for place, edition, row, affiliates in beyond_the_service(case, EEA):
        if row.necessity == "optional" and not is_consent(row.legal_basis):
            yield found(place, edition.id, affiliates=names(affiliates), basis=row.legal_basis)


def _asked_again(case: Case) -> Iterator[Found]:
    if case.policy.kind == "editorial":
        return
    for before in case.earlier:
        if before.policy.kind == "material" and _within_a_year(before.policy.effective, case.policy.effective):
            for earlier, own in case.successions(before, EEA):
                for row in own.processing:
                    if _could_be_refused(row, earlier):
                        place = f"policy.yaml: editions[{own.id}].processing[{row.id}]"
                        yield found(place, own.id, version=before.policy.version, purpose=row.purpose)


def _could_be_refused(row: Row, earlier: Edition) -> bool:
    """Whether the earlier edition left it to the person, under the same id or for the same purpose."""
    same = earlier.row(row.id)
    if same is not None and same.necessity == "required":
        return False
    return any(asked.id == row.id or asked.purpose == row.purpose for asked in earlier.optional)


def _within_a_year(earlier: str, later: str) -> bool:
    return date.fromisoformat(later) - date.fromisoformat(earlier) < _YEAR


RULES = (
    Rule(
        "DMA-5-2-COMBINE",
        "warning",
        _COMBINE,
        "Sharing with {affiliates} for {purpose} is a condition of using the service.",
        "Make the row `optional`, under consent.",
        _combined,
    ),
    Rule(
        "DMA-5-2-CONSENT",
        "warning",
        _COMBINE,
        "Sharing with {affiliates} is optional, but its basis is {basis}, not consent.",
        "Let it rest on consent: `eu-gdpr:A6-1-a`.",
        _without_consent,
    ),
    Rule(
        "DMA-5-2-YEAR",
        "warning",
        "DMA article 5(2), second subparagraph: who refused a purpose is not asked for it again within a year.",
        "Version {version}, less than 365 days before, left {purpose} to the person: who refused is asked again.",
        "Leave the row out, or let the version apply a year later.",
        _asked_again,
        "history",
    ),
)
