"""The state of a room that a client has to know besides the timeline: all of it, or what changed in a gap."""

import math
from collections import OrderedDict

from ....storage.database import Database
from ...rooms import store as room_store
from ...rooms.models import Event, Room, StateKey
from .. import store
from ..models import Window
from .timeline import Piece

MAX_DEVICES = 20_000
MAX_MEMBERS = 2_000
MEMBER = "m.room.member"

State = dict[StateKey, Event]


class _Sent:
    """Which member events a device got, so that they need not be sent with every message (lazy loading)."""

    __slots__ = ("members",)

    def __init__(self) -> None:
        self.members: dict[tuple[str, str], tuple[int, int]] = {}
        """(room id, user id) to the member event's position and the position of the sync that brought it."""


class StateStream:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._sent: OrderedDict[tuple[str, str], _Sent] = OrderedDict()

    async def read(self, window: Window, room: Room, piece: Piece, after: int | None, needed: set[str]) -> list[Event]:
        """State to send with `piece`. `after` is what the client has of the room, None where that is nothing.

        Up to the start of the timeline, or to its end where the client asked for `state_after`. With lazy loading, of
        the member events only those of `needed` and of who sent something in the timeline, and those that changed in a
        gap.
        """
        shown = {(e.type, e.state_key): e for e in piece.shown if e.state_key is not None}
        if after is not None and not piece.limited and len(piece.shown) == len(piece.everything):
            state: State = {}
            if window.request.use_state_after:
                state = {(kind, key or ""): event for (kind, key), event in shown.items()}
        else:
            now = await self._state(room, piece.upto)
            base = -1 if after is None else after
            state = now if after is None else {key: event for key, event in now.items() if event.pos > base}
            if window.request.use_state_after:
                # Who left and was then banned is shown the ban, which is after the end of what they may see.
                state = state | {(kind, key or ""): e for (kind, key), e in shown.items() if e.pos > piece.upto}
            elif shown:
                state = await self._before(room.room_id, state, piece, base)
        if window.filter.lazy_members:
            state = await self._lazy(window, room, state, piece, after, needed)
        selector = window.filter.state
        return [event for event in state.values() if selector.passes(event)]

    async def _state(self, room: Room, upto: int) -> State:
        """The room's state after `upto`. The snapshot may have grown while others were being read."""
        if room.state_pos <= upto:
            return room.state
        events = await room_store.state_at(self._database, room.room_id, upto)
        return {(event.type, event.state_key or ""): event for event in events}

    async def _before(self, room_id: str, state: State, piece: Piece, base: int) -> State:
        """`state` with what the timeline brings anyway taken back to what it was where the timeline starts."""
        result: State = {}
        first = piece.prev_batch
        shown = {event.pos for event in piece.shown}
        fresh = any(event.type == "m.room.create" for event in piece.shown)
        for key, event in state.items():
            if event.pos not in shown:
                result[key] = event
            elif not fresh and _replaced_something(event) and first > base:
                before = await store.state_event_at(self._database, room_id, *key, first)
                if before is not None and before.pos > base:
                    result[key] = before
        return result

    # lazy loading (section "Lazy-loading room members")

    async def _lazy(
        self, window: Window, room: Room, state: State, piece: Piece, after: int | None, needed: set[str]
    ) -> State:
        senders = {event.sender for event in piece.shown}
        if after is None:
            wanted = senders | needed
            known_upto = await self._known_before(window, room.room_id)
            result = {
                key: event
                for key, event in state.items()
                if key[0] != MEMBER or key[1] in wanted or event.pos > known_upto
            }
        else:
            result = dict(state)
        sent = self._sent_to(window)
        arriving = {event.state_key for event in piece.shown if event.type == MEMBER}
        for user_id in senders | (needed if after is not None else set()):
            key = (MEMBER, user_id)
            event = room.state.get(key)
            if event is None or key in result or user_id in arriving:
                continue
            if after is None or event.pos > piece.upto:
                continue
            known = sent.members.get((room.room_id, user_id))
            redundant = known is not None and known[0] == event.pos and known[1] <= window.after
            if not redundant or window.filter.redundant_members:
                result[key] = event
        self._note(window, sent, room.room_id, result, piece)
        return result

    async def _known_before(self, window: Window, room_id: str) -> float:
        """Up to where the client knows the members of a room that it gets whole.

        Who left and came back still has the members of before: they have to be told who changed.
        """
        if window.since is None:
            return math.inf
        since = window.since.pos
        own = await room_store.state_history(self._database, room_id, MEMBER, window.user_id)
        joins = [event.pos for event in own if event.membership == "join" and event.pos <= since]
        if not joins:
            return math.inf
        return next((event.pos for event in own if joins[-1] < event.pos <= since), since)

    def _sent_to(self, window: Window) -> _Sent:
        device = (window.user_id, window.request.device_id)
        sent = self._sent.get(device)
        if sent is None or window.since is None:
            sent = self._sent[device] = _Sent()
        self._sent.move_to_end(device)
        if len(self._sent) > MAX_DEVICES:
            self._sent.popitem(last=False)
        return sent

    @staticmethod
    def _note(window: Window, sent: _Sent, room_id: str, state: State, piece: Piece) -> None:
        at = window.upto.pos
        members = [event for (kind, _), event in state.items() if kind == MEMBER]
        members += [event for event in piece.shown if event.type == MEMBER and event.state_key is not None]
        if len(sent.members) + len(members) > MAX_MEMBERS:
            sent.members.clear()
        for event in members:
            sent.members[room_id, event.state_key or ""] = (event.pos, at)


def _replaced_something(event: Event) -> bool:
    return event.redacted_by is not None or b'"replaces_state"' in event.json
