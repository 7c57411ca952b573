"""Unread counts: derived, never stored.

For each person and room that somebody asked about, the count is kept in memory with the position it goes up to, and
continued from there with only the new events. A receipt of the person's, or a redaction, starts it anew from the store.
"""

from collections import OrderedDict

import msgspec

from ...storage.database import Database
from ..account_data.models import AccountData
from ..receipts.models import MAIN, Receipt
from ..receipts.service import ReceiptService
from ..rooms import store as room_store
from ..rooms.models import Event, Room
from ..rooms.registry import RoomRegistry
from .service import PushRuleService

MAX_COUNTS = 200_000
MAX_UNREAD = 500
"""Events that are looked at when counting anew; nobody reads a number beyond that."""
MAX_HOPS = 3
"""Relations to follow from an event to the thread it belongs to (section "Marking notifications as read")."""


class Count(msgspec.Struct):
    notify: int = 0
    highlight: int = 0


class Unread(msgspec.Struct):
    """One person's unread events in one room, up to position `upto`. `threads` is by thread, `main` among them."""

    upto: int
    joined: int
    receipts: tuple[Receipt, ...]
    """When the person joined, and what their receipts were, when the count began."""
    threads: dict[str, Count] = {}

    def total(self) -> Count:
        result = Count()
        for count in self.threads.values():
            result.notify += count.notify
            result.highlight += count.highlight
        return result

    def extended(self, upto: int) -> "Unread":
        """A copy to count on with: another sync of the same person may be counting on from this one meanwhile."""
        threads = {thread_id: Count(count.notify, count.highlight) for thread_id, count in self.threads.items()}
        return Unread(upto, self.joined, self.receipts, threads)

    def of(self, thread_id: str) -> Count:
        count = self.threads.get(thread_id)
        if count is None:
            count = self.threads[thread_id] = Count()
        return count


class UnreadService:
    def __init__(
        self, database: Database, registry: RoomRegistry, receipts: ReceiptService, rules: PushRuleService
    ) -> None:
        self._database = database
        self._registry = registry
        self._receipts = receipts
        self._rules = rules
        self._counts: OrderedDict[tuple[str, str], Unread] = OrderedDict()

    async def of(
        self, user_id: str, data: AccountData, room: Room, joined: int, upto: int, known: list[Event], start: int
    ) -> Unread:
        """The person's unread events in a room they joined at position `joined`, up to `upto` or later.

        `data` is their account data; `known` are the room's events after position `start` up to `upto`, all of them.
        """
        key = (user_id, room.room_id)
        mine = await self._receipts.of(user_id, room.room_id)
        count = self._counts.get(key)
        if count is not None and count.receipts is mine.receipts and count.joined == joined:
            if count.upto >= upto:
                return count
            events = await self._events(room.room_id, count.upto, upto, known, start)
            if all(event.type != "m.room.redaction" for event in events):
                count = count.extended(upto)
                await self._add(count, user_id, data, room, events, 0, {})
                return self._keep(key, count)
        everywhere, threads = mine.read_up_to()
        since = max(everywhere, joined)
        count = Unread(upto, joined, mine.receipts)
        events = await self._events(room.room_id, since, upto, known, start)
        await self._add(count, user_id, data, room, events, since, threads)
        return self._keep(key, count)

    def _keep(self, key: tuple[str, str], count: Unread) -> Unread:
        self._counts[key] = count
        self._counts.move_to_end(key)
        if len(self._counts) > MAX_COUNTS:
            self._counts.popitem(last=False)
        return count

    async def _events(self, room_id: str, after: int, upto: int, known: list[Event], start: int) -> list[Event]:
        if start <= after:
            return known if start == after else [event for event in known if event.pos > after]
        events, _ = await self._registry.timeline(room_id, after, upto, MAX_UNREAD)
        return events

    async def _add(
        self,
        count: Unread,
        user_id: str,
        data: AccountData,
        room: Room,
        events: list[Event],
        since: int,
        read: dict[str, int],
    ) -> None:
        """Count `events`. `read` says for single threads how far they are read."""
        judge = self._rules.evaluator(user_id, data).judge
        ignored = data.ignored
        for event in events:
            if event.sender == user_id:
                if event.state_key is None and count.threads:
                    count.threads.pop(await self._thread(event), None)
                continue
            if event.sender in ignored:
                continue
            outcome = judge(event, room, user_id)
            if not outcome.notify:
                continue
            thread_id = await self._thread(event)
            if read and event.pos <= read.get(thread_id, since):
                continue
            of_thread = count.of(thread_id)
            of_thread.notify += 1
            if outcome.highlight:
                of_thread.highlight += 1

    async def _thread(self, event: Event) -> str:
        """The thread an event belongs to: the id of its root, or `main`."""
        for _ in range(MAX_HOPS):
            relation = event.content.get("m.relates_to")
            if not isinstance(relation, dict):
                return MAIN
            parent, rel_type = relation.get("event_id"), relation.get("rel_type")
            if not isinstance(parent, str) or not isinstance(rel_type, str):
                return MAIN
            if rel_type == "m.thread":
                return parent
            found = await room_store.event(self._database, event.room_id, parent)
            if found is None:
                return MAIN
            event = found
        return MAIN
