"""Who is typing where (client-server API, section "Typing Notifications").

Every process on the database knows all of it: each tells the others of whoever says so to itself. A word that is lost
is made up for by the time at which typing ends of itself.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

from ...core import errors, json
from ...core.clock import Clock
from ..rooms.registry import RoomRegistry
from ..sync.notifier import Notifier
from ..sync.peers import Peers
from ..sync.serial import Serial

DEFAULT_MS = 30_000
MAX_MS = 120_000
MAX_ROOMS = 10_000

TOPIC = "typing"
Said = tuple[str, str, int]
"""Room id, user id, and for how many more milliseconds they type; 0: not any more."""


class _Room:
    __slots__ = ("event", "serial", "until")

    def __init__(self) -> None:
        self.serial = 0
        self.until: dict[str, float] = {}
        """User id to the moment (monotonic seconds) it ends of itself."""
        self.event = b""


class TypingService:
    def __init__(self, registry: RoomRegistry, notifier: Notifier, serial: Serial, peers: Peers, clock: Clock) -> None:
        self._registry = registry
        self._notifier = notifier
        self._serial = serial
        self._peers = peers
        self._clock = clock
        self._rooms: OrderedDict[str, _Room] = OrderedDict()
        """Least recently changed first."""
        self._newest = 0
        self._busy: set[str] = set()
        """Rooms where somebody types."""
        self._timer: asyncio.TimerHandle | None = None
        self._said_here: dict[tuple[str, str], float] = {}
        """Of whom this process told the others that they type (room id, user id), to the moment it ends."""
        if peers.shared:
            peers.listen(TOPIC, list[Said], self._heard)
            peers.on_greeting.append(self._greet)

    async def put(self, user_id: str, room_id: str, typing: bool, timeout_ms: int = DEFAULT_MS) -> None:
        """Raises 403 `M_FORBIDDEN` for somebody who is not in the room."""
        room = await self._registry.room(room_id)
        if room is None or user_id not in room.joined:
            raise errors.forbidden("You are not in this room.")
        left_ms = min(timeout_ms, MAX_MS) if typing else 0
        if self._peers.shared:
            self._tell(room_id, user_id, left_ms)
        self._set(room_id, user_id, left_ms)

    def _tell(self, room_id: str, user_id: str, left_ms: int) -> None:
        if left_ms:
            self._said_here[room_id, user_id] = self._clock.monotonic() + left_ms / 1000
        else:
            self._said_here.pop((room_id, user_id), None)
        self._peers.tell(TOPIC, [(room_id, user_id, left_ms)])

    def _heard(self, process: str, items: list[Said]) -> None:
        for room_id, user_id, left_ms in items:
            self._said_here.pop((room_id, user_id), None)
            self._set(room_id, user_id, min(left_ms, MAX_MS))

    def _greet(self, process: str | None) -> None:
        now = self._clock.monotonic()
        self._said_here = {key: until for key, until in self._said_here.items() if until > now}
        self._peers.tell(TOPIC, [(*key, int((until - now) * 1000)) for key, until in self._said_here.items()])

    def _set(self, room_id: str, user_id: str, left_ms: int) -> None:
        typing = left_ms > 0
        here = self._rooms.get(room_id)
        if here is None:
            if not typing:
                return
            here = self._rooms[room_id] = _Room()
        was = user_id in here.until
        if typing:
            here.until[user_id] = self._clock.monotonic() + left_ms / 1000
            self._busy.add(room_id)
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(1, self._expire)
        else:
            here.until.pop(user_id, None)
        if typing != was:
            self._changed(room_id, here)

    def changed_since(self, room_id: str, serial: int) -> bool:
        here = self._rooms.get(room_id)
        return here is not None and here.serial > serial

    def changed_among(self, room_ids: Iterable[str], serial: int) -> set[str]:
        if self._newest <= serial:
            return set()
        return {room_id for room_id in room_ids if self.changed_since(room_id, serial)}

    def event(self, room_id: str) -> bytes | None:
        """The `m.typing` event; None when nobody is typing and nobody was lately."""
        here = self._rooms.get(room_id)
        return here.event if here is not None else None

    def anybody(self, room_id: str) -> bool:
        here = self._rooms.get(room_id)
        return here is not None and bool(here.until)

    def _changed(self, room_id: str, here: _Room) -> None:
        here.serial = self._newest = self._serial.next()
        here.event = json.encode({"type": "m.typing", "content": {"user_ids": list(here.until)}})
        self._rooms.move_to_end(room_id)
        if len(self._rooms) > MAX_ROOMS:
            self._rooms.popitem(last=False)
        self._notifier.wake_room(room_id)

    def _expire(self) -> None:
        """Once a second while somebody types: end what has lasted too long."""
        now = self._clock.monotonic()
        for room_id in list(self._busy):
            here = self._rooms.get(room_id)
            if here is not None:
                over = [user_id for user_id, until in here.until.items() if until <= now]
                for user_id in over:
                    del here.until[user_id]
                    self._said_here.pop((room_id, user_id), None)
                if over:
                    self._changed(room_id, here)
            if here is None or not here.until:
                self._busy.discard(room_id)
        self._timer = asyncio.get_running_loop().call_later(1, self._expire) if self._busy else None
