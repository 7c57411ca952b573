"""Which bus an address means. The NATS client is loaded only where it is used: it takes its time and memory."""

from . import Bus
from .local import LocalBus


def open_bus(url: str | None) -> Bus:
    """A bus that is not started yet: NATS at `url` (`nats://host:port`), or without one the bus of one
    process.

    Raises ValueError for another kind of address.
    """
    if url is None:
        return LocalBus()
    if url.startswith(("nats://", "tls://")):
        from .nats import NatsBus

        return NatsBus(url)
    raise ValueError("The bus address must begin with nats:// or tls://.")
