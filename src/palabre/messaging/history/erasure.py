"""What people who asked to be erased wrote: who was in the room then still reads it, others see it redacted.

Client-server API, `POST /account/deactivate`, `erase`.
"""

from collections.abc import Sequence
from typing import Protocol

from ...core import json
from ...storage.database import Database
from ..rooms import store
from ..rooms.models import Event, Room
from ..rooms.registry import RoomRegistry
from ..rooms.versions import redacted_content
from .visibility import Visible, visible


class Accounts(Protocol):
    async def is_erased(self, user_id: str) -> bool: ...


class Erasure:
    def __init__(self, database: Database, registry: RoomRegistry, accounts: Accounts) -> None:
        self._database = database
        self._registry = registry
        self._accounts = accounts

    async def shown(self, events: Sequence[Event], user_id: str) -> Sequence[Event]:
        """`events` as `user_id` may see them: the same objects, but for those that have to be redacted.

        Who is erased has left every room, so looking at who is in the room answers nearly always.
        """
        gone = []
        for event in events:
            room = await self._registry.room(event.room_id)
            if room is not None and event.sender not in room.joined:
                gone.append((event, room))
        erased = {sender for sender in {event.sender for event, _ in gone} if await self._accounts.is_erased(sender)}
        if not erased:
            return events
        stays = {room.room_id: await self._stays(user_id, room) for event, room in gone if event.sender in erased}
        replaced = {
            event.pos: _redacted(event, room)
            for event, room in gone
            if event.sender in erased and not stays[room.room_id].allows(event.pos)
        }
        return [replaced.get(event.pos, event) for event in events]

    async def _stays(self, user_id: str, room: Room) -> Visible:
        """The positions at which the person was in the room."""
        history = await store.state_history(self._database, room.room_id, "m.room.member", user_id)
        return visible([(0, "joined")], [(event.pos, event.membership or "leave") for event in history])


def _redacted(event: Event, room: Room) -> Event:
    body = {name: value for name, value in event.body.items() if name != "unsigned"}
    body["content"] = redacted_content(room.version, event.type, event.content)
    return Event(
        event.pos,
        event.event_id,
        event.room_id,
        event.type,
        event.state_key,
        event.sender,
        event.ts,
        json.encode(body),
        event.redacted_by,
    )
