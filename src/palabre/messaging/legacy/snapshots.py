"""`GET /initialSync`, of everything and of one room: how things are now."""

from typing import Protocol

from ...core import errors
from ...core.json import JsonObject
from ..history.erasure import Erasure
from ..history.models import Paging
from ..history.service import HistoryService
from ..presence.service import MAX_AUDIENCE, PresenceService
from ..push.service import ACCOUNT_DATA_TYPE as PUSH_RULES
from ..rooms.models import Member
from ..rooms.registry import RoomRegistry
from ..sync.models import SyncRequest, Window
from ..sync.rooms import RoomArranger
from ..sync.service import SyncService
from ..sync.streams.base import PersonStream, RoomStream
from ..sync.token import Token
from .models import Chunk, InitialSync, RoomInfo, decoded, of_room, old_event, old_presence


class Published(Protocol):
    async def published(self, room_id: str) -> bool:
        """Whether the room is in the directory."""
        ...


class Snapshots:
    def __init__(
        self,
        registry: RoomRegistry,
        history: HistoryService,
        erasure: Erasure,
        directory: Published,
        presence: PresenceService,
        sync: SyncService,
        arranger: RoomArranger,
        receipts: RoomStream,
        room_account_data: RoomStream,
        account_data: PersonStream,
        presence_stream: PersonStream,
    ) -> None:
        self._registry = registry
        self._history = history
        self._erasure = erasure
        self._directory = directory
        self._presence = presence
        self._sync = sync
        self._arranger = arranger
        self._receipts = receipts
        self._room_account_data = room_account_data
        self._account_data = account_data
        self._presence_stream = presence_stream

    async def everything(self, request: SyncRequest, limit: int, *, archived: bool) -> InitialSync:
        """All of the person's rooms with up to `limit` messages each; with `archived` also those they have left."""
        self._presence.seen(request.user_id, request.device_id, None, 0)
        await self._sync.place(request.user_id)
        memberships, window = await self._sync.window(request)
        joined = [room_id for room_id, member in memberships.items() if member.membership == "join"]
        rooms: list[RoomInfo] = []
        receipts: list[JsonObject] = []
        for room_id, member in memberships.items():
            info = await self._info(window, room_id, member, limit, archived=archived)
            if info is not None:
                rooms.append(info)
        for room_id in joined:
            receipts += of_room(room_id, await self._receipts.whole(window, room_id))
        account_data = [decoded(event) for event in await self._account_data.whole(window, joined)]
        return InitialSync(
            str(window.upto),
            rooms,
            old_presence(await self._presence_stream.whole(window, joined)),
            receipts,
            [event for event in account_data if event["type"] != PUSH_RULES],
        )

    async def room(self, request: SyncRequest, room_id: str, limit: int) -> RoomInfo:
        """One room, also one that the person has left or that is world readable. Raises 403 `M_FORBIDDEN`."""
        memberships, window = await self._sync.window(request)
        member = memberships.get(room_id)
        info = await self._snapshot(window, room_id, member, limit)
        info.presence, info.receipts = [], []
        room = await self._registry.room(room_id)
        if room is not None and member is not None and member.membership == "join":
            info.receipts = of_room(room_id, await self._receipts.whole(window, room_id))
            if len(room.joined) <= MAX_AUDIENCE:
                info.presence = old_presence(self._presence.events(sorted(room.joined)))
        return info

    async def event(self, request: SyncRequest, event_id: str) -> JsonObject:
        """One event, of whatever room. Raises 404 `M_NOT_FOUND` also where the person may not read it."""
        event = await self._history.find(request.user_id, event_id)
        (shown,) = await self._erasure.shown([event], request.user_id)
        return old_event(shown, request.device_id)

    async def _info(
        self, window: Window, room_id: str, member: Member, limit: int, *, archived: bool
    ) -> RoomInfo | None:
        if member.membership == "join":
            return await self._snapshot(window, room_id, member, limit)
        if member.membership == "invite":
            room = await self._registry.room(room_id)
            if room is None or self._arranger.invited(window, room, member) is None:
                return None
            event = room.get("m.room.member", window.user_id)
            invite = old_event(event, window.request.device_id) if event is not None else None
            return RoomInfo(room_id, "invite", await self._visibility(room_id), invite)
        if not archived or member.forgotten:
            return None
        try:
            return await self._snapshot(window, room_id, member, limit)
        except errors.ApiError:
            return None  # never in it: a refused invitation, a ban

    async def _snapshot(self, window: Window, room_id: str, member: Member | None, limit: int) -> RoomInfo:
        end = window.upto
        paging = Paging("b", start=end.pos, limit=limit)
        access, page = await self._history.messages(window.user_id, room_id, paging)
        state = await self._history.state(access, end.pos)
        device_id = window.request.device_id
        start = page.events[-1].pos - 1 if page.events else end.pos
        shown = await self._erasure.shown(page.events, window.user_id)
        messages = [old_event(event, device_id) for event in reversed(shown)]
        return RoomInfo(
            room_id,
            member.membership if member is not None else None,
            await self._visibility(room_id),
            messages=Chunk(str(Token(start, end.serial)), str(end), messages),
            state=[old_event(event, device_id) for event in state.values()],
            account_data=[decoded(event) for event in await self._room_account_data.whole(window, room_id)],
        )

    async def _visibility(self, room_id: str) -> str:
        return "public" if await self._directory.published(room_id) else "private"
