"""Arranging the streams of one room into its part of the answer."""

from ...core import json
from ...storage.database import Database
from ..push.unread import Count, Unread, UnreadService
from ..receipts.models import MAIN
from ..rooms import store as room_store
from ..rooms.models import Event, Member, Room, StateKey
from .models import NO_EVENTS, Events, InvitedRoom, JoinedRoom, Json, KnockedRoom, LeftRoom, UnreadSection, Window
from .streams.base import RoomStream
from .streams.state import StateStream
from .streams.summary import SummaryStream
from .streams.timeline import Piece, TimelineStream, render

_STRIPPED = (
    "m.room.create",
    "m.room.name",
    "m.room.avatar",
    "m.room.topic",
    "m.room.join_rules",
    "m.room.canonical_alias",
    "m.room.encryption",
)
"""Section "Stripped state"."""


class RoomArranger:
    def __init__(
        self,
        database: Database,
        timeline: TimelineStream,
        state: StateStream,
        summary: SummaryStream,
        ephemeral: list[RoomStream],
        account_data: RoomStream,
        unread: UnreadService,
    ) -> None:
        self._database = database
        self._timeline = timeline
        self._state = state
        self._summary = summary
        self._ephemeral = ephemeral
        self._account_data = account_data
        self._unread = unread

    async def joined(self, window: Window, room: Room, member: Member) -> JoinedRoom | None:
        """A room that the person is in; None when there is nothing to say about it."""
        is_new = window.since is None or member.since > window.after
        after = None if is_new else window.after
        piece = await self._timeline.read(window, room, 0 if is_new else window.after, window.upto.pos)
        whole = is_new or window.request.full_state
        members_changed = whole or piece.limited or any(event.type == "m.room.member" for event in piece.everything)
        summary = self._summary.whole(room, window.user_id) if members_changed else {}
        needed: set[str] = set()
        if window.filter.lazy_members and members_changed:
            needed = {window.user_id, *summary.get("m.heroes", ())} if whole else set(summary.get("m.heroes", ()))
        state = await self._state.read(window, room, piece, None if whole else after, needed)
        ephemeral, account_data = await self._beside(window, room.room_id, whole=is_new)
        if not (whole or piece.shown or state or ephemeral or account_data or piece.limited or summary):
            if not await self._unread_changed(window, room, member, piece):
                return None
        limited = piece.limited or (is_new and window.since is not None)
        timeline = await self._timeline.section(window, piece, limited=limited)
        unread = await self._unread.of(
            window.user_id, window.data, room, member.since, window.upto.pos, piece.everything, piece.start
        )
        count, threads = _sections(unread, by_thread=window.filter.threads)
        events = Events(render(window, state)) if state else NO_EVENTS
        after_end = window.request.use_state_after
        return JoinedRoom(
            timeline,
            summary,
            Events(ephemeral) if ephemeral else NO_EVENTS,
            Events(account_data) if account_data else NO_EVENTS,
            count,
            None if after_end else events,
            events if after_end else None,
            threads,
        )

    async def _unread_changed(self, window: Window, room: Room, member: Member, piece: Piece) -> bool:
        """A filter hid the events themselves, or a private receipt was moved elsewhere: the count may still be news."""
        return bool(piece.everything)

    async def _beside(self, window: Window, room_id: str, *, whole: bool) -> tuple[list[Json], list[Json]]:
        """Ephemeral events, and account data."""
        if whole:
            ephemeral = [event for stream in self._ephemeral for event in await stream.whole(window, room_id)]
            return ephemeral, await self._account_data.whole(window, room_id)
        ephemeral = [event for stream in self._ephemeral for event in await stream.changed(window, room_id)]
        return ephemeral, await self._account_data.changed(window, room_id)
