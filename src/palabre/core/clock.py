"""The only place that asks the machine for the time.

Everything else is handed a `Clock`, so that a calendar rule is testable in a millisecond and an operator in
test mode can move the date.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime


def wall_ms() -> int:
    """Milliseconds since the Unix epoch as the machine has it, for what must not follow a moved `Clock` (ids)."""
    return time.time_ns() // 1_000_000


class Clock:
    """Wall-clock time in milliseconds since 1970 (UTC), as Matrix counts it."""

    def __init__(self) -> None:
        self._offset_ms = 0
        self.on_set: list[Callable[[], None]] = []
        """Called when somebody has moved the clock: what waits for a moment has to look again."""

    def ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        return wall_ms() + self._offset_ms

    def now(self) -> datetime:
        """The same instant as an aware `datetime` in UTC."""
        return datetime.fromtimestamp(self.ms() / 1000, UTC)

    def set(self, moment: datetime | None) -> None:
        """Move the clock to `moment`, from where it runs on; `None` returns to real time."""
        if moment is None:
            self._offset_ms = 0
        else:
            self._offset_ms = int(moment.timestamp() * 1000) - wall_ms()
        for call in self.on_set:
            call()

    @staticmethod
    def monotonic() -> float:
        """Seconds that only go forward; for durations, never for dates."""
        return time.monotonic()
