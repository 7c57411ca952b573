"""The bus of one process: reaches every database object in it, which in production is the one."""

from . import Bus, Hint


class LocalBus(Bus):
    def __init__(self) -> None:
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
