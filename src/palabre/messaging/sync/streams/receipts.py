"""`m.receipt` events of a room."""

from collections.abc import Iterable

from ...receipts.models import render
from ...receipts.service import ReceiptService
from ..models import Json, Window
from ..token import Token
from ..tracker import Tracker


class ReceiptStream:
    def __init__(self, receipts: ReceiptService, tracker: Tracker) -> None:
        self._receipts = receipts
        self._tracker = tracker

    def touched(self, user_id: str, room_ids: Iterable[str], since: Token) -> set[str]:
        return self._tracker.receipts.among(room_ids, since.pos)

    async def changed(self, window: Window, room_id: str) -> list[Json]:
        if not self._tracker.receipts.since(room_id, window.after):
            return []
        return await self._between(window, room_id, window.after)

    async def whole(self, window: Window, room_id: str) -> list[Json]:
        return await self._between(window, room_id, 0)

    async def _between(self, window: Window, room_id: str, after: int) -> list[Json]:
        if not window.filter.ephemeral.wants("m.receipt", room_id=room_id):
            return []
        receipts = await self._receipts.between(room_id, after, window.upto.pos)
        return [Json(event) for event in render(receipts, window.user_id)]
