"""Dates in words."""

from datetime import UTC, datetime

_MONTHS: dict[str, list[str]] = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
}


def day_in_words(moment: int, locale: str) -> str:
    """The day of `moment` (ms since 1970), in UTC: 8 February 2021, 1er février 2021."""
    day = datetime.fromtimestamp(moment / 1000, UTC)
    first = "1er" if locale == "fr" and day.day == 1 else str(day.day)
    return f"{first} {_MONTHS[locale][day.month - 1]} {day.year}"
