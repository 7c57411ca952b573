"""Which events of a room a person may read: history visibility as intervals of log positions.

Client-server API, section "Room History Visibility". The rules look at the room as it was when an event was sent; in a
linear log that is decided by two lists of changes, of `m.room.history_visibility` and of the person's own membership.
"""

from bisect import bisect_right
from collections.abc import Iterable

from ...core import errors
from ...storage.database import Database
from ..rooms import store
from ..rooms.models import Event, Member, Room
from ..rooms.registry import RoomRegistry

VISIBILITIES = frozenset(("world_readable", "shared", "invited", "joined"))
DEFAULT_VISIBILITY = "shared"


class Visible:
    """Positions that a person may read: `[bounds[0], bounds[1])`, `[bounds[2], bounds[3])`, …; an odd end is open."""

    __slots__ = ("bounds",)

    def __init__(self, bounds: list[int]) -> None:
        self.bounds = bounds

    def allows(self, pos: int) -> bool:
        return bisect_right(self.bounds, pos) % 2 == 1

    def filter(self, events: Iterable[Event]) -> list[Event]:
        if self.bounds == [0]:
            return list(events)
        return [event for event in events if self.allows(event.pos)]

    def below(self, pos: int) -> bool:
        """Whether any position before `pos` is allowed."""
        return bool(self.bounds) and self.bounds[0] < pos

    def above(self, pos: int) -> bool:
        """Whether any position after `pos` is allowed."""
        return len(self.bounds) % 2 == 1 or (bool(self.bounds) and self.bounds[-1] - 1 > pos)

    def last_before(self, pos: int) -> int:
        """The newest allowed position that is not after `pos`; 0 when there is none."""
        at = bisect_right(self.bounds, pos)
        if at % 2 == 1:
            return pos
        return self.bounds[at - 1] - 1 if at else 0

    def first_after(self, pos: int) -> int | None:
        """The oldest allowed position that is after `pos`; None when there is none."""
        at = bisect_right(self.bounds, pos + 1)
        if at % 2 == 1:
            return pos + 1
        return self.bounds[at] if at < len(self.bounds) else None


EVERYTHING = Visible([0])
NOTHING = Visible([])


class Access:
    """What one person may read of one room."""

    __slots__ = ("joined", "room", "state_pos", "visible")

    def __init__(self, room: Room, visible: Visible, *, joined: bool, state_pos: int | None) -> None:
        self.room = room
        self.visible = visible
        self.joined = joined
        self.state_pos = state_pos
        """The position at which they see the room's state; None: as it is now."""


def visible(visibilities: list[tuple[int, str]], memberships: list[tuple[int, str]]) -> Visible:
    """The positions a person may read, from (position, value) of every `m.room.history_visibility` and of every member
    event of theirs, oldest first.

    An event that changes one of the two is allowed when the room before it or the room after it allows it.
    """
    last_join = max((pos for pos, membership in memberships if membership == "join"), default=-1)
    changes: dict[int, tuple[str | None, str | None]] = {pos: (value, None) for pos, value in visibilities}
    changes |= {pos: (None, value) for pos, value in memberships}
    history, membership = DEFAULT_VISIBILITY, "leave"

    def allowed(since: int) -> bool:
        if history == "world_readable" or membership == "join":
            return True
        return (history == "shared" and since < last_join) or (history == "invited" and membership == "invite")

    bounds: list[int] = []
    before = allowed(0)
    if before:
        bounds.append(0)
    for pos in sorted(changes):
        new_history, new_membership = changes[pos]
        if new_history is not None:
            history = new_history if new_history in VISIBILITIES else DEFAULT_VISIBILITY
        membership = new_membership or membership
        after = allowed(pos)
        if after != before:
            bounds.append(pos if after else pos + 1)
            if bounds[-2:-1] == [pos]:
                del bounds[-2:]
        before = after
    return Visible(bounds)


class HistoryVisibility:
    """Answers for stored rooms. Asks the database only where memory does not tell already."""

    def __init__(self, database: Database, registry: RoomRegistry) -> None:
        self._database = database
        self._registry = registry

    async def visible(self, user_id: str, room: Room, since: int = 0) -> Visible:
        """What `user_id` may read of `room`. Right for positions after `since`; a reader that asks only for
        newer ones says so and is answered from memory."""
        member = (await self._registry.rooms_of(user_id)).get(room.room_id)
        if _sees_everything(room, member, since):
            return EVERYTHING
        if member is not None and member.forgotten:
            member = None
        visibilities = await store.state_history(self._database, room.room_id, "m.room.history_visibility", "")
        memberships = (
            await store.state_history(self._database, room.room_id, "m.room.member", user_id) if member else []
        )
        return visible(
            [(event.pos, str(event.content.get("history_visibility"))) for event in visibilities],
            [(event.pos, event.membership or "leave") for event in memberships],
        )

    async def access(self, user_id: str, room_id: str) -> Access:
        """What `user_id` may read of a room: somebody in it, somebody who was, or anybody where it is world readable.

        Raises 403 `M_FORBIDDEN` for everybody else, and for a room that does not exist or that they forgot.
        """
        room = await self._registry.room(room_id)
        if room is None:
            raise errors.forbidden("You are not in this room.")
        if user_id in room.joined:
            return Access(room, await self.visible(user_id, room), joined=True, state_pos=None)
        member = (await self._registry.rooms_of(user_id)).get(room_id)
        left = None if member is None or member.forgotten else await self._left(user_id, room_id)
        if left is None and room.history_visibility != "world_readable":
            raise errors.forbidden("You are not in this room, and its history is not open to everybody.")
        return Access(room, await self.visible(user_id, room), joined=False, state_pos=left)

    async def _left(self, user_id: str, room_id: str) -> int | None:
        """Where the person last ceased to be joined; None for who never was."""
        joined, left = False, None
        for event in await store.state_history(self._database, room_id, "m.room.member", user_id):
            if event.membership == "join":
                joined = True
            elif joined:
                joined, left = False, event.pos
        return left


def _sees_everything(room: Room, member: Member | None, since: int) -> bool:
    """Whether somebody who is joined may read every position after `since`, as far as memory tells."""
    if member is None or member.membership != "join":
        return False
    if member.since <= since + 1:
        return True
    setting = room.get("m.room.history_visibility")
    if setting is None:
        return True
    first = setting.redacted_by is None and "replaces_state" not in setting.body.get("unsigned", {})
    return first and room.history_visibility not in ("invited", "joined")
