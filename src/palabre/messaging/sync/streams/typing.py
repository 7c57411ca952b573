"""`m.typing` events of a room."""

from collections.abc import Iterable

from ...typing.service import TypingService
from ..models import Json, Window
from ..token import Token


class TypingStream:
    def __init__(self, typing: TypingService) -> None:
        self._typing = typing

    def touched(self, user_id: str, room_ids: Iterable[str], since: Token) -> set[str]:
        return self._typing.changed_among(room_ids, since.serial)

    async def changed(self, window: Window, room_id: str) -> list[Json]:
        since = window.since.serial if window.since is not None else 0
        return self._event(window, room_id) if self._typing.changed_since(room_id, since) else []

    async def whole(self, window: Window, room_id: str) -> list[Json]:
        return self._event(window, room_id) if self._typing.anybody(room_id) else []

    def _event(self, window: Window, room_id: str) -> list[Json]:
        event = self._typing.event(room_id)
        if event is None or not window.filter.ephemeral.wants("m.typing", room_id=room_id):
            return []
        return [Json(event)]
