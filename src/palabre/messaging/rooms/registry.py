"""The rooms that are in memory: their current state, the end of their timeline, and each person's list of rooms.

Everything here is a cache of committed data (`CommitCache`), filled from the store on a miss and kept right by this
process's own commits and by what the log says of other processes.
"""

from collections import OrderedDict, deque

import msgspec

from ...storage.database import CommitCache, Database, Entry, Reader, Transaction
from . import store
from .models import MEMBER, Event, Member, Room, StateKey, kept
from .versions import VERSIONS

TAIL_EVENTS = 32
MAX_TAILS = 8_192
"""Together at most a quarter of a million events in memory, whatever rooms are busy."""
MAX_ROOMS = 20_000
MAX_PEOPLE = 100_000

Memberships = dict[str, Member]
"""Room id to where the person stands in it. Never changed in place."""


class Tail:
    """The newest events of a room: complete for every position after `start`."""

    __slots__ = ("events", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.events: deque[Event] = deque()

    def append(self, event: Event) -> None:
        self.events.append(event)
        if len(self.events) > TAIL_EVENTS:
            self.start = self.events.popleft().pos

    def between(self, after: int, upto: int) -> list[Event]:
        """Events with `after < pos <= upto`, oldest first. Only for `after >= start`."""
        found: list[Event] = []
        for event in reversed(self.events):
            if event.pos <= after:
                break
            if event.pos <= upto:
                found.append(event)
        found.reverse()
        return found


class RoomRegistry:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._rooms: CommitCache[str, Room] = CommitCache(MAX_ROOMS)
        self._people: CommitCache[str, Memberships] = CommitCache(MAX_PEOPLE)
        self._tails: OrderedDict[str, Tail] = OrderedDict()
        database.listen(self._on_commit, self._forget)

    async def room(self, room_id: str, tx: Transaction | None = None) -> Room | None:
        """The room as it is now (as the transaction sees it, inside one); None when there is no such room."""
        room = self._rooms.get(room_id, tx)
        if room is not None:
            return room
        return await self._rooms.load(room_id, lambda: self._read_room(room_id, tx), tx)

    async def _read_room(self, room_id: str, tx: Transaction | None) -> Room | None:
        reader: Reader = tx or self._database
        version = await store.room_version(reader, room_id)
        return build_room(room_id, version, await store.current_state(reader, room_id)) if version is not None else None

    async def rooms_of(self, user_id: str, tx: Transaction | None = None) -> Memberships:
        """Every room the person has a membership in, whatever it is."""
        found = self._people.get(user_id, tx)
        if found is not None:
            return found
        return await self._people.load(user_id, lambda: store.rooms_of(tx or self._database, user_id), tx) or {}

    async def joined_rooms(self, user_id: str) -> list[str]:
        return [room_id for room_id, member in (await self.rooms_of(user_id)).items() if member.membership == "join"]

    async def share_rooms_with(self, user_id: str) -> set[str]:
        """Everybody who is joined to a room that the person is joined to, the person included."""
        people = {user_id}
        for room_id in await self.joined_rooms(user_id):
            room = await self.room(room_id)
            if room is not None:
                people |= room.joined
        return people

    def joined_now(self, room_id: str) -> frozenset[str]:
        """Who is joined, if the room is in memory; used to wake people, who are in memory when they wait."""
        room = self._rooms.get(room_id)
        return room.joined if room is not None else frozenset()

    async def timeline(self, room_id: str, after: int, upto: int, limit: int) -> tuple[list[Event], bool]:
        """The newest `limit` events with `after < pos <= upto`, oldest first, and whether older ones were left out."""
        tail = self._tails.get(room_id)
        if tail is not None and after >= tail.start:
            events = tail.between(after, upto)
        else:
            events = await store.events_before(self._database, room_id, upto, after, limit + 1)
            events.reverse()
        if len(events) > limit:
            return events[len(events) - limit :], True
        return events, False

    # writing, inside a transaction

    def put_room(self, room: Room, tx: Transaction) -> None:
        self._rooms.put(room.room_id, room, tx)

    async def put_member(self, user_id: str, room_id: str, member: Member, tx: Transaction) -> None:
        people = await self.rooms_of(user_id, tx)
        self._people.put(user_id, {**people, room_id: member}, tx)
        tx.advance("membership", user_id)
        store.set_member(tx, user_id, room_id, member)

    async def forget(self, user_id: str, room_id: str, member: Member, tx: Transaction) -> None:
        await self.put_member(user_id, room_id, msgspec.structs.replace(member, forgotten=True), tx)

    def appended(self, event: Event, tx: Transaction) -> None:
        """Show the event at the end of its room's timeline once it is committed."""
        tx.after_commit(lambda: self._append(event))

    def replaced(self, event: Event, tx: Transaction) -> None:
        """An event was redacted: forget the timeline in memory that shows its old form."""
        tx.after_commit(lambda: self._drop_tail(event.room_id))

    def _drop_tail(self, room_id: str) -> None:
        self._tails.pop(room_id, None)

    def _append(self, event: Event) -> None:
        tail = self._tails.get(event.room_id)
        if tail is None:
            tail = self._tails[event.room_id] = Tail(event.pos - 1)
            if len(self._tails) > MAX_TAILS:
                self._tails.popitem(last=False)
        tail.append(event)

    def _forget(self) -> None:
        self._rooms.clear()
        self._people.clear()
        self._tails.clear()

    def _on_commit(self, entries: list[Entry], own: bool) -> None:
        if own:
            return
        for _, stream, key in entries:
            if stream == "room":
                self._tails.pop(key, None)
            elif stream == "state":
                self._tails.pop(key, None)
                self._rooms.forget(key)
            elif stream == "membership":
                self._people.forget(key)


def build_room(room_id: str, version: str, events: list[Event]) -> Room:
    """A room from its state events, oldest first."""
    state: dict[StateKey, Event] = {}
    for event in events:
        event.room_id = room_id  # one text for all, not one a row
        event = kept(event)
        state[event.type, event.state_key or ""] = event
    joined = frozenset(key for (kind, key), event in state.items() if kind == MEMBER and event.membership == "join")
    return Room(room_id, VERSIONS[version], state, joined, events[-1].pos if events else 0)
