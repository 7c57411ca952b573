"""`GET /events`: the streams of `/sync` as one list, in the order of the log."""

import msgspec

from ...core import errors
from ...core.json import JsonObject
from ...policy.rollouts.models import Level
from ...storage.database import Database
from ..history.erasure import Erasure
from ..history.visibility import HistoryVisibility
from ..presence.service import PresenceService
from ..rooms import store as room_store
from ..rooms.models import Event, Member
from ..rooms.registry import Memberships, RoomRegistry
from ..sync.models import SyncRequest, Window
from ..sync.notifier import Notifier
from ..sync.rooms import RoomArranger
from ..sync.serial import Serial
from ..sync.service import SyncService
from ..sync.streams.base import PersonStream, RoomStream
from ..sync.token import Token
from .models import Chunk, decoded, of_room, old_event, old_presence


class EventStream:
    def __init__(
        self,
        database: Database,
        registry: RoomRegistry,
        visibility: HistoryVisibility,
        erasure: Erasure,
        presence: PresenceService,
        notifier: Notifier,
        serial: Serial,
        sync: SyncService,
        arranger: RoomArranger,
        ephemeral: list[RoomStream],
        room_account_data: RoomStream,
        account_data: PersonStream,
        presence_stream: PersonStream,
    ) -> None:
        self._database = database
        self._registry = registry
        self._visibility = visibility
        self._erasure = erasure
        self._presence = presence
        self._notifier = notifier
        self._serial = serial
        self._sync = sync
        self._arranger = arranger
        self._ephemeral = ephemeral
        self._room_account_data = room_account_data
        self._account_data = account_data
        self._presence_stream = presence_stream

    async def events(self, request: SyncRequest, room_id: str | None, limit: int, timeout_ms: int) -> Chunk:
        """What happened after `request.since` (None: after now), at once or within `timeout_ms`.

        With `room_id` only what happens in that room, which may also be a world-readable one that the person is not in.
        At most `limit` events of rooms. Raises 403 `M_FORBIDDEN` for a room that they may not look into. Whoever is
        locked out meanwhile gets nothing any more.
        """
        self._presence.seen(request.user_id, request.device_id, None, timeout_ms)
        if request.since is None:
            request = msgspec.structs.replace(request, since=Token(self._database.position, self._serial.now))
        elif request.since.pos > self._database.position:
            await self._database.catch_up()
        request = await self._sync.take_over(request, timeout_ms)
        deadline = self._notifier.deadline(timeout_ms)
        while True:
            place = await self._sync.place(request.user_id)
            if place.level >= Level.LOCKED:
                return Chunk(str(request.since), str(request.since), [])
            at, serial = self._database.position, self._serial.now
            chunk, waits_for = await self._since(request, room_id, limit)
            if chunk.chunk or self._notifier.passed(deadline):
                return chunk
            if at == self._database.position and serial == self._serial.now:
                await self._notifier.wait(waits_for, self._sync.next_look(deadline, place))

    async def _since(self, request: SyncRequest, room_id: str | None, limit: int) -> tuple[Chunk, str]:
        """What there is now, be it nothing; and who is woken when there may be more: the person, or the room."""
        memberships, window = await self._sync.window(request)
        if room_id is None:
            chunk = await self._everywhere(window, memberships, limit)
        elif (member := memberships.get(room_id)) is not None and member.membership == "join":
            chunk = await self._everywhere(window, {room_id: member}, limit)
        else:
            return await self._from_outside(window, room_id, limit), room_id
        return chunk, request.user_id

    async def _everywhere(self, window: Window, memberships: Memberships, limit: int) -> Chunk:
        joined = [room_id for room_id, member in memberships.items() if member.membership == "join"]
        chosen = await self._sync.chosen(window, memberships, joined)
        found: list[Event] = []
        complete = window.upto.pos
        for room_id in chosen:
            events, upto = await self._of_room(window, room_id, memberships[room_id], limit)
            found += events
            complete = min(complete, upto)
        chunk, complete = await self._told(window, found, complete, limit)
        if complete < window.upto.pos:
            return _chunk(window, chunk, complete)
        for room_id in chosen:
            if memberships[room_id].membership == "join":
                is_new = memberships[room_id].since > window.after
                chunk += await self._beside(window, room_id, is_new=is_new)
        if self._account_data.touched(window, joined):
            chunk += [decoded(event) for event in await self._account_data.changed(window, joined)]
        if self._presence_stream.touched(window, joined):
            chunk += old_presence(await self._presence_stream.changed(window, joined))
        return _chunk(window, chunk, complete)

    async def _from_outside(self, window: Window, room_id: str, limit: int) -> Chunk:
        room = (await self._visibility.access(window.user_id, room_id)).room
        if room.history_visibility != "world_readable":
            raise errors.forbidden("You are not in this room, and its history is not open to everybody.")
        events, upto = await self._read(window, room_id, window.after, window.upto.pos, limit)
        chunk, complete = await self._told(window, events, upto, limit)
        if complete == window.upto.pos:
            for stream in self._ephemeral:
                chunk += of_room(room_id, await stream.changed(window, room_id))
            chunk += old_presence(await self._presence_stream.changed(window, [room_id]))
        return _chunk(window, chunk, complete)

    async def _told(
        self, window: Window, events: list[Event], complete: int, limit: int
    ) -> tuple[list[JsonObject], int]:
        """The first `limit` of `events` up to `complete`, and the position up to which these are all of them."""
        found = sorted((event for event in events if event.pos <= complete), key=lambda event: event.pos)
        if len(found) > limit:
            found = found[:limit]
            complete = found[-1].pos
        shown = await self._erasure.shown(found, window.user_id)
        return [old_event(event, window.request.device_id) for event in shown], complete

    async def _beside(self, window: Window, room_id: str, *, is_new: bool) -> list[JsonObject]:
        found: list[JsonObject] = []
        for stream in (*self._ephemeral, self._room_account_data):
            events = await (stream.whole(window, room_id) if is_new else stream.changed(window, room_id))
            found += of_room(room_id, events)
        return found

    async def _of_room(self, window: Window, room_id: str, member: Member, limit: int) -> tuple[list[Event], int]:
        """The events of one room that are news, and the position up to which they are all of them."""
        upto = window.upto.pos
        if member.membership == "join":
            return await self._read(window, room_id, max(window.after, member.since - 1), upto, limit)
        if member.forgotten or not window.after < member.since <= upto:
            return [], upto
        if member.membership in ("leave", "ban"):
            events, complete = await self._read(window, room_id, window.after, member.since, limit, own=member.pos)
            return events, upto if complete == member.since else complete
        room = await self._registry.room(room_id)
        if room is None or self._arranger.invited(window, room, member) is None:
            return [], upto
        event = room.get("m.room.member", window.user_id)
        return [event] if event is not None else [], upto

    async def _read(
        self, window: Window, room_id: str, after: int, upto: int, limit: int, *, own: int = 0
    ) -> tuple[list[Event], int]:
        room = await self._registry.room(room_id)
        if room is None:
            return [], upto
        rows = await room_store.events_after(self._database, room_id, after, upto, limit + 1)
        visible = await self._visibility.visible(window.user_id, room, after)
        ignored = window.data.ignored
        events = [
            event
            for event in rows
            if (visible.allows(event.pos) or event.pos == own)
            and (event.state_key is not None or event.sender not in ignored)
        ]
        return events, rows[-1].pos if len(rows) > limit else upto


def _chunk(window: Window, chunk: list[JsonObject], complete: int) -> Chunk:
    """Where room events were cut off, what is not in the log was not told of yet either."""
    since = window.since or window.upto
    end = window.upto if complete == window.upto.pos else Token(complete, since.serial)
    return Chunk(str(since), str(end), chunk)
