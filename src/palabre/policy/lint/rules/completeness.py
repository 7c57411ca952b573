"""Nothing is missing: every cell of the processing table says something, and what it names exists."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from ...documents.wording import terms
from ..case import Case
from ..models import Found, Rule, found

_DUTY = "GDPR articles 5(1)(a) and 13: whoever is asked must be able to know everything that is done."


def _empty_cells(case: Case) -> Iterator[Found]:
    for place in _blank(msgspec.to_builtins(case.policy)):
        yield found(f"policy.yaml: {place}")
    for edition, locale, wording in case.wordings():
        if not wording.summary.strip():
            yield found(f"{locale}.summary.md ({edition.id})")
        if not wording.text.strip():
            yield found(f"{locale}.md ({edition.id})")


def _blank(value: Any, place: str = "") -> Iterator[str]:
    """Places of empty texts, lists and maps inside a value."""
    if value in ([], {}) or (isinstance(value, str) and not value.strip()):
        yield place
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _blank(item, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            name = item["id"] if isinstance(item, dict) and "id" in item else index
            yield from _blank(item, f"{place}[{name}]")


def _unknown_recipients(case: Case) -> Iterator[Found]:
    for place, edition, row in case.rows():
        for recipient in row.recipients:
            if recipient not in case.policy.recipients:
                yield found(place, edition.id, recipient=recipient)


def _unknown_terms(case: Case) -> Iterator[Found]:
    for place, edition, row in case.rows():
        transfer = () if row.transfer == "none" else (row.transfer.safeguard,)
        for term in (row.purpose, row.data, row.legal_basis, *transfer):
            if term not in terms():
                yield found(place, edition.id, term=term)
    for term in case.policy.rights.terms:
        if term not in terms():
            yield found("policy.yaml: rights.terms", term=term)


def _same_ids(case: Case) -> Iterator[Found]:
    for name in _repeated(edition.id for edition in case.policy.editions):
        yield found("policy.yaml: editions", kind="editions", id=name)
    for place, edition in case.editions():
        for name in _repeated(row.id for row in edition.processing):
            yield found(f"{place}.processing", edition.id, kind="rows", id=name)


def _repeated(names: Iterator[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


RULES = (
    Rule(
        "CELL-EMPTY",
        "error",
        _DUTY,
        "It is empty.",
        "Fill it in. Where nothing applies, say that: `transfer: none`.",
        _empty_cells,
    ),
    Rule(
        "RECIPIENT-UNKNOWN",
        "error",
        "GDPR article 13(1)(e): people must know who gets their data.",
        "The data goes to {recipient}, but `recipients` does not say who that is.",
        "Describe the recipient under `recipients`, or name one that is there.",
        _unknown_recipients,
    ),
    Rule(
        "TERM-UNKNOWN",
        "warning",
        "GDPR article 12(1): plain language.",
        "There are no plain words for {term}: people read the name of the term.",
        "Use a term of DPV 2.3 that is in the list of terms, or explain it in the row's text.",
        _unknown_terms,
    ),
    Rule(
        "ID-TWICE",
        "error",
        _DUTY,
        "Two {kind} have the id {id}.",
        "Give each an id of its own: decisions and comparisons go by it.",
        _same_ids,
    ),
)
