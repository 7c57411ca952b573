"""What a search asks for and what it finds. Client-server API, section "Server Side Search"."""

from typing import Literal

import msgspec

from ..filters.models import RoomEventFilter
from ..rooms.models import Event

KEYS: dict[str, tuple[str, str]] = {
    "content.body": ("m.room.message", "body"),
    "content.name": ("m.room.name", "name"),
    "content.topic": ("m.room.topic", "topic"),
}
"""Key to the event type that has it, and its name in the content."""

Key = Literal["content.body", "content.name", "content.topic"]


class EventContext(msgspec.Struct):
    before_limit: int = 5
    after_limit: int = 5
    include_profile: bool = False


class Group(msgspec.Struct):
    key: Literal["room_id", "sender"]


class Groupings(msgspec.Struct):
    group_by: list[Group] = []


class RoomEvents(msgspec.Struct):
    search_term: str
    keys: list[Key] = msgspec.field(default_factory=lambda: list(KEYS))  # type: ignore[arg-type]  # its keys are Key
    filter: RoomEventFilter = RoomEventFilter()
    order_by: Literal["recent", "rank"] = "rank"
    event_context: EventContext | None = None
    include_state: bool = False
    groupings: Groupings | None = None


class Categories(msgspec.Struct):
    room_events: RoomEvents | None = None


class SearchBody(msgspec.Struct):
    """Body of `POST /search`."""

    search_categories: Categories


class Found(msgspec.Struct, frozen=True):
    """One match."""

    event: Event
    rank: float
