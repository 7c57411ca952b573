"""Paging through a room, finding one event and what is around it, and the state as it was.

Client-server API, section "Getting events for a room".
"""

from collections.abc import Collection, Iterable

from ...core import errors
from ...storage.database import Database
from ..account_data.service import AccountDataService
from ..filters.models import RoomEventFilter, Selector
from ..relations.models import Direction
from ..rooms import store
from ..rooms.models import Event, StateKey
from .models import Context, Page, Paging
from .visibility import Access, HistoryVisibility

SCAN_ROUNDS = 8
"""A filter that lets little through makes a page end early instead of reading a whole room."""
SCAN_EVENTS = 500


class HistoryService:
    def __init__(self, database: Database, visibility: HistoryVisibility, account_data: AccountDataService) -> None:
        self._database = database
        self._visibility = visibility
        self._account_data = account_data

    async def messages(self, user_id: str, room_id: str, paging: Paging) -> tuple[Access, Page]:
        """One page of a room's timeline. Raises 403 `M_FORBIDDEN`."""
        access = await self._visibility.access(user_id, room_id)
        newest = self._database.position
        start = paging.start
        if start is None:
            start = newest if paging.direction == "b" else 0
        ignored = (await self._account_data.of(user_id)).ignored
        events, rest = await self._scan(access, paging, min(start, newest), ignored)
        state = await self._senders(access, events) if paging.filter.lazy_load_members else []
        return access, Page(start, events, rest, state)

    async def _scan(
        self, access: Access, paging: Paging, start: int, ignored: Collection[str]
    ) -> tuple[list[Event], int | None]:
        """Up to `limit` events that pass, and the position to go on from; None where nothing was left."""
        selector = Selector(paging.filter)
        found: list[Event] = []
        at = start
        for _ in range(SCAN_ROUNDS):
            size = paging.limit + 1 if selector.everything else SCAN_EVENTS
            rows = await self._rows(access, paging, at, size)
            for event in rows:
                if len(found) == paging.limit:
                    return found, at
                at = event.pos - 1 if paging.direction == "b" else event.pos
                if access.visible.allows(event.pos) and selector.passes(event) and not _hidden(event, ignored):
                    found.append(event)
            if len(rows) < size:
                return found, at if found else None
        return found, at

    async def _rows(self, access: Access, paging: Paging, at: int, size: int) -> list[Event]:
        """The next events from `at` on, without what lies wholly outside of what the person may read."""
        room_id = access.room.room_id
        if paging.direction == "b":
            return await store.events_before(
                self._database, room_id, access.visible.last_before(at), paging.end or 0, size
            )
        first = access.visible.first_after(at)
        if first is None:
            return []
        upto = self._database.position if paging.end is None else paging.end
        return await store.events_after(self._database, room_id, first - 1, upto, size)

    async def _senders(self, access: Access, events: Iterable[Event]) -> list[Event]:
        """The member events of who sent `events` (section "Lazy-loading room members")."""
        state = await self.state(access)
        senders = dict.fromkeys(event.sender for event in events)
        members = (state.get(("m.room.member", sender)) for sender in senders)
        return [member for member in members if member is not None]

    async def state(self, access: Access, at: int | None = None) -> dict[StateKey, Event]:
        """The state that the person may see, after position `at` (None: the newest they may see)."""
        pos = access.state_pos
        if at is not None and (pos is None or at < pos):
            pos = at
        if pos is None or pos >= access.room.state_pos:
            return access.room.state
        events = await store.state_at(self._database, access.room.room_id, pos)
        return {(event.type, event.state_key or ""): event for event in events}

    async def members(self, user_id: str, room_id: str, at: int | None) -> list[Event]:
        """Member events of a room now, or as they were after position `at`; for who left, as when they left."""
        access = await self._visibility.access(user_id, room_id)
        state = await self.state(access, at)
        return [event for (kind, _), event in state.items() if kind == "m.room.member"]

    async def event(self, user_id: str, room_id: str, event_id: str) -> tuple[Access, Event]:
        """One event. Raises 404 `M_NOT_FOUND` also where the person may not read it."""
        try:
            access = await self._visibility.access(user_id, room_id)
        except errors.ApiError:
            raise errors.not_found("There is no such event.") from None
        return access, await self._event(access, event_id)

    async def find(self, user_id: str, event_id: str) -> Event:
        """The same where the room is not known: of the deprecated `GET /events/{eventId}`."""
        room_id = await store.room_of_event(self._database, event_id)
        if room_id is None:
            raise errors.not_found("There is no such event.")
        return (await self.event(user_id, room_id, event_id))[1]

    async def _event(self, access: Access, event_id: str) -> Event:
        event = await store.event(self._database, access.room.room_id, event_id)
        if event is None or not access.visible.allows(event.pos):
            raise errors.not_found("There is no such event.")
        return event

    async def context(
        self, user_id: str, room_id: str, event_id: str, limit: int, filter_: RoomEventFilter
    ) -> tuple[Access, Context]:
        """An event with what came before and after it. Raises 403 `M_FORBIDDEN`, 404 `M_NOT_FOUND`."""
        access = await self._visibility.access(user_id, room_id)
        event = await self._event(access, event_id)
        ignored = (await self._account_data.of(user_id)).ignored
        half = limit // 2
        earlier = Paging("b", limit=half, filter=filter_)
        later = Paging("f", limit=limit - half, filter=filter_)
        before = (await self._scan(access, earlier, event.pos - 1, ignored))[0] if half else []
        after = (await self._scan(access, later, event.pos, ignored))[0] if limit else []
        last = after[-1] if after else event
        state = await self.state(access, last.pos)
        selector = Selector(filter_)
        shown = [one for one in state.values() if selector.passes(one)]
        if filter_.lazy_load_members:
            senders = {one.sender for one in (*before, event, *after)}
            shown = [one for one in shown if one.type != "m.room.member" or one.state_key in senders]
        start = (before[-1] if before else event).pos - 1
        return access, Context(event, before, after, start, last.pos, shown)

    async def at_time(self, user_id: str, room_id: str, ts: int, direction: Direction) -> Event:
        """The event closest to a moment (milliseconds), at or after it (`f`) or at or before it (`b`).

        A room's events are in the order of their time, so this is a binary search over positions.
        Raises 404 `M_NOT_FOUND`.
        """
        access = await self._visibility.access(user_id, room_id)
        bound = ts if direction == "f" else ts + 1
        low, high = 0, self._database.position
        while low < high:
            middle = (low + high) // 2
            following = await store.events_after(self._database, room_id, middle, high, 1)
            if not following or following[0].ts >= bound:
                high = middle
            else:
                low = following[0].pos
        found = await self._rows(access, Paging(direction), low, 1)
        if not found or not access.visible.allows(found[0].pos):
            raise errors.not_found("There is no event near this moment.")
        return found[0]


def _hidden(event: Event, ignored: Collection[str]) -> bool:
    """Section "Ignoring Users": state of ignored people is still shown."""
    return event.sender in ignored and event.state_key is None
