"""Who waits for news, and waking them.

A wait holds one future and nothing else: no task, no timer of its own. Timeouts are kept in a wheel of slots that one
timer walks along.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from ...core.clock import Clock
from ...storage.database import Database, Entry, StorageError
from ..rooms.registry import RoomRegistry
from .serial import Serial
from .token import Token

SLOT_SECONDS = 0.05
RETRY_SECONDS = 1.0
MAX_FOLLOWED = 100_000
_ROOM_STREAMS = frozenset(("room", "state", "receipt"))
_USER_STREAMS = frozenset(
    ("membership", "account_data", "to_device", "device_list", "private_device_list", "policy_decision", "session")
)

Future = asyncio.Future[None]


class Notifier:
    """Wakes the people whom an entry of the log concerns: everybody in the room, or the user.

    Made after the registry, so that it hears of a commit when the registry already shows it.
    """

    def __init__(self, database: Database, registry: RoomRegistry, serial: Serial, clock: Clock) -> None:
        self._database = database
        self._registry = registry
        self._serial = serial
        self._clock = clock
        self._waiting: dict[str, list[Future]] = {}
        self._newest: dict[str, tuple[int, int]] = {}
        """Of people who synced lately, the position and serial at which something last concerned them."""
        self._slots: dict[int, set[Future]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next_slot = 0
        self._looking: set[asyncio.Task[None]] = set()
        self.closing = False
        """The server is stopping: nobody waits any more."""
        database.listen(self._on_commit, self.lose_track)
        clock.on_set.append(self.lose_track)

    @property
    def waiting(self) -> int:
        """How many people wait."""
        return len(self._waiting)

    def deadline(self, milliseconds: int) -> float:
        return self._clock.monotonic() + milliseconds / 1000

    def earlier(self, deadline: float, moment: int) -> float:
        """`deadline`, or `moment` (ms since 1970) if that comes first."""
        left = moment - self._clock.ms()
        return min(deadline, self.deadline(left)) if left < 1_000_000_000 else deadline

    def passed(self, deadline: float) -> bool:
        return self.closing or self._clock.monotonic() >= deadline

    def follow(self, user_id: str) -> None:
        """From now on it is known when something concerns the person."""
        if user_id not in self._newest:
            self._newest[user_id] = (self._database.position, self._serial.now)
            if len(self._newest) > MAX_FOLLOWED:
                del self._newest[next(iter(self._newest))]

    def may_sleep(self, user_id: str, since: Token, deadline: float) -> bool:
        """Whether it is certain that nothing has concerned the person after `since`, and there is time to wait."""
        newest = self._newest.get(user_id)
        return (
            newest is not None
            and since.pos >= newest[0]
            and since.serial >= newest[1]
            and since.to_device is None
            and not self.passed(deadline)
        )

    async def wait(self, user_id: str, deadline: float) -> None:
        """Until something may have changed for the person, or `deadline` (monotonic seconds; reached within 50 ms).

        Who looks into a room from outside waits under the room's id instead.
        """
        if self.closing:
            return
        future = asyncio.get_running_loop().create_future()
        slot = int(deadline / SLOT_SECONDS) + 1
        self._waiting.setdefault(user_id, []).append(future)
        self._slots.setdefault(slot, set()).add(future)
        if self._timer is None or slot < self._next_slot:
            self._arm(slot)
        try:
            await future
        finally:
            self._forget(user_id, future, slot)

    def _forget(self, user_id: str, future: Future, slot: int) -> None:
        waiters = self._waiting.get(user_id)
        if waiters is not None and future in waiters:
            waiters.remove(future)
            if not waiters:
                del self._waiting[user_id]
        in_slot = self._slots.get(slot)
        if in_slot is not None:
            in_slot.discard(future)
            if not in_slot:
                del self._slots[slot]

    def _arm(self, slot: int) -> None:
        """Have the timer ring when `slot` has passed."""
        if self._timer is not None:
            self._timer.cancel()
        self._next_slot = slot
        delay = slot * SLOT_SECONDS - self._clock.monotonic()
        self._timer = asyncio.get_running_loop().call_later(max(delay, 0.001), self._tick)

    def _tick(self) -> None:
        """End the waits of the slots that have passed, and go on to the next one that somebody waits in."""
        self._timer = None
        now = self._clock.monotonic() / SLOT_SECONDS
        for slot in [slot for slot in self._slots if slot <= now]:
            for future in self._slots.pop(slot):
                _finish(future)
        if self._slots:
            self._arm(min(self._slots))

    # waking

    def wake(self, user_id: str) -> None:
        self.wake_all((user_id,))

    def wake_all(self, user_ids: Iterable[str]) -> None:
        newest, waiting = self._newest, self._waiting
        now = (self._database.position, self._serial.now)
        for user_id in user_ids:
            if user_id in newest:
                newest[user_id] = now
            if user_id in waiting:
                for future in waiting.pop(user_id):
                    _finish(future)

    def close(self) -> None:
        """Answer everybody who waits, now and from now on: the server is stopping."""
        self.closing = True
        self.wake_everybody()
        for task in self._looking:
            task.cancel()

    def wake_everybody(self) -> None:
        self.wake_all(list(self._waiting))

    def lose_track(self) -> None:
        """What happened is not known, or concerns everybody: whoever waits has to look."""
        self._newest.clear()
        self.wake_everybody()

    def wake_room(self, room_id: str) -> None:
        """Wake who is joined, and who looks in from outside.

        A room that is not in memory is read first: another process wrote into it.
        """
        self.wake(room_id)
        joined = self._registry.joined_now(room_id)
        if joined:
            self.wake_all(joined)
        elif self._newest or self._waiting:
            self._look(lambda: self._joined(room_id))

    async def _joined(self, room_id: str) -> Iterable[str]:
        room = await self._registry.room(room_id)
        return room.joined if room is not None else ()

    def _look(self, people: Callable[[], Awaitable[Iterable[str]]]) -> None:
        """Wake `people()` as soon as the database says who that is."""
        task = asyncio.get_running_loop().create_task(self._wake_when_known(people))
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def _wake_when_known(self, people: Callable[[], Awaitable[Iterable[str]]]) -> None:
        while not self.closing:
            try:
                self.wake_all(await people())
                return
            except StorageError:
                await asyncio.sleep(RETRY_SECONDS)

    def _on_commit(self, entries: list[Entry], own: bool) -> None:
        if not self._newest and not self._waiting:
            return
        rooms: set[str] = set()
        for _, stream, key in entries:
            if stream in _ROOM_STREAMS:
                rooms.add(key)
            elif stream == "policy":
                self.lose_track()
            elif stream in _USER_STREAMS:
                if stream == "device_list":
                    self._wake_acquaintances(key)
                self.wake(key)
        for room_id in rooms:
            self.wake_room(room_id)

    def _wake_acquaintances(self, user_id: str) -> None:
        """Somebody's keys changed: whoever shares a room with them has to hear of it."""
        self._look(lambda: self._registry.share_rooms_with(user_id))


def _finish(future: Future) -> None:
    if not future.done():
        future.set_result(None)
