"""Account data: global, and of a room (tags and the fully-read marker among it)."""

from collections.abc import Iterable

from ....core import json
from ...account_data.models import DELETED, GLOBAL
from ...account_data.service import AccountDataService
from ...push.service import ACCOUNT_DATA_TYPE, PushRuleService
from ..models import Json, Window
from ..token import Token
from ..tracker import Tracker


def _event(type_: str, content: bytes) -> Json:
    return Json(b'{"type":' + json.encode(type_) + b',"content":' + (content or b"{}") + b"}")


class GlobalAccountDataStream:
    def __init__(self, tracker: Tracker, push_rules: PushRuleService) -> None:
        self._tracker = tracker
        self._push_rules = push_rules

    def touched(self, window: Window, room_ids: list[str]) -> bool:
        return self._tracker.account_data.since(window.user_id, window.after)

    async def changed(self, window: Window, room_ids: list[str]) -> list[Json]:
        wants = window.filter.account_data.wants
        changed = window.data.changed(window.after, window.upto.pos)
        types = {type_: item.content for (room_id, type_), item in changed.items() if room_id == GLOBAL}
        return await self._events(window, {type_: content for type_, content in types.items() if wants(type_)})

    async def whole(self, window: Window, room_ids: list[str]) -> list[Json]:
        wants = window.filter.account_data.wants
        types = {
            type_: item.content
            for (room_id, type_), item in window.data.items.items()
            if room_id == GLOBAL and item.content != DELETED
        }
        types.setdefault(ACCOUNT_DATA_TYPE, b"")
        return await self._events(window, {type_: content for type_, content in types.items() if wants(type_)})

    async def _events(self, window: Window, types: dict[str, bytes]) -> list[Json]:
        """Push rules are stored as what the person changed, and shown as all of them."""
        if ACCOUNT_DATA_TYPE in types:
            types[ACCOUNT_DATA_TYPE] = await self._push_rules.account_data(window.user_id)
        return [_event(type_, content) for type_, content in types.items()]


class RoomAccountDataStream:
    def __init__(self, account_data: AccountDataService, tracker: Tracker) -> None:
        self._account_data = account_data
        self._tracker = tracker

    def touched(self, user_id: str, room_ids: Iterable[str], since: Token) -> set[str]:
        if not self._tracker.account_data.since(user_id, since.pos):
            return set()
        data = self._account_data.at_hand(user_id)
        if data is None:
            return set(room_ids)
        return {room_id for (room_id, _), item in data.items.items() if item.pos > since.pos} & set(room_ids)

    async def changed(self, window: Window, room_id: str) -> list[Json]:
        if not self._tracker.account_data.since(window.user_id, window.after):
            return []
        changed = window.data.changed(window.after, window.upto.pos)
        return [
            _event(type_, item.content)
            for (of_room, type_), item in changed.items()
            if of_room == room_id and window.filter.room_account_data.wants(type_, room_id=room_id)
        ]

    async def whole(self, window: Window, room_id: str) -> list[Json]:
        return [
            _event(type_, item.content)
            for type_, item in window.data.of_room(room_id)
            if item.content != DELETED and window.filter.room_account_data.wants(type_, room_id=room_id)
        ]
