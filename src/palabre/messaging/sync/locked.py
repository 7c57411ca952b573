"""`/sync` for somebody who is locked out: the notices room and the policy status, and nothing else.

The position in their token stands still meanwhile, so that the first sync after their decision brings everything that
arrived; how far the notices room got is kept beside it.
"""

from msgspec.structs import replace

from ...policy.status import Place
from ...storage.database import Database
from ..account_data.service import AccountDataService
from ..notices.service import Notices
from ..rooms.registry import RoomRegistry
from .models import Events, Rooms, SyncRequest, SyncResponse, Window
from .protocols import KeySupply
from .rooms import RoomArranger
from .serial import Serial
from .streams.policy import PolicyStream
from .token import Token
from .tracker import Tracker


class Locked:
    def __init__(
        self,
        database: Database,
        registry: RoomRegistry,
        tracker: Tracker,
        serial: Serial,
        account_data: AccountDataService,
        rooms: RoomArranger,
        keys: KeySupply,
        policy: PolicyStream,
        notices: Notices,
    ) -> None:
        self._database = database
        self._registry = registry
        self._tracker = tracker
        self._serial = serial
        self._account_data = account_data
        self._rooms = rooms
        self._keys = keys
        self._policy = policy
        self._notices = notices

    async def respond(self, request: SyncRequest, place: Place) -> SyncResponse:
        """What there is now, be it nothing. One-time keys are counted on, so that others can go on encrypting."""
        since = request.since
        known = None if since is None else seen(since)
        position = self._tracker.position
        data = await self._account_data.of(request.user_id)
        window = Window(request, data, known, Token(position, since.serial if since else self._serial.give()))
        rooms = await self._notices_room(window)
        status = await self._policy.changed(replace(window, since=since), place)
        supply = await self._keys.supply(request.user_id, request.device_id)
        still = since or Token(0, window.upto.serial)
        return SyncResponse(
            str(replace(still, policy=place.mark, locked=position)),
            supply.counts,
            supply.unused_fallbacks,
            rooms or None,
            Events(status) if status else None,
        )

    async def _notices_room(self, window: Window) -> Rooms:
        rooms = Rooms()
        room_id = await self._notices.room_of(window.user_id)
        wants = window.filter.wants_room
        if room_id is None or (wants is not None and not wants(room_id)):
            return rooms
        member = (await self._registry.rooms_of(window.user_id)).get(room_id)
        room = await self._registry.room(room_id)
        if member is not None and room is not None and member.membership == "join":
            joined = await self._rooms.joined(window, room, member)
            if joined is not None:
                rooms.join[room_id] = joined
        return rooms


def seen(since: Token) -> Token:
    """How far the notices room is known to a client with this token."""
    return since if since.locked is None else Token(since.locked, since.serial)


def after_lock(request: SyncRequest) -> SyncRequest:
    """Whoever first came while locked out has nothing yet, and begins anew."""
    since = request.since
    if since is None or since.locked is None or since.pos > 0:
        return request
    return replace(request, since=None)
