"""Wake-ups between the processes that share one database: in one process, or over NATS.

A message says "positions `first` to `last` are committed". It is a hint and nothing more: the database is the
truth, and a process that hears nothing looks there once a second anyway.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

Hint = Callable[[int, int], None]


class Bus(ABC):
    """Carries hints to every process on the same database. Losing all of them costs latency, never data."""

    @abstractmethod
    async def start(self) -> None:
        """Begin to carry hints. Never fails: a bus that cannot be reached is a logged warning, and is tried
        again.
        """

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    def publish(self, first: int, last: int) -> None:
        """Tell the others that the log's positions `first` to `last` are committed. Does not wait, does not
        fail.
        """

    @abstractmethod
    def subscribe(self, hint: Hint) -> None:
        """Call `hint(first, last)` on the event loop for each message, one's own among them perhaps."""
