"""Rooms as somebody sees them who may not be in them: one room's summary, and the tree of a space.

Client-server API, sections "Spaces" and "Room summaries".
"""

from collections.abc import Iterator
from typing import Any

from ...core import errors
from ..directory.models import Summary, summary
from ..rooms.models import Event, Room
from ..rooms.registry import Memberships, RoomRegistry

DEFAULT_PAGE = 50
MAX_PAGE = 200
MAX_DEPTH = 10
MAX_ROOMS = 2000


class SpaceService:
    def __init__(self, registry: RoomRegistry) -> None:
        self._registry = registry

    async def summary(self, user_id: str | None, room_id: str) -> Summary:
        """A room that the person may join, ask to join, read or is in. Raises 404 `M_NOT_FOUND` for every other."""
        mine = await self._registry.rooms_of(user_id) if user_id is not None else {}
        room = await self._registry.room(room_id)
        if room is None or not _accessible(room, user_id, mine):
            raise errors.not_found("There is no such room.")
        found = _summary(room)
        if user_id is not None:
            found["membership"] = room.membership(user_id)
        return found

    async def hierarchy(
        self, user_id: str, room_id: str, start: int, limit: int, max_depth: int, *, suggested_only: bool
    ) -> tuple[list[Summary], int | None]:
        """Rooms of a space, depth first, from the `start`th on; and where to go on (None: that was all).

        Raises 403 `M_FORBIDDEN` where the person may not see the space itself.
        """
        mine = await self._registry.rooms_of(user_id)
        root = await self._registry.room(room_id)
        if root is None or not _accessible(root, user_id, mine):
            raise errors.forbidden("You may not see this room.")
        found: list[Summary] = []
        seen = {room_id}
        stack = [(root, 0)]
        while stack and len(found) <= start + limit and len(found) < MAX_ROOMS:
            room, depth = stack.pop()
            children = _children(room, suggested_only) if _is_space(room) else []
            found.append({**_summary(room), "children_state": [_stripped(child) for child in children]})
            if depth == max_depth:
                continue
            below: list[tuple[Room, int]] = []
            for child in children:
                child_id = child.state_key or ""
                if child_id in seen:
                    continue
                next_room = await self._registry.room(child_id)
                if next_room is not None and _accessible(next_room, user_id, mine):
                    seen.add(child_id)
                    below.append((next_room, depth + 1))
            stack.extend(reversed(below))
        more = start + limit if len(found) > start + limit else None
        return found[start : start + limit], more


def _is_space(room: Room) -> bool:
    return room.text("m.room.create", "type") == "m.space"


def _accessible(room: Room, user_id: str | None, mine: Memberships) -> bool:
    """Whether somebody may see what kind of room it is: `GET /rooms/{roomId}/hierarchy` lists the cases."""
    membership = room.membership(user_id) if user_id is not None else "leave"
    if membership in ("join", "invite"):
        return True
    if membership == "ban":
        return False
    if room.history_visibility == "world_readable":
        return True
    rule = room.join_rule
    if rule in ("public", "knock", "knock_restricted"):
        return True
    return rule == "restricted" and any(
        allowed in mine and mine[allowed].membership == "join" for allowed in _allowed_rooms(room)
    )


def _allowed_rooms(room: Room) -> list[str]:
    """The rooms whose members may join (section "Restricted rooms")."""
    allow = room.content("m.room.join_rules").get("allow")
    conditions = allow if isinstance(allow, list) else []
    return [
        condition["room_id"]
        for condition in conditions
        if isinstance(condition, dict)
        and condition.get("type") == "m.room_membership"
        and isinstance(condition.get("room_id"), str)
    ]


def _summary(room: Room) -> Summary:
    found = {**summary(room), "room_version": room.version.id}
    algorithm = room.text("m.room.encryption", "algorithm")
    if algorithm:
        found["encryption"] = algorithm
    if room.join_rule in ("restricted", "knock_restricted"):
        found["allowed_room_ids"] = _allowed_rooms(room)
    return found


def _children(room: Room, suggested_only: bool) -> list[Event]:
    """The `m.space.child` events that hold (section "Ordering of children within a space")."""
    return sorted(_valid_children(room, suggested_only), key=_order)


def _valid_children(room: Room, suggested_only: bool) -> Iterator[Event]:
    for (kind, _), event in room.state.items():
        if kind != "m.space.child":
            continue
        via = event.content.get("via")
        if not isinstance(via, list) or not via:
            continue
        if not suggested_only or event.content.get("suggested") is True:
            yield event


def _order(event: Event) -> tuple[bool, str, int, str]:
    order = event.content.get("order")
    if isinstance(order, str) and len(order) <= 50 and all(" " <= sign <= "~" for sign in order):
        return (False, order, event.ts, event.state_key or "")
    return (True, "", event.ts, event.state_key or "")


def _stripped(event: Event) -> dict[str, Any]:
    return {**event.stripped(), "origin_server_ts": event.ts}
