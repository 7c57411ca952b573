"""The events of a room, as much of them as fits."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ....core import json
from ....core.json import JsonObject
from ...filters.models import Selector
from ...history.erasure import Erasure
from ...history.visibility import Visible
from ...relations.service import decorated
from ...rooms.models import Event, Room
from ...rooms.registry import RoomRegistry
from ..models import Json, TimelineSection, Window
from ..protocols import Aggregations
from ..token import Token
from ..tracker import Tracker

SCAN_EVENTS = 200
SCAN_ROUNDS = 5
"""A filter that lets little through makes a timeline limited instead of having a whole room read."""


class Piece(msgspec.Struct):
    """A stretch of a room's timeline.

    `everything` are all events after position `start` up to `upto`, and `shown` those of them that the client gets.
    `limited`: something between where the client was and `start` is left out.
    """

    shown: list[Event]
    everything: list[Event]
    start: int
    upto: int
    limited: bool

    @property
    def prev_batch(self) -> int:
        return self.shown[0].pos - 1 if self.shown else self.start


class TimelineStream:
    def __init__(self, registry: RoomRegistry, tracker: Tracker, erasure: Erasure, aggregations: Aggregations) -> None:
        self._registry = registry
        self._tracker = tracker
        self._erasure = erasure
        self._aggregations = aggregations

    def touched(self, user_id: str, room_ids: Iterable[str], since: Token) -> set[str]:
        return self._tracker.rooms.among(room_ids, since.pos)

    async def read(self, window: Window, room: Room, visible: Visible, after: int, upto: int) -> Piece:
        """The newest events that pass the filter, with `after < pos <= upto`; `after` is what the client has.

        `visible` is what the person may read; they may also read events that are part of the room's state now, which
        they get to know anyway.
        """
        selector = window.filter.timeline
        ignored = window.data.ignored
        everything = visible.bounds == [0]
        if everything and selector.everything and selector.limit > 0:
            events, more = await self._registry.timeline(room.room_id, after, upto, selector.limit)
            if not ignored or all(event.sender not in ignored or event.state_key is not None for event in events):
                return Piece(events, events, events[0].pos - 1 if more else after, upto, more)

        def passes(event: Event) -> bool:
            return (
                selector.passes(event)
                and (everything or visible.allows(event.pos) or _is_state_of(event, room))
                and (event.sender not in ignored or event.state_key is not None)
            )

        return await self._scan(room.room_id, selector, after, upto, passes)

    async def _scan(
        self, room_id: str, selector: Selector, after: int, upto: int, passes: Callable[[Event], bool]
    ) -> Piece:
        """The same, reading backwards past what does not pass."""
        shown: list[Event] = []
        everything: list[Event] = []
        at, more = upto, True
        for _ in range(SCAN_ROUNDS):
            if not more:
                break
            size = max(SCAN_EVENTS, selector.limit + 1)
            events, more = await self._registry.timeline(room_id, after, at, size)
            for event in reversed(events):
                if passes(event):
                    if len(shown) == selector.limit:
                        start = shown[-1].pos - 1 if shown else upto
                        newer = [event for event in everything if event.pos > start]
                        return Piece(shown[::-1], newer[::-1], start, upto, True)
                    shown.append(event)
                everything.append(event)
            if events:
                at = events[0].pos - 1
        return Piece(shown[::-1], everything[::-1], at if more else after, upto, more)

    async def section(self, window: Window, piece: Piece, *, limited: bool) -> TimelineSection:
        token = Token(piece.prev_batch, window.upto.serial)
        events = await self._erasure.shown(piece.shown, window.user_id)
        if not limited:
            return TimelineSection(render(window, events), False, str(token))
        # Section "Aggregations of child events": only a limited timeline comes with them.
        bundled = await self._aggregations.bundle(events, window.user_id)
        if not bundled:
            return TimelineSection(render(window, events), True, str(token))
        return TimelineSection(
            [_rendered(window, event, decorated(event, bundled.get(event.event_id))) for event in events],
            True,
            str(token),
        )


def _is_state_of(event: Event, room: Room) -> bool:
    if event.state_key is None:
        return False
    now = room.state.get((event.type, event.state_key))
    return now is not None and now.pos == event.pos


def render(window: Window, events: Iterable[Event]) -> list[Json]:
    """Events as the device gets them: the stored JSON as it is, but for its own transaction ids and `event_fields`."""
    if window.filter.event_fields is not None:
        return [_rendered(window, event, event.body) for event in events]
    device = window.request.device_id
    return [
        Json(event.json) if event.device_id != device or event.txn_id is None else _rendered(window, event, event.body)
        for event in events
    ]


def _rendered(window: Window, event: Event, body: JsonObject) -> Json:
    request = window.request
    if event.txn_id is not None and (event.sender, event.device_id) == (request.user_id, request.device_id):
        body = {**body, "unsigned": {**body.get("unsigned", {}), "transaction_id": event.txn_id}}
    if window.filter.event_fields is not None:
        body = _pick(body, window.filter.event_fields)
    return Json(json.encode(body))


def _pick(body: JsonObject, fields: list[tuple[str, ...]]) -> JsonObject:
    """Only the properties that `event_fields` names, and what identifies the event."""
    picked: JsonObject = {name: body[name] for name in _ALWAYS if name in body}
    for path in fields:
        source: Any = body
        target = picked
        for name in path[:-1]:
            source = source.get(name) if isinstance(source, dict) else None
            if isinstance(source, dict):
                target = target.setdefault(name, {})
        if isinstance(source, dict) and path[-1] in source:
            target[path[-1]] = source[path[-1]]
    return picked


_ALWAYS = ("event_id", "type", "sender", "origin_server_ts", "state_key")
