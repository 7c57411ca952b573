"""What the rules look at: one version, the plan for its roll-out, and the versions before it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from ..documents.models import Document, Edition, Policy, Recipient, Role, Row, Wording
from ..documents.reading import Folder
from ..rollouts.plan import Plan
from .ladders import PlannedLadder, Timeline, timeline
from .vocabulary import COUNTRIES


class Case:
    def __init__(self, folder: Folder, earlier: Sequence[Document], today: date | None) -> None:
        """`earlier`: oldest first. `today`: when a roll-out without a date of announcement would begin."""
        self.document: Document = folder.document
        self.policy: Policy = folder.document.policy
        self.plan: Plan | None = folder.plan
        self.earlier: Sequence[Document] = earlier
        self.timeline: Timeline | None = None if self.plan is None else timeline(self.plan, today)
        self._of = territories(self.document)

    def editions(self, somewhere_in: Iterable[str] | None = None) -> Iterator[tuple[str, Edition]]:
        """Place and edition; with countries, of those editions whose terms people in some of them have."""
        having = None if somewhere_in is None else {self._of.get(country) for country in somewhere_in}
        for edition in self.policy.editions:
            if having is None or edition.id in having:
                yield f"policy.yaml: editions[{edition.id}]", edition

    def rows(self, somewhere_in: Iterable[str] | None = None) -> Iterator[tuple[str, Edition, Row]]:
        """Place, edition and row, of the same."""
        for place, edition in self.editions(somewhere_in):
            for row in edition.processing:
                yield f"{place}.processing[{row.id}]", edition, row

    def wordings(self, somewhere_in: Iterable[str] | None = None) -> Iterator[tuple[Edition, str, Wording]]:
        """Edition, locale and wording, of the same."""
        for _, edition in self.editions(somewhere_in):
            for locale, wording in sorted(self.document.wording.get(edition.id, {}).items()):
                yield edition, locale, wording

    @property
    def ladders(self) -> list[PlannedLadder]:
        """Of the plan, the common one first; none without a plan."""
        return [] if self.timeline is None else self.timeline.ladders

    def successions(self, before: Document, somewhere_in: Iterable[str]) -> list[tuple[Edition, Edition]]:
        """The editions that people in these countries had in an earlier version, each with the one that they get."""
        there = territories(before)
        pairs = {(self._of[country], there[country]) for country in self._of.keys() & there.keys() & set(somewhere_in)}
        return [(before.edition(earlier), self.document.edition(own)) for own, earlier in sorted(pairs)]

    def recipients(self, row: Row, *roles: Role) -> list[Recipient]:
        """Those of the row's recipients who have one of these roles; without roles, all that are known."""
        known = (self.policy.recipients.get(key) for key in row.recipients)
        return [recipient for recipient in known if recipient and (not roles or recipient.role in roles)]


def names(recipients: Collection[Recipient]) -> str:
    return ", ".join(recipient.name for recipient in recipients)


def territories(document: Document) -> dict[str, str]:
    """Country -> id of the edition that people there have."""
    if not document.policy.editions:
        return {}
    return {country: document.edition_for(country).id for country in COUNTRIES}
