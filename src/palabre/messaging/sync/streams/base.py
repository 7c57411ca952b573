"""The two shapes of a stream."""

from collections.abc import Iterable
from typing import Protocol

from ..models import Json, Window
from ..token import Token


class PersonStream(Protocol):
    """Something that concerns a person wherever it happens: global account data, presence, to-device messages."""

    def touched(self, window: Window, room_ids: list[str]) -> bool:
        """Whether there may be something new; false is certain, and costs no query.

        `room_ids`, here and below, are the rooms that the person is joined to.
        """
        ...

    async def changed(self, window: Window, room_ids: list[str]) -> list[Json]:
        """What changed in the window, as events."""
        ...

    async def whole(self, window: Window, room_ids: list[str]) -> list[Json]:
        """All of it, for a device that has nothing."""
        ...


class Touched(Protocol):
    """Anything that happens in rooms."""

    def touched(self, user_id: str, room_ids: Iterable[str], since: Token) -> set[str]:
        """Those of the rooms where there may be something new; the others certainly have not. Costs no query."""
        ...


class RoomStream(Touched, Protocol):
    """Something that belongs to a room and is not in its timeline: receipts, typing, account data of the room."""

    async def changed(self, window: Window, room_id: str) -> list[Json]: ...

    async def whole(self, window: Window, room_id: str) -> list[Json]: ...
