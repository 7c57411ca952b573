"""Pages of a room's past."""

import msgspec

from ..filters.models import RoomEventFilter
from ..relations.models import Direction
from ..rooms.models import Event

DEFAULT_LIMIT = 10
MAX_LIMIT = 1000


class Paging(msgspec.Struct, frozen=True):
    """What `GET /rooms/{roomId}/messages` asks for. `start` and `end` are positions of the log; None: from the newest
    or the oldest event, or without end."""

    direction: Direction
    start: int | None = None
    end: int | None = None
    limit: int = DEFAULT_LIMIT
    filter: RoomEventFilter = RoomEventFilter()


class Page(msgspec.Struct):
    """What it gets."""

    start: int
    events: list[Event]
    end: int | None
    """Where to go on; None: there is nothing more to read."""
    state: list[Event]


class Context(msgspec.Struct):
    """An event and what is around it."""

    event: Event
    before: list[Event]
    """Newest first."""
    after: list[Event]
    """Oldest first."""
    start: int
    end: int
    state: list[Event]
