"""Who may find whom in the user directory. Client-server API, section "User Directory"."""

from ..rooms.models import Room
from ..rooms.registry import RoomRegistry


class Acquaintance:
    def __init__(self, registry: RoomRegistry) -> None:
        self._registry = registry

    async def findable(self, user_id: str, others: list[str]) -> set[str]:
        """Those of `others` who share a room with the person or are in one that is open to everybody.

        The person is among them on the same terms.
        """
        mine = set(await self._registry.joined_rooms(user_id))
        return {other for other in others if await self._may_find(user_id, mine, other)}

    async def _may_find(self, user_id: str, mine: set[str], other: str) -> bool:
        theirs = await self._registry.joined_rooms(other)
        if other != user_id and not mine.isdisjoint(theirs):
            return True
        for room_id in theirs:
            room = await self._registry.room(room_id)
            if room is not None and _is_open(room):
                return True
        return False


def _is_open(room: Room) -> bool:
    return room.join_rule == "public" or room.history_visibility == "world_readable"
