"""The bus of one process: reaches every database object in it, which in production is the one."""

from . import Bus, Hint, Listener


class LocalBus(Bus):
    shared = False

    def __init__(self) -> None:
        self.on_connected = []
        self._hints: list[Hint] = []

    async def start(self) -> None:
        return

    async def close(self) -> None:
        self._hints.clear()

    def publish(self, first: int, last: int) -> None:
        for hint in self._hints:
            hint(first, last)

    def subscribe(self, hint: Hint) -> None:
        self._hints.append(hint)

    def publish_ephemeral(self, topic: str, payload: bytes) -> None:
        """There is no other process."""

    def subscribe_ephemeral(self, topic: str, listener: Listener) -> None:
        """There is no other process."""
