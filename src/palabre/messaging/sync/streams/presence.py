"""`m.presence` events of those the person shares a room with."""

from ...presence.service import PresenceService
from ..models import Json, Window
from ..serial import Serial
from ..shared import SharedRooms


class PresenceStream:
    def __init__(self, presence: PresenceService, shared: SharedRooms, serial: Serial) -> None:
        self._presence = presence
        self._shared = shared
        self._serial = serial

    def touched(self, window: Window, room_ids: list[str]) -> bool:
        since = window.since
        return (
            since is None
            or self._presence.concerns(window.user_id, since.serial)
            or self._shared.may_have_moved(window.user_id, room_ids, since.pos)
            or self._is_strange(window)
        )

    def _is_strange(self, window: Window) -> bool:
        """The token is from before this process began: the device knows nothing of what is kept here."""
        return window.since is not None and window.since.serial < self._serial.floor

    async def changed(self, window: Window, room_ids: list[str]) -> list[Json]:
        assert window.since is not None
        if self._is_strange(window):
            return await self.whole(window, room_ids)
        users = set(self._presence.changed(window.user_id, room_ids, window.since.serial))
        came, _ = await self._shared.moved(window.user_id, window.since.pos, window.upto.pos)
        return self._events(window, users | came)

    async def whole(self, window: Window, room_ids: list[str]) -> list[Json]:
        return self._events(window, set(self._presence.everybody(window.user_id, room_ids)))

    def _events(self, window: Window, users: set[str]) -> list[Json]:
        wants = window.filter.presence.wants
        return [Json(e) for e in self._presence.events(user for user in sorted(users) if wants("m.presence", user))]
