"""Moments as people write them, in UTC."""

from datetime import UTC, datetime

from ...core.dates import day_in_words
from ...core.text import Texts


def moment(texts: Texts, language: str, at: int) -> str:
    """`15 May 2021`, with the time of day where that is not midnight. `at` in milliseconds since 1970."""
    when, day = datetime.fromtimestamp(at / 1000, UTC), day_in_words(at, language)
    if (when.hour, when.minute) == (0, 0):
        return day
    return texts.get(language, "terms.date.moment", day=day, hour=when.hour, minute=f"{when.minute:02}")
