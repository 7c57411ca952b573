"""Serial numbers for what is not in the log: typing and presence.

A serial is a moment and a process: 10-microsecond steps since 1970, by the clock that is furthest ahead of all
processes (`follow`), and in the last digits the process that gave it. A device has one in its token, and knows
everything up to it.

Every process numbers a change when it hears of it. So of a device that comes with the token of another process (a load
balancer moved it, or the server was restarted) the serial says only about how much it knows. The rule (`taken_over`):

- What changed here in the last second before that serial counts as new. A change takes far less than that from one
  process to the other, so none is missed. Both typing and presence say how things are: hearing it twice does no harm.
- A device that comes before that second is over waits for its end, unless the log has news or something wakes it. So it
  hears of a change twice and not over and over, even if it changes process with every request.
- A serial of the future, by a clock that this process has not heard of, is taken for one of now. One from before
  `floor`, the beginning of this process, means "knows nothing that is here".

While the processes cannot hear each other, a device that moves hears of what it missed when it changes again.
"""

import secrets

from ...core.clock import Clock

PROCESSES = 10_000
"""How many processes the last digits tell apart. Which is whose is chance."""
STEPS = 100
"""In a millisecond; that is more changes than can be made in one, so serials do not run ahead of the clock."""
OVERLAP_MS = 1000
_PER_MS = STEPS * PROCESSES


class Serial:
    """Counts changes that are only in memory: `now` is the serial of the newest."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._process = secrets.randbelow(PROCESSES - 1) + 1
        self._ahead_ms = 0
        self._given = 0
        self.floor = self.now = self._moment()

    def _moment(self) -> int:
        return (self._clock.ms() + self._ahead_ms) * _PER_MS + self._process

    def next(self) -> int:
        """For a change: higher than every serial that was given out or heard of."""
        self.now = max(max(self.now, self._given) + PROCESSES, self._moment())
        return self.now

    def give(self) -> int:
        """For a token: who has it knows everything that changed until this moment."""
        self._given = max(self._given, self.now, self._moment())
        return self._given

    def follow(self, other: int) -> None:
        """Another process has come to `other`: what changes here from now on is after that."""
        self._given = max(self._given, other // PROCESSES * PROCESSES + self._process)
        # A millisecond less than it seems, lest rounding make two processes push each other ahead for ever.
        self._ahead_ms = max(self._ahead_ms, other // _PER_MS - self._clock.ms() - 1)

    def is_own(self, serial: int) -> bool:
        return serial % PROCESSES == self._process

    def taken_over(self, serial: int) -> tuple[int, int]:
        """What stands here for the serial of another process, and how many milliseconds to wait before answering it."""
        now = self.give()
        serial = min(serial, now)
        return max(0, serial - OVERLAP_MS * _PER_MS), max(0, OVERLAP_MS - (now - serial) // _PER_MS)
