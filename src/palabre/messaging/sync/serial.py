"""Serial numbers for what is not in the log: typing and presence."""

from ...core.clock import Clock


class Serial:
    """Counts changes that are only in memory.

    A serial is the millisecond of the change, pushed up where needed so that no two are equal. So numbers given out
    before a restart, or by another process, compare as one would wish: what is older than `floor`, this process's
    beginning, means "knows nothing that is here".
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.floor = self.now = clock.ms()

    def next(self) -> int:
        self.now = max(self.now + 1, self._clock.ms())
        return self.now
