"""Arranging the streams of one room into its part of the answer."""

from typing import Any

from ...core import json
from ...storage.database import Database
from ..history.visibility import HistoryVisibility
from ..push.unread import Count, Unread, UnreadService
from ..receipts.models import MAIN
from ..rooms import store as room_store
from ..rooms.models import Event, Member, Room
from ..rooms.registry import build_room
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
        visibility: HistoryVisibility,
        timeline: TimelineStream,
        state: StateStream,
        summary: SummaryStream,
        ephemeral: list[RoomStream],
        account_data: RoomStream,
        unread: UnreadService,
    ) -> None:
        self._database = database
        self._visibility = visibility
        self._timeline = timeline
        self._state = state
        self._summary = summary
        self._ephemeral = ephemeral
        self._account_data = account_data
        self._unread = unread

    async def joined(self, window: Window, room: Room, member: Member) -> JoinedRoom | None:
        """A room that the person is in; None when there is nothing to say about it."""
        is_new = window.since is None or member.since > window.after
        whole = is_new or window.request.full_state
        visible = await self._visibility.visible(window.user_id, room, 0 if is_new else window.after)
        piece = await self._timeline.read(window, room, visible, 0 if is_new else window.after, window.upto.pos)
        summary: dict[str, Any] = {}
        needed: set[str] = {window.user_id} if whole else set()
        if whole or piece.limited or any(_moves(event) for event in piece.everything):
            summary = self._summary.whole(room, window.user_id)
            needed.update(summary.get("m.heroes", ()))
        state = await self._state.read(window, room, piece, None if whole else window.after, needed)
        ephemeral, account_data = await self._beside(window, room.room_id, whole=is_new)
        if not (whole or piece.shown or piece.limited or state or ephemeral or account_data or summary):
            return None
        limited = piece.limited or (is_new and window.since is not None)
        unread = await self._unread.of(
            window.user_id, window.data, room, member.since, window.upto.pos, piece.everything, piece.start
        )
        count, threads = _counts(unread, by_thread=window.filter.threads)
        before, after = self._states(window, state)
        return JoinedRoom(
            await self._timeline.section(window, piece, limited=limited),
            summary,
            Events(ephemeral) if ephemeral else NO_EVENTS,
            Events(account_data) if account_data else NO_EVENTS,
            count,
            before,
            after,
            threads,
        )

    async def left(self, window: Window, room: Room, member: Member) -> LeftRoom | None:
        """A room that the person is no longer in: up to when they left."""
        history = await room_store.state_history(self._database, room.room_id, "m.room.member", window.user_id)
        had = next((event.membership for event in reversed(history) if event.pos <= window.after), None) == "join"
        if had or any(event.membership == "join" for event in history if event.pos > window.after):
            last_join = max(event.pos for event in history if event.membership == "join")
            left_at = min(event.pos for event in history if event.pos > last_join)
            visible = await self._visibility.visible(window.user_id, room)
            if room.state_pos > left_at:
                before_leaving = await room_store.state_at(self._database, room.room_id, left_at)
                room = build_room(room.room_id, room.version.id, before_leaving)
            begin = window.after if had else 0
            piece = await self._timeline.read(window, room, visible, begin, left_at)
            # From the beginning: a client that was here before must not put it behind what it has.
            piece.limited = piece.limited or (not had and window.since is not None)
            # A ban of somebody who had left comes later, and is all they get to know of what happened since.
            later = [event for event in history if event.pos == member.pos > left_at]
            piece.shown, piece.everything = [*piece.shown, *later], [*piece.everything, *later]
            whole = not had or window.request.full_state
            state = await self._state.read(window, room, piece, None if whole else begin, {window.user_id})
        elif window.since is None:
            return None
        else:
            # An invitation or a knock came to nothing, or who had left is banned. Of the room they see nothing.
            own = [event for event in history if event.pos == member.pos]
            piece = Piece(own, own, member.pos - 1, member.pos, False)
            state = own if window.request.use_state_after else []
        account_data = await self._account_data.whole(window, room.room_id)
        before, after = self._states(window, state)
        timeline = await self._timeline.section(window, piece, limited=piece.limited)
        return LeftRoom(timeline, Events(account_data), before, after)

    @staticmethod
    def _states(window: Window, state: list[Event]) -> tuple[Events | None, Events | None]:
        """`state` and `state_after`: the one that was asked for."""
        events = Events(render(window, state)) if state else NO_EVENTS
        return (None, events) if window.request.use_state_after else (events, None)

    async def _beside(self, window: Window, room_id: str, *, whole: bool) -> tuple[list[Json], list[Json]]:
        """Ephemeral events, and account data."""
        if whole:
            ephemeral = [event for stream in self._ephemeral for event in await stream.whole(window, room_id)]
            return ephemeral, await self._account_data.whole(window, room_id)
        ephemeral = [event for stream in self._ephemeral for event in await stream.changed(window, room_id)]
        return ephemeral, await self._account_data.changed(window, room_id)

    def invited(self, window: Window, room: Room, member: Member) -> InvitedRoom | None:
        """An invitation; None from somebody whom the person ignores, or where they take none."""
        if member.sender in window.data.ignored:
            return None
        if window.data.content("m.invite_permission_config").get("default_action") == "block":
            return None
        return InvitedRoom(Events(_stripped(room, window.user_id, member.sender)))

    def knocked(self, window: Window, room: Room, member: Member) -> KnockedRoom:
        return KnockedRoom(Events(_stripped(room, window.user_id)))


def _stripped(room: Room, *members: str) -> list[Json]:
    keys = [(kind, "") for kind in _STRIPPED] + [("m.room.member", user) for user in dict.fromkeys(members)]
    found = (room.state.get(key) for key in keys)
    return [Json(json.encode(event.stripped())) for event in found if event is not None]


def _moves(event: Event) -> bool:
    """Whether the event changes somebody's membership, and not just a name or a picture."""
    if event.type != "m.room.member" or event.state_key is None:
        return False
    before = event.body.get("unsigned", {}).get("prev_content", {})
    return bool(before.get("membership") != event.membership)


def _counts(unread: Unread, *, by_thread: bool) -> tuple[UnreadSection, dict[str, UnreadSection] | None]:
    """Of the room, or with `by_thread` of the main timeline and of each thread."""
    if not by_thread:
        return _section(unread.total()), None
    threads = {
        thread_id: _section(count) for thread_id, count in unread.threads.items() if thread_id != MAIN and count.notify
    }
    return _section(unread.threads.get(MAIN, _NOTHING)), threads or None


_NOTHING = Count()


def _section(count: Count) -> UnreadSection:
    return UnreadSection(count.notify, count.highlight)
