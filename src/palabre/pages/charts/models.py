"""What a chart shows, and the few words it needs of its own in each language."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import msgspec

TONES = {
    "notified": 1,
    "seen": 2,
    "accepted": 3,
    "declined": 4,
    "later": 5,
    "limited": 6,
    "locked": 7,
    "deleted": 8,
    "notice": 1,
    "reminder": 2,
    "deletion_scheduled": 9,
}
"""The tone of what happens in a roll-out and of each level, the same in every chart."""


class Series(msgspec.Struct, frozen=True):
    label: str
    values: Sequence[float]
    """One for each day."""
    tone: int
    """1 to 9: colour, pattern and dash."""


class Mark(msgspec.Struct, frozen=True):
    """A day to point out: the announcement, a deadline, an operation."""

    day: date
    label: str


class Panel(msgspec.Struct, frozen=True):
    """One of the small multiples: a region, say."""

    label: str
    series: Sequence[Series]


class Span(msgspec.Struct, frozen=True):
    """Something that holds from `start` until `end` (ms since 1970)."""

    start: int
    end: int
    label: str
    tone: int


class Moment(msgspec.Struct, frozen=True):
    at: int
    label: str


class Lane(msgspec.Struct, frozen=True):
    """One line of a timeline."""

    label: str
    spans: Sequence[Span]
    moments: Sequence[Moment] = ()


class Words(msgspec.Struct, frozen=True):
    """How numbers and dates are written, and the words around a chart."""

    months: tuple[str, ...]
    thousands: str
    day: str
    table: str
    now: str
    group: str
    what: str
    begins: str
    colon: str
    first: str
    """The first day of a month."""

    def number(self, value: float) -> str:
        """Whole numbers, with the thousands set apart."""
        return f"{value:,.0f}".replace(",", self.thousands)

    def short(self, day: date) -> str:
        """`6 Jan`."""
        return f"{day.day} {self.months[day.month - 1]}"

    def full(self, day: date) -> str:
        """`6 Jan 2021`."""
        return f"{self.first if day.day == 1 else day.day} {self.months[day.month - 1]} {day.year}"

    def moment(self, at: int) -> str:
        """`6 Jan 2021, 00:00 UTC`."""
        when = datetime.fromtimestamp(at / 1000, UTC)
        return f"{self.full(when.date())}, {when:%H:%M}\u00a0UTC"


_WORDS = {
    "en": Words(
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        thousands=",",
        day="Day",
        table="The numbers as a table",
        now="Now",
        group="Group",
        what="What",
        begins="From",
        colon=": ",
        first="1",
    ),
    "fr": Words(
        months=("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
        thousands="\u202f",
        day="Jour",
        table="Les chiffres en tableau",
        now="Maintenant",
        group="Groupe",
        what="Quoi",
        begins="À partir du",
        colon="\u00a0: ",
        first="1er",
    ),
}


def words(language: str) -> Words:
    """Those of a language; English where there are none."""
    return _WORDS.get(language, _WORDS["en"])
