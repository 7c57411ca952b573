"""`GET /notifications`: what a person was notified of, worked out from the rooms they are in.

Nothing is stored for it, so it looks at the newest part of each room only, and judges by the rules of today.
"""

from typing import Any

import msgspec

from ...core import errors
from ...http.endpoint import endpoint
from ...http.request import Request
from ...storage.database import Database
from ..account_data.service import AccountDataService
from ..receipts.models import MAIN
from ..receipts.service import ReceiptService
from ..rooms.models import Event
from ..rooms.registry import RoomRegistry
from .models import Outcome
from .service import PushRuleService

MAX_LIMIT = 100
EVENTS_OF_A_ROOM = 100


class Notification(msgspec.Struct):
    room_id: str
    event: msgspec.Raw
    actions: list[Any]
    read: bool
    ts: int
    profile_tag: str = ""


class NotificationRoutes:
    def __init__(
        self,
        database: Database,
        registry: RoomRegistry,
        account_data: AccountDataService,
        receipts: ReceiptService,
        rules: PushRuleService,
    ) -> None:
        self._database = database
        self._registry = registry
        self._account_data = account_data
        self._receipts = receipts
        self._rules = rules

    @endpoint("GET", "/_matrix/client/v3/notifications", access="read", tags=("Push notifications",))
    async def get_notifications(self, request: Request) -> dict[str, Any]:
        limit = request.query_int("limit", 20, low=1, high=MAX_LIMIT)
        upto = _position(request.query.get("from"), self._database.position)
        only_highlights = request.query.get("only") == "highlight"
        found: list[tuple[Event, Outcome]] = []
        for room_id, member in (await self._registry.rooms_of(request.user_id)).items():
            if member.membership == "join":
                judged = await self._of_room(request.user_id, room_id, member.since, upto)
                found += [one for one in judged if one[1].highlight or not only_highlights]
        found.sort(key=lambda one: one[0].pos, reverse=True)
        answer: dict[str, Any] = {
            "notifications": [await self._notification(request.user_id, *one) for one in found[:limit]]
        }
        if len(found) > limit:
            answer["next_token"] = str(found[limit][0].pos)
        return answer

    async def _of_room(self, user_id: str, room_id: str, since: int, upto: int) -> list[tuple[Event, Outcome]]:
        room = await self._registry.room(room_id)
        if room is None:
            return []
        data = await self._account_data.of(user_id)
        judge = self._rules.evaluator(user_id, data).judge
        events, _ = await self._registry.timeline(room_id, since, upto, EVENTS_OF_A_ROOM)
        judged = [(event, judge(event, room, user_id)) for event in events if event.sender not in data.ignored]
        return [one for one in judged if one[1].notify]

    async def _notification(self, user_id: str, event: Event, outcome: Outcome) -> Notification:
        everywhere, threads = (await self._receipts.of(user_id, event.room_id)).read_up_to()
        read = event.pos <= max(everywhere, threads.get(MAIN, 0))
        return Notification(event.room_id, msgspec.Raw(event.json), outcome.actions, read, event.ts)


def _position(text: str | None, newest: int) -> int:
    if not text:
        return newest
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise errors.invalid_param("from is the next_token of an earlier answer.")
    return int(text)
