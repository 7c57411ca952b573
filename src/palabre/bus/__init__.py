"""What the processes that share one database say to each other: in one process, or over NATS.

A hint says "positions `first` to `last` are committed". It is a hint and nothing more: the database is the
truth, and a process that hears nothing looks there once a second anyway. An ephemeral message is a topic and bytes
about what no database keeps (who types, who is online); whoever is not there does not get it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

Hint = Callable[[int, int], None]
Listener = Callable[[bytes], None]


class Bus(ABC):
    """Carries hints to every process on the same database. Losing all of them costs latency, never data."""

    shared: bool
    """Whether there can be other processes; without them nobody need encode an ephemeral message."""
    on_connected: list[Callable[[], None]]
    """Called each time the others come within reach: what they said before was not heard."""

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

    @abstractmethod
    def publish_ephemeral(self, topic: str, payload: bytes) -> None:
        """Tell the other processes that are there now. May be lost. Does not wait, does not fail.

        `topic` is words of printable characters with dots between them; `payload` is well below 1 MB.
        """

    @abstractmethod
    def subscribe_ephemeral(self, topic: str, listener: Listener) -> None:
        """Call `listener(payload)` on the event loop for each message of other processes."""
