"""Serial numbers for what is not in the log: typing and presence.

A serial is a moment: milliseconds since 1970 by the clock that is furthest ahead of all processes (`follow`), and in its
last digits the process that gave it. It is in the tokens of `/sync`, and everything up to it is known to the device.

Every process numbers a change when it hears of it. So to a device that comes from another process (a load balancer
moved it, or the server was restarted) the serial in its token says only about how much it knows. The rule (`taken_over`):

- What changed here in the last second before that serial counts as new. A change takes far less than that from one
  process to the other, so none is missed; both typing and presence say how things are, so hearing it twice is harmless.
- A device that comes before that second is over waits for its end, unless there is news in the log or something wakes
  it. So it hears a change twice and not over and over, even if it changes process with every request.
- A serial of the future, from a clock that this process has not heard of, is taken for one of now. One from before
  `floor`, the beginning of this process, means "knows nothing that is here".
"""

import secrets

from ...core.clock import Clock

PROCESSES = 100_000
"""How many different processes the last digits can tell apart."""
OVERLAP_MS = 1000


class Serial:
    """Counts changes that are only in memory: `now` is the serial of the newest."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._process = 1 + secrets.randbelow(PROCESSES - 1)
        self._ahead_ms = 0
        self._given = 0
        self.floor = self.now = self._moment()

    def _moment(self) -> int:
        return (self._clock.ms() + self._ahead_ms) * PROCESSES + self._process

    def next(self) -> int:
        """For a change: higher than that of every change, and of every token, before."""
        self.now = max(max(self.now, self._given) + PROCESSES, self._moment())
        return self.now

    def give(self) -> int:
        """For a token: whoever has it knows everything that has changed until this moment."""
        self._given = max(self._given, self.now, self._moment())
        return self._given

    def follow(self, other: int) -> None:
        """Another process has come to `other`: keep up with its clock."""
        ahead_ms = other // PROCESSES - self._clock.ms()
        if ahead_ms > self._ahead_ms:
            self._ahead_ms = ahead_ms

    def is_own(self, serial: int) -> bool:
        return serial % PROCESSES == self._process

    def taken_over(self, serial: int) -> tuple[int, int]:
        """The serial here for that of another process, and how many milliseconds are left until it may be answered."""
        moment = self._moment()
        serial = min(serial, moment)
        passed_ms = (moment - serial) // PROCESSES
        return max(0, serial - OVERLAP_MS * PROCESSES), max(0, OVERLAP_MS - passed_ms)
