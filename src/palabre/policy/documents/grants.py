"""What a set of terms lets be done, as a set: so that "wider" and "narrower" are set questions."""

from collections.abc import Mapping
from typing import NamedTuple

from .models import Edition, Row


class Grant(NamedTuple):
    """One thing that may be done with one kind of data by one recipient."""

    purpose: str
    data: str
    recipient: str
    earlier: bool
    """With data collected before the acceptance."""


Grants = frozenset[Grant]
NO_GRANTS: Grants = frozenset()


def of_row(row: Row) -> Grants:
    reach = (False, True) if row.covers_earlier else (False,)
    return frozenset(Grant(row.purpose, row.data, to, earlier) for to in row.recipients for earlier in reach)


def required(edition: Edition) -> Grants:
    """What comes with accepting."""
    return frozenset().union(*(of_row(row) for row in edition.processing if row.necessity == "required"))


def chosen(edition: Edition, choices: Mapping[str, bool]) -> Grants:
    """What comes with accepting and choosing `choices` (row id -> on)."""
    on = (of_row(row) for row in edition.optional if choices.get(row.id, False))
    return required(edition).union(*on)
