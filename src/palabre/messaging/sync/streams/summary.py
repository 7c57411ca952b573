"""Counts of members, and the heroes that a room without a name is named after.

Client-server API, section "Calculating the display name for a room".
"""

from collections import OrderedDict
from typing import Any, NamedTuple

from ...rooms.models import Event, Room

HEROES = 5
MAX_ROOMS = 10_000


class _Members(NamedTuple):
    state_pos: int
    invited: int
    heroes: list[str]
    """One more than are needed: the reader is never one of them."""


class SummaryStream:
    def __init__(self) -> None:
        self._members: OrderedDict[str, _Members] = OrderedDict()

    def heroes(self, room: Room, user_id: str) -> list[str]:
        """Empty for a room that has a name of its own."""
        if room.text("m.room.name", "name") or room.text("m.room.canonical_alias", "alias"):
            return []
        return [hero for hero in self._of(room).heroes if hero != user_id][:HEROES]

    def whole(self, room: Room, user_id: str) -> dict[str, Any]:
        members = self._of(room)
        summary: dict[str, Any] = {
            "m.joined_member_count": len(room.joined),
            "m.invited_member_count": members.invited,
        }
        heroes = self.heroes(room, user_id)
        if heroes:
            summary["m.heroes"] = heroes
        return summary

    def _of(self, room: Room) -> _Members:
        found = self._members.get(room.room_id)
        if found is not None and found.state_pos == room.state_pos:
            return found
        here: list[Event] = []
        gone: list[Event] = []
        invited = 0
        for (kind, _), event in room.state.items():
            if kind == "m.room.member":
                membership = event.membership
                invited += membership == "invite"
                (here if membership in ("join", "invite") else gone).append(event)
        # Whoever is alone is shown with those who were here.
        people = sorted(here, key=_pos) if len(here) > 1 else [*here, *sorted(gone, key=_pos)]
        found = _Members(room.state_pos, invited, [event.state_key or "" for event in people[: HEROES + 1]])
        self._members[room.room_id] = found
        self._members.move_to_end(room.room_id)
        if len(self._members) > MAX_ROOMS:
            self._members.popitem(last=False)
        return found


def _pos(event: Event) -> int:
    return event.pos
