"""Searching the newest unencrypted messages of the rooms that a person may read."""

import asyncio

from ...storage.database import Database
from ..account_data.service import AccountDataService
from ..filters.models import Selector
from ..history.erasure import Erasure
from ..history.visibility import Access, HistoryVisibility
from ..rooms import store as rooms
from ..rooms.models import Event
from ..rooms.registry import RoomRegistry
from . import store
from .models import KEYS, Found, RoomEvents

SCAN_EVENTS = 20_000
SCAN_BATCH = 500
MAX_FOUND = 1000


class SearchService:
    def __init__(
        self,
        database: Database,
        registry: RoomRegistry,
        visibility: HistoryVisibility,
        erasure: Erasure,
        account_data: AccountDataService,
    ) -> None:
        self._database = database
        self._registry = registry
        self._visibility = visibility
        self._erasure = erasure
        self._account_data = account_data

    async def find(self, user_id: str, query: RoomEvents) -> tuple[list[Found], dict[str, Access]]:
        """Events that have every word of the search term, in the order asked for, with what the person may read of
        each room. Looks at the newest `SCAN_EVENTS` events only."""
        accesses = await self._accesses(user_id, query)
        words = query.search_term.casefold().split()
        types = sorted({KEYS[key][0] for key in query.keys})
        members = {KEYS[key][0]: KEYS[key][1] for key in query.keys}
        selector = Selector(query.filter)
        ignored = (await self._account_data.of(user_id)).ignored
        found: list[Found] = []
        upto = self._database.position
        for _ in range(SCAN_EVENTS // SCAN_BATCH):
            if not words or not accesses or len(found) >= MAX_FOUND:
                break
            events = await store.candidates(self._database, list(accesses), types, upto, SCAN_BATCH)
            for event in await self._erasure.shown(events, user_id):
                rank = _rank(event.content.get(members[event.type]), words)
                readable = accesses[event.room_id].visible.allows(event.pos) and event.sender not in ignored
                if rank > 0 and readable and selector.passes(event):
                    found.append(Found(event, rank))
            if len(events) < SCAN_BATCH:
                break
            upto = events[-1].pos - 1
            await asyncio.sleep(0)
        if query.order_by == "rank":
            found.sort(key=lambda one: (-one.rank, -one.event.pos))
        return found, accesses

    async def _accesses(self, user_id: str, query: RoomEvents) -> dict[str, Access]:
        """The rooms to look at: those the person is in or was in, as far as the filter allows."""
        wanted, unwanted = query.filter.rooms, query.filter.not_rooms or ()
        found: dict[str, Access] = {}
        for room_id, member in (await self._registry.rooms_of(user_id)).items():
            if member.forgotten or member.membership not in ("join", "leave", "ban"):
                continue
            if (wanted is None or room_id in wanted) and room_id not in unwanted:
                room = await self._registry.room(room_id)
                if room is not None:
                    visible = await self._visibility.visible(user_id, room)
                    found[room_id] = Access(room, visible, joined=member.membership == "join", state_pos=None)
        return found

    async def around(self, access: Access, event: Event, before: int, after: int) -> tuple[list[Event], list[Event]]:
        """What the person may read just before (newest first) and just after an event."""
        room_id = event.room_id
        earlier = await rooms.events_before(self._database, room_id, event.pos - 1, 0, before) if before else []
        newest = self._database.position
        later = await rooms.events_after(self._database, room_id, event.pos, newest, after) if after else []
        return access.visible.filter(earlier), access.visible.filter(later)


def _rank(text: object, words: list[str]) -> float:
    """0 where a word is missing; else higher the more of the text the words are."""
    if not isinstance(text, str):
        return 0.0
    folded = text.casefold()
    if not all(word in folded for word in words):
        return 0.0
    return sum(folded.count(word) * len(word) for word in words) / (len(folded) + 1)
