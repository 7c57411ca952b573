"""Who shares rooms with whom, and how that changed: for device lists and presence."""

from ..rooms.registry import RoomRegistry
from .tracker import Tracker

MAX_EVENTS = 100


class SharedRooms:
    """Answers from memory while nothing changed, which is almost always."""

    def __init__(self, registry: RoomRegistry, tracker: Tracker) -> None:
        self._registry = registry
        self._tracker = tracker

    async def share_rooms_with(self, user_id: str) -> set[str]:
        """Everybody who is joined to a room that `user_id` is joined to."""
        return await self._registry.share_rooms_with(user_id)

    def may_have_moved(self, user_id: str, room_ids: list[str], since: int) -> bool:
        """False is certain."""
        return self._tracker.memberships.since(user_id, since) or bool(self._tracker.state.among(room_ids, since))

    async def moved(self, user_id: str, since: int, upto: int) -> tuple[set[str], set[str]]:
        """Who came and who went in (since, upto]: `(came, went)`.

        `came`: people who joined a room of `user_id`, and all members of rooms that `user_id` joined. `went`: people
        who left such a room, and all members of rooms that `user_id` left. May name too many; people may be in both.
        """
        came: set[str] = set()
        went: set[str] = set()
        if self._tracker.state.newest <= since:
            return came, went
        rooms = await self._registry.rooms_of(user_id)
        last, floor = self._tracker.state.last, self._tracker.state.floor
        for room_id in [room_id for room_id in rooms if last.get(room_id, floor) > since]:
            member = rooms[room_id]
            if member.membership == "join":
                await self._moved_in(room_id, since, upto, member.since > since, came, went)
            elif member.membership in ("leave", "ban") and member.since > since:
                room = await self._registry.room(room_id)
                went |= room.joined if room is not None else frozenset()
        return came, went

    async def _moved_in(
        self, room_id: str, since: int, upto: int, is_new: bool, came: set[str], went: set[str]
    ) -> None:
        room = await self._registry.room(room_id)
        if room is None or room.state_pos <= since:
            return
        if is_new:
            came |= room.joined
        events, more = await self._registry.timeline(room_id, since, upto, MAX_EVENTS)
        if more:
            events = [event for event in room.state.values() if event.pos > since]
        for event in events:
            if event.type == "m.room.member" and event.state_key is not None:
                if event.membership != "join":
                    went.add(event.state_key)
                elif more or event.body.get("unsigned", {}).get("prev_content", {}).get("membership") != "join":
                    came.add(event.state_key)
