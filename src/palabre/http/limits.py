"""Named rate limits, as data: what a name allows stands here, and endpoints say only the name.

A limit is a token bucket: `burst` at once, then `per_second`. Counted in memory for each process; a limit protects the
server and people's phones, it is not bookkeeping.
"""

from collections import OrderedDict

import msgspec

from ..core import errors
from ..core.clock import Clock


class Limit(msgspec.Struct, frozen=True):
    burst: int
    per_second: float


LIMITS: dict[str, Limit] = {
    "messages.send": Limit(100, 20),
    "rooms.create": Limit(20, 0.5),
    "rooms.join": Limit(30, 1),
    "rooms.invite": Limit(30, 0.5),
    "accounts.register": Limit(10, 0.1),
    "accounts.login": Limit(10, 0.2),
    "accounts.code.number": Limit(3, 1 / 300),
    "accounts.code.address": Limit(10, 1 / 60),
    "accounts.code.overall": Limit(1000, 20),
    "accounts.code.attempt": Limit(10, 1 / 60),
    "accounts.export": Limit(3, 1 / 600),
    "oauth.register": Limit(20, 0.1),
    "oauth.token": Limit(60, 2),
    "oauth.user_code": Limit(10, 1 / 30),
    "console.sign_in": Limit(10, 1 / 60),
    "contacts.lookup": Limit(500, 0.02),
    "keys.claim": Limit(200, 20),
    "reports": Limit(10, 0.05),
}


class RateLimits:
    """The buckets of one process."""

    MAX_BUCKETS = 100_000

    def __init__(self, clock: Clock, *, enabled: bool = True) -> None:
        self._clock = clock
        self._enabled = enabled
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def check(self, name: str, key: str) -> None:
        """Take one token of `name` for `key`. Raises 429 `M_LIMIT_EXCEEDED` with `retry_after_ms` if there is none."""
        if not self._enabled:
            return
        limit = LIMITS[name]
        now = self._clock.monotonic()
        tokens, since = self._buckets.get((name, key), (float(limit.burst), now))
        tokens = min(limit.burst, tokens + (now - since) * limit.per_second)
        if tokens < 1:
            raise errors.limited(int((1 - tokens) / limit.per_second * 1000) + 1)
        self._buckets[name, key] = (tokens - 1, now)
        self._buckets.move_to_end((name, key))
        if len(self._buckets) > self.MAX_BUCKETS:
            self._buckets.popitem(last=False)
