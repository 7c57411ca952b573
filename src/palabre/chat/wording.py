"""What the terminal says, in the person's language."""

import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from ..core.text import Texts

LANGUAGES = ("en", "fr")


class Refusal(Exception):  # noqa: N818 (not a fault: the server's answer to a person)
    """The server said no. `code` is stable, `text` the server's own sentence, `values` what came with it."""

    def __init__(self, code: str, text: str, **values: Any) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.values = values


class Wording:
    """The texts in one language."""

    def __init__(self, language: str | None = None) -> None:
        self._texts = Texts.load(Path(__file__).parent / "texts", LANGUAGES)
        system = next((found for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (found := os.environ.get(name))), "")
        self.language = self._texts.choose(language, system[:2])

    def __call__(self, key: str, **values: Any) -> str:
        return self._texts.get(self.language, key, **values)

    def count(self, key: str, n: int) -> str:
        return self._texts.count(self.language, key, n)

    def refusal(self, refusal: Refusal) -> str:
        """Our sentence for what the server refused, else its own."""
        key = f"refusal.{refusal.code}"
        if not self._texts.has(key):
            return refusal.text
        seconds = -(-int(refusal.values.get("retry_after_ms", 0)) // 1000)
        return self(key, **{"attempts_left": "", **refusal.values, "seconds": seconds})

    def day(self, then: date, today: date) -> str:
        """`Today`, `Yesterday`, or the date in words."""
        if then == today:
            return self("today")
        if then == today - timedelta(days=1):
            return self("yesterday")
        weekday = self("weekdays").split()[then.weekday()]
        month = self("months").split()[then.month - 1]
        return self("date", weekday=weekday, day=then.day, month=month, year=then.year)


def local(ts: int) -> datetime:
    """Milliseconds since 1970 as the time of day here."""
    return datetime.fromtimestamp(ts / 1000).astimezone()
