"""`/sync`: what a device does not have yet, at once or as soon as there is something."""

import asyncio

from msgspec.structs import replace

from ...policy.rollouts.models import Level
from ...policy.status import Place
from ...storage.database import Database
from ..account_data.service import AccountDataService
from ..notices.service import Notices
from ..presence.models import State
from ..presence.service import PresenceService
from ..receipts.service import ReceiptService
from ..rooms.models import Member
from ..rooms.registry import Memberships, RoomRegistry
from . import store
from .locked import Locked, after_lock, seen
from .models import DeviceListsSection, Events, Json, Rooms, SyncRequest, SyncResponse, Window
from .notifier import Notifier
from .protocols import DeviceListChanges, KeySupply
from .rooms import RoomArranger
from .serial import Serial
from .streams.base import PersonStream, Touched
from .streams.policy import PolicyStream
from .streams.to_device import ToDeviceStream
from .token import Token
from .tracker import Tracker

YIELD_EVERY = 8
"""Rooms of a long answer that are worked out before others get a turn."""
PRELOAD_ROOMS = 20
MAX_TRIES = 5


class SyncService:
    def __init__(
        self,
        database: Database,
        registry: RoomRegistry,
        tracker: Tracker,
        notifier: Notifier,
        serial: Serial,
        account_data: AccountDataService,
        receipts: ReceiptService,
        presence: PresenceService,
        rooms: RoomArranger,
        room_streams: list[Touched],
        global_account_data: PersonStream,
        presence_stream: PersonStream,
        to_device: ToDeviceStream,
        device_lists: DeviceListChanges,
        keys: KeySupply,
        policy: PolicyStream,
        notices: Notices,
        locked: Locked,
    ) -> None:
        self._database = database
        self._registry = registry
        self._tracker = tracker
        self._notifier = notifier
        self._serial = serial
        self._account_data = account_data
        self._receipts = receipts
        self._presence = presence
        self._rooms = rooms
        self._room_streams = room_streams
        self._global_account_data = global_account_data
        self._presence_stream = presence_stream
        self._to_device = to_device
        self._device_lists = device_lists
        self._keys = keys
        self._policy = policy
        self._notices = notices
        self._locked = locked

    async def sync(self, request: SyncRequest, timeout_ms: int, set_presence: State | None) -> SyncResponse:
        """Answer at once when there is news or when all there is was asked for, else wait for news up to `timeout_ms`.

        Client-server API, `GET /sync`.
        """
        self._presence.seen(request.user_id, request.device_id, set_presence, timeout_ms)
        if request.since is not None and request.since.furthest > self._database.position:
            request = await self._ahead(request, request.since)
        request = await self.take_over(request, timeout_ms)
        since = None if request.full_state else request.since
        deadline = self._notifier.deadline(timeout_ms if since is not None else 0)
        self._notifier.follow(request.user_id)
        while True:
            place = await self.place(request.user_id)
            if (
                since is not None
                and since.policy == place.mark
                and self._notifier.may_sleep(request.user_id, since, deadline)
            ):
                await self._notifier.wait(request.user_id, self.next_look(deadline, place))
                place = await self.place(request.user_id)
            at, serial = self._database.position, self._serial.now
            response = await self._at_place(request, place)
            if response.has_news or self._notifier.passed(deadline):
                return response
            # Nothing may be held here that is not needed: thousands of these wait at any time.
            del response
            if at == self._database.position and serial == self._serial.now:
                await self._notifier.wait(request.user_id, self.next_look(deadline, place))

    async def place(self, user_id: str) -> Place:
        """Where the person stands with the terms, of which they have been told when this returns."""
        place = await self._policy.place(user_id)
        await self._notices.deliver(user_id, place)
        return place

    def next_look(self, deadline: float, place: Place) -> float:
        """A date that passes on the ladder of a roll-out ends a wait: nothing is written that could."""
        return self._notifier.earlier(deadline, place.valid_until)

    async def _at_place(self, request: SyncRequest, place: Place) -> SyncResponse:
        if place.level >= Level.LOCKED:
            return await self._locked.respond(request, place)
        return await self.respond(request, place)

    async def _ahead(self, request: SyncRequest, since: Token) -> SyncRequest:
        """The token is from a process that is further on, or from a database that was put back to an older state."""
        await self._database.catch_up()
        if since.furthest <= self._database.position:
            return request
        return SyncRequest(
            request.user_id, request.device_id, None, request.filter, request.full_state, request.use_state_after
        )

    async def take_over(self, request: SyncRequest, timeout_ms: int) -> SyncRequest:
        """The request with a serial of this process, where that in its token is of another: see `serial`."""
        since = request.since
        if since is None or self._serial.is_own(since.serial):
            return request
        serial, wait_ms = self._serial.taken_over(since.serial)
        if wait_ms and timeout_ms and since.pos == self._database.position and not request.full_state:
            await self._notifier.wait(request.user_id, self._notifier.deadline(min(wait_ms, timeout_ms)))
        return replace(request, since=replace(since, serial=serial))

    async def respond(self, request: SyncRequest, place: Place) -> SyncResponse:
        """What there is now, be it nothing."""
        before = request.since
        request = after_lock(request)
        memberships, window = await self.window(request)
        await self._to_device.acknowledge(window)
        to_device, to_device_pos = await self._to_device.changed(window)
        joined = [room_id for room_id, member in memberships.items() if member.membership == "join"]
        rooms = await self._arrange(window, memberships, joined, before)
        supply = await self._keys.supply(request.user_id, request.device_id)
        upto = window.upto
        behind = to_device_pos if to_device_pos < upto.pos else None
        upto = Token(upto.pos, upto.serial, behind, place.mark)
        account_data = await self._of_person(self._global_account_data, window, joined)
        return SyncResponse(
            str(upto),
            supply.counts,
            supply.unused_fallbacks,
            rooms or None,
            _with_more(account_data, await self._policy.changed(window, place)),
            await self._of_person(self._presence_stream, window, joined),
            Events(to_device) if to_device else None,
            await self._changed_device_lists(window),
        )

    async def window(self, request: SyncRequest) -> tuple[Memberships, Window]:
        """The person's rooms and account data, and a position at which they are just so."""
        for _ in range(MAX_TRIES):
            position = self._tracker.position
            memberships = await self._registry.rooms_of(request.user_id)
            data = await self._account_data.of(request.user_id)
            if position == self._database.position:
                break
        return memberships, Window(request, data, request.since, Token(position, self._serial.give()))

    async def _of_person(self, stream: PersonStream, window: Window, joined: list[str]) -> Events | None:
        if window.since is None:
            events = await stream.whole(window, joined)
        elif stream.touched(window, joined):
            events = await stream.changed(window, joined)
        else:
            return None
        return Events(events) if events else None

    async def _changed_device_lists(self, window: Window) -> DeviceListsSection | None:
        if window.since is None:
            return None
        changes = await self._device_lists.changes(window.user_id, window.since.pos, window.upto.pos)
        return DeviceListsSection(changes.changed, changes.left) if changes else None

    # rooms

    async def _arrange(
        self, window: Window, memberships: Memberships, joined: list[str], before: Token | None
    ) -> Rooms:
        """`before` is the device's own token, also where it begins anew."""
        wants = window.filter.wants_room
        if wants is not None:
            joined = [room_id for room_id in joined if wants(room_id)]
        chosen = await self.chosen(window, memberships, joined)
        if window.since is None and len(chosen) > PRELOAD_ROOMS:
            await self._receipts.preload(window.user_id, joined)
        rooms = Rooms()
        shown = await self._shown_before(window.user_id, before)
        for number, room_id in enumerate(chosen, 1):
            if wants is None or wants(room_id):
                of_room = window
                if before is not None and room_id == shown:
                    of_room = replace(window, since=seen(before))
                await self._put(rooms, of_room, room_id, memberships[room_id])
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        return rooms

    async def _shown_before(self, user_id: str, before: Token | None) -> str | None:
        """The room that was shown while the person was locked out, on the first sync after that."""
        if before is None or before.locked is None:
            return None
        return await self._notices.room_of(user_id)

    async def chosen(self, window: Window, memberships: Memberships, joined: list[str]) -> list[str]:
        """The rooms in which there may be something to say."""
        since = window.since
        include_leave = window.filter.include_leave
        if since is None or window.request.full_state:
            return [
                room_id
                for room_id, member in memberships.items()
                if member.membership not in ("leave", "ban")
                or (since is not None and member.since > since.pos)
                or (include_leave and not member.forgotten)
            ]
        await self._look_back(since.pos, joined)
        touched: set[str] = set()
        for stream in self._room_streams:
            touched |= stream.touched(window.user_id, joined, since)
        if self._tracker.memberships.since(window.user_id, since.pos):
            touched.update(room_id for room_id, member in memberships.items() if member.since > since.pos)
        return list(touched)

    async def _look_back(self, since: int, joined: list[str]) -> None:
        """From before this process began: ask the store, once, when these rooms last changed."""
        rooms = self._tracker.rooms
        if since < rooms.floor:
            unknown = [room_id for room_id in joined if room_id not in rooms.last]
            floor = rooms.floor
            if unknown:
                found = await store.last_positions(self._database, unknown)
                if rooms.floor == floor:  # else something may have changed that is not known any more
                    for room_id, pos in found.items():
                        rooms.last.setdefault(room_id, pos)

    async def _put(self, rooms: Rooms, window: Window, room_id: str, member: Member) -> None:
        room = await self._registry.room(room_id)
        if room is None:
            return
        if member.membership == "join":
            joined = await self._rooms.joined(window, room, member)
            if joined is not None:
                rooms.join[room_id] = joined
        elif member.membership == "invite":
            invited = self._rooms.invited(window, room, member)
            if invited is not None:
                rooms.invite[room_id] = invited
        elif member.membership == "knock":
            rooms.knock[room_id] = self._rooms.knocked(window, room, member)
        elif not member.forgotten:
            left = await self._rooms.left(window, room, member)
            if left is not None:
                rooms.leave[room_id] = left


def _with_more(events: Events | None, more: list[Json]) -> Events | None:
    if not more:
        return events
    return Events([*(events.events if events else ()), *more])
