"""Filters as clients send them, and as predicates that are quick to ask. Client-server API, section "Filtering"."""

import re
from collections.abc import Callable, Iterable
from typing import Annotated, Literal

import msgspec

from ..rooms.models import Event

DEFAULT_LIMIT = 20
MAX_LIMIT = 500

Limit = Annotated[int, msgspec.Meta(ge=0)]


class EventFilter(msgspec.Struct, frozen=True):
    limit: Limit | None = None
    senders: list[str] | None = None
    not_senders: list[str] | None = None
    types: list[str] | None = None
    not_types: list[str] | None = None


class RoomEventFilter(EventFilter, frozen=True):
    rooms: list[str] | None = None
    not_rooms: list[str] | None = None
    contains_url: bool | None = None
    lazy_load_members: bool = False
    include_redundant_members: bool = False
    unread_thread_notifications: bool = False


class RoomFilter(msgspec.Struct, frozen=True):
    rooms: list[str] | None = None
    not_rooms: list[str] | None = None
    include_leave: bool = False
    timeline: RoomEventFilter = RoomEventFilter()
    state: RoomEventFilter = RoomEventFilter()
    ephemeral: RoomEventFilter = RoomEventFilter()
    account_data: RoomEventFilter = RoomEventFilter()


class FilterBody(msgspec.Struct, frozen=True):
    """Body of `POST /user/{userId}/filter`, and what the `filter` parameter of `/sync` holds."""

    event_fields: list[str] | None = None
    event_format: Literal["client", "federation"] = "client"
    presence: EventFilter = EventFilter()
    account_data: EventFilter = EventFilter()
    room: RoomFilter = RoomFilter()


Names = Callable[[str], bool]
"""Whether a type, sender or room id is wanted."""


class Selector:
    """One `EventFilter` or `RoomEventFilter`, ready to be asked."""

    __slots__ = ("_rooms", "_senders", "_types", "_url", "everything", "limit", "nothing")

    def __init__(self, filter_: EventFilter) -> None:
        self._types = _patterns(filter_.types, filter_.not_types)
        self._senders = _exact(filter_.senders, filter_.not_senders)
        self._rooms: Names | None = None
        self._url: bool | None = None
        if isinstance(filter_, RoomEventFilter):
            self._rooms = _exact(filter_.rooms, filter_.not_rooms)
            self._url = filter_.contains_url
        self.limit = DEFAULT_LIMIT if filter_.limit is None else min(filter_.limit, MAX_LIMIT)
        self.everything = not (self._types or self._senders or self._rooms or self._url is not None)
        """No event is left out, but for `limit`."""
        self.nothing = filter_.types == [] or filter_.senders == []

    def passes(self, event: Event) -> bool:
        if self.everything:
            return True
        if self._types is not None and not self._types(event.type):
            return False
        if self._senders is not None and not self._senders(event.sender):
            return False
        if self._rooms is not None and not self._rooms(event.room_id):
            return False
        return self._url is None or isinstance(event.content.get("url"), str) is self._url

    def wants(self, event_type: str, sender: str | None = None, room_id: str | None = None) -> bool:
        """The same for what is not an event of a room: account data, presence, ephemeral events."""
        return (
            (self._types is None or self._types(event_type))
            and (sender is None or self._senders is None or self._senders(sender))
            and (room_id is None or self._rooms is None or self._rooms(room_id))
        )


class Filter:
    """A whole filter, ready to be asked."""

    __slots__ = (
        "account_data",
        "ephemeral",
        "event_fields",
        "include_leave",
        "lazy_members",
        "presence",
        "redundant_members",
        "room_account_data",
        "state",
        "threads",
        "timeline",
        "wants_room",
    )

    def __init__(self, body: FilterBody) -> None:
        room = body.room
        self.account_data = Selector(body.account_data)
        self.presence = Selector(body.presence)
        self.timeline = Selector(room.timeline)
        self.state = Selector(room.state)
        self.ephemeral = Selector(room.ephemeral)
        self.room_account_data = Selector(room.account_data)
        self.include_leave = room.include_leave
        self.lazy_members = room.state.lazy_load_members or room.timeline.lazy_load_members
        self.redundant_members = room.state.include_redundant_members or room.timeline.include_redundant_members
        self.threads = room.timeline.unread_thread_notifications
        self.event_fields = [_path(field) for field in body.event_fields] if body.event_fields else None
        self.wants_room: Names | None = _exact(room.rooms, room.not_rooms)


def _exact(wanted: Iterable[str] | None, unwanted: Iterable[str] | None) -> Names | None:
    yes = frozenset(wanted) if wanted is not None else None
    no = frozenset(unwanted or ())
    if yes is not None:
        return (yes - no).__contains__
    return (lambda name: name not in no) if no else None


def _patterns(wanted: list[str] | None, unwanted: list[str] | None) -> Names | None:
    """Like `_exact`, with `*` standing for any characters."""
    if not any("*" in pattern for pattern in [*(wanted or ()), *(unwanted or ())]):
        return _exact(wanted, unwanted)
    yes, no = _expression(wanted), _expression(unwanted or [])
    return lambda name: (yes is None or yes.fullmatch(name) is not None) and (no is None or no.fullmatch(name) is None)


def _expression(patterns: list[str] | None) -> re.Pattern[str] | None:
    if patterns is None:
        return None
    parts = [".*".join(re.escape(part) for part in pattern.split("*")) for pattern in patterns]
    return re.compile("|".join(parts) if parts else r"(?!)", re.DOTALL)


def _path(field: str) -> tuple[str, ...]:
    """A dot-separated property path (appendix "Dot-separated property paths"): `\\.` is a dot, `\\\\` a backslash."""
    parts = re.findall(r"(?:\\.|[^.\\])+|\\$", field)
    return tuple(re.sub(r"\\([.\\])", r"\1", part) for part in parts)


NO_FILTER = Filter(FilterBody())
