"""What changes for one person between two versions: their edition's rows compared, line by line.

Where it cannot be told whether a change gives more or less (another purpose, another kind of data), it counts as more:
nobody's terms widen unseen.
"""

import re
from collections.abc import Collection, Iterator
from typing import Literal

import msgspec

from .models import REST_OF_THE_WORLD, Document, Edition, Row

ChangeKind = Literal[
    "added",
    "removed",
    "widened",
    "narrowed",
    "became_required",
    "became_optional",
    "new_recipients",
    "longer_retention",
    "changed",
]

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
_CONSENT = re.compile(r"dpv:\w*Consent\w*|eu-gdpr:(A6-1-a|A9-2-a|Consent).*")


class Change(msgspec.Struct, frozen=True):
    """One thing that is different about one row. A row can have several changes, each of another kind."""

    kind: ChangeKind
    row_id: str
    before: Row | None
    after: Row | None
    fields: tuple[str, ...]
    """What of the row: `recipients`, `transfer`, …; empty for a row that came or went."""
    wider: bool
    """Whether more may be done than before, or the person has less say in it."""


class Diff(msgspec.Struct, frozen=True):
    changes: tuple[Change, ...]
    """In the order of the new table; what was removed comes last."""
    replaced: tuple[str, ...] = ()
    """Recipients that are somebody else now, under the key that they had."""

    @property
    def widens(self) -> bool:
        return any(change.wider for change in self.changes)


def compare(old: Document | None, new: Document, region: str | None) -> Diff:
    """For somebody in `region` (ISO 3166-1 alpha-2; None: unknown). `old` None: who has accepted nothing yet.

    A recipient that keeps its key but is somebody else now (name, role or country) counts as a new one.
    """
    if old is None:
        return compare_editions(None, new.edition_for(region))
    return compare_editions(old.edition_for(region), new.edition_for(region), replaced_recipients(old, new))


def region_of(document: Document, edition_id: str) -> str | None:
    """A country whose people have this edition, for comparing what they had before; None: one that nobody names.

    Raises KeyError for an edition that the document does not have.
    """
    for edition in document.policy.editions:
        if edition.id == edition_id:
            return next((country for country in edition.countries if country != REST_OF_THE_WORLD), None)
    raise KeyError(edition_id)


def replaced_recipients(old: Document, new: Document) -> frozenset[str]:
    """Keys under which the two versions name different recipients."""
    before, after = old.policy.recipients, new.policy.recipients
    return frozenset(
        key
        for key in before.keys() & after.keys()
        if (before[key].name, before[key].role, before[key].country)
        != (after[key].name, after[key].role, after[key].country)
    )


def compare_editions(old: Edition | None, new: Edition, replaced: frozenset[str] = frozenset()) -> Diff:
    """Of two versions, or of one when somebody moves. `replaced`: recipients that are others under the same key."""
    changes: list[Change] = []
    for row in new.processing:
        before = old.row(row.id) if old else None
        if before is None:
            changes.append(Change("added", row.id, None, row, (), True))
        else:
            changes += _compare_rows(before, row, replaced)
    for row in old.processing if old else ():
        if new.row(row.id) is None:
            changes.append(Change("removed", row.id, row, None, (), False))
    return Diff(tuple(changes), tuple(sorted(replaced)))


def _compare_rows(old: Row, new: Row, replaced: frozenset[str]) -> Iterator[Change]:
    found: dict[tuple[ChangeKind, bool], list[str]] = {}
    for kind, field, wider in _differences(old, new, replaced):
        found.setdefault((kind, wider), []).append(field)
    for (kind, wider), fields in found.items():
        yield Change(kind, new.id, old, new, tuple(fields), wider)


def _differences(old: Row, new: Row, replaced: frozenset[str]) -> Iterator[tuple[ChangeKind, str, bool]]:
    if old.necessity != new.necessity:
        if new.necessity == "required":
            yield "became_required", "necessity", True
        else:
            yield "became_optional", "necessity", False
    for field in ("purpose", "data"):
        if getattr(old, field) != getattr(new, field):
            yield "widened", field, True
    if old.covers_earlier != new.covers_earlier:
        yield ("widened" if new.covers_earlier else "narrowed"), "covers_earlier", new.covers_earlier
    if gained_recipients(old, new, replaced):
        yield "new_recipients", "recipients", True
    if set(old.recipients) - set(new.recipients):
        yield "narrowed", "recipients", False
    if days(old.retention) != days(new.retention):
        longer = days(new.retention) > days(old.retention)
        yield ("longer_retention" if longer else "narrowed"), "retention", longer
    yield from _transfer(old, new)
    if old.legal_basis != new.legal_basis:
        # Consent can be withdrawn at any time; no other basis leaves that to the person.
        lost = bool(_CONSENT.fullmatch(old.legal_basis)) and not _CONSENT.fullmatch(new.legal_basis)
        yield ("widened" if lost else "changed"), "legal_basis", lost
    if old.text != new.text:
        yield "changed", "text", False


def _transfer(old: Row, new: Row) -> Iterator[tuple[ChangeKind, str, bool]]:
    if countries(new) - countries(old):
        yield "widened", "transfer", True
    elif countries(old) - countries(new):
        yield "narrowed", "transfer", False
    elif old.transfer != new.transfer:
        yield "changed", "transfer", False


def gained_recipients(old: Row, new: Row, replaced: Collection[str]) -> list[str]:
    """Keys of those who did not get the data before, in the order of the row."""
    return [key for key in new.recipients if key not in old.recipients or key in replaced]


def countries(row: Row) -> set[str]:
    """Where the data goes, outside the person's jurisdiction."""
    return set() if row.transfer == "none" else set(row.transfer.countries)


def days(retention: str) -> float:
    """How long, roughly, for comparing. As long as the account exists is longer than any number of years."""
    match = _DURATION.fullmatch(retention)
    if match is None:
        return float("inf")
    years, months, weeks, rest = (int(part or 0) for part in match.groups())
    return years * 365.25 + months * 30.4375 + weeks * 7 + rest
