"""Keeping presence (client-server API, section "Presence") and telling those who share a room.

A change is told at once, and those of the next moment together: after a restart everybody comes online at once.

Every process on the database knows of everybody. Who connects to a process is looked after by it: it says to the
others when they come and go, and notices when they fall silent. The newest word counts, except that a process to
which somebody is connected objects when another one believes them gone. A word that is lost, or a process that is,
leaves people online for `GRACE_SECONDS` after that is noticed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

import msgspec

from ...core.clock import Clock
from ...storage.database import StorageError
from ..rooms.registry import RoomRegistry
from ..sync.notifier import Notifier
from ..sync.peers import Peers
from ..sync.serial import Serial
from ..sync.tracker import LastChange
from .models import GRACE_SECONDS, IDLE_SECONDS, Presence, State

GATHER_SECONDS = 0.1
RETRY_SECONDS = 1.0
SWEEP_SECONDS = 10.0
MAX_AUDIENCE = 1000
"""Members beyond which a room does not spread presence: each would pay for the coming and going of all."""
MAX_PEOPLE = 200_000
TOPIC = "presence"


class Said(msgspec.Struct, array_like=True):
    """What one process tells the others of one person."""

    user_id: str
    said: int
    state: State
    status_msg: str | None
    active_ms: int | None
    """How long ago they did something; None when that is not known."""
    supposed: bool = False
    """Nobody said so: the process has not heard of them for some time."""


class PresenceService:
    def __init__(self, registry: RoomRegistry, notifier: Notifier, serial: Serial, peers: Peers, clock: Clock) -> None:
        self._registry = registry
        self._notifier = notifier
        self._serial = serial
        self._peers = peers
        self._clock = clock
        self._people: OrderedDict[str, Presence] = OrderedDict()
        """Whoever was told about last is last."""
        self._concerns = LastChange(floor=0)
        """Of each person the newest serial of a change that they may see."""
        self._dirty: dict[str, None] = {}
        self._telling: asyncio.Task[None] | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._unsaid: dict[str, bool] = {}
        """Of whom the other processes have to be told, and whether it is only supposed."""
        if peers.shared:
            peers.listen(TOPIC, list[Said], self._heard)
            peers.on_greeting.append(self._greet)

    # what people do

    def seen(self, user_id: str, device_id: str, state: State | None, wait_ms: int) -> None:
        """A sync of a device begins that may last `wait_ms`. `state` is its `set_presence`, None where it has none.

        Without one, who was offline comes online; who said `unavailable` stays so. A person is as present as the
        liveliest of their devices: one that idles does not hide another that is in use.
        """
        if state == "offline":
            return
        person = self._people.get(user_id)
        if person is None:
            person = self._add(user_id)
        now = self._clock.monotonic()
        person.connected_until = now + wait_ms / 1000 + GRACE_SECONDS
        if state is not None:
            _note(person, device_id, state)
        if state is None or (state == "unavailable" and _some_device_online(person, now)):
            state = "online" if person.state == "offline" else person.state
        if state != person.state:
            self._set(user_id, person, state, now)
        elif person.at is not None:
            self._say(user_id, person)  # they are looked after here now

    def active(self, user_id: str) -> None:
        """The person did something: sent, read, typed."""
        person = self._people.get(user_id)
        if person is None:
            return
        now = self._clock.monotonic()
        if person.state == "unavailable":
            self._set(user_id, person, "online", now)
        elif person.state == "online":
            person.last_active = now

    def put(self, user_id: str, state: State, status_msg: str | None) -> None:
        """`PUT /presence/{userId}/status`."""
        person = self._people.get(user_id) or self._add(user_id)
        now = self._clock.monotonic()
        person.status_msg = status_msg or None
        person.connected_until = max(person.connected_until, now + GRACE_SECONDS * 2)
        self._set(user_id, person, state, now)

    def forget(self, user_id: str) -> None:
        """The account is gone."""
        self._people.pop(user_id, None)

    def _add(self, user_id: str) -> Presence:
        if len(self._people) >= MAX_PEOPLE:
            self._people.popitem(last=False)
        person = self._people[user_id] = Presence()
        self._people.move_to_end(user_id, last=False)
        return person

    def _set(self, user_id: str, person: Presence, state: State, now: float, *, supposed: bool = False) -> None:
        person.state = state
        if state == "online" or not person.last_active:
            person.last_active = now
        if self._peers.shared:
            self._say(user_id, person, supposed=supposed)
        self._changed(user_id)

    def _changed(self, user_id: str) -> None:
        self._dirty[user_id] = None
        self._begin_telling()
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)

    # other processes

    def _say(self, user_id: str, person: Presence, *, supposed: bool = False) -> None:
        person.said = self._serial.next()
        person.at = None
        self._unsaid[user_id] = supposed
        self._begin_telling()

    def _tell_peers(self) -> None:
        unsaid, self._unsaid = self._unsaid, {}
        now = self._clock.monotonic()
        items: list[Said] = []
        for user_id, supposed in unsaid.items():
            person = self._people.get(user_id)
            if person is not None and self._serial.is_own(person.said):
                items.append(_said(user_id, person, now, supposed))
        self._peers.tell(TOPIC, items)

    def _heard(self, process: str, items: list[Said]) -> None:
        now = self._clock.monotonic()
        for item in items:
            person = self._people.get(item.user_id)
            if person is None:
                person = self._add(item.user_id)
            if item.said > person.said:
                if item.supposed and _knows_better(person, item.state, now):
                    self._say(item.user_id, person)
                    continue
                if (person.state, person.status_msg) != (item.state, item.status_msg):
                    self._changed(item.user_id)
                person.said, person.state, person.status_msg = item.said, item.state, item.status_msg
                if item.active_ms is not None:
                    person.last_active = max(person.last_active, now - item.active_ms / 1000)
            if item.said == person.said:
                person.at = process

    def _greet(self, process: str | None) -> None:
        """What was heard from there is true if it is said again; and the newcomer knows nothing of what is here."""
        now = self._clock.monotonic()
        for person in self._people.values():
            if person.at is not None and process in (None, person.at):
                _doubt(person, now)
        self._peers.tell(
            TOPIC,
            [
                _said(user_id, person, now)
                for user_id, person in self._people.items()
                if self._serial.is_own(person.said) and (person.state != "offline" or person.status_msg is not None)
            ],
        )

    # telling

    def _begin_telling(self) -> None:
        if self._telling is None:
            self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        try:
            while self._dirty or self._unsaid:
                self._tell_peers()
                dirty, self._dirty = self._dirty, {}
                try:
                    await self._tell_of_all(dirty)
                except StorageError:
                    self._dirty = dirty | self._dirty
                    await asyncio.sleep(RETRY_SECONDS)
                await asyncio.sleep(GATHER_SECONDS)
        finally:
            self._telling = None

    async def _tell_of_all(self, user_ids: Iterable[str]) -> None:
        audience: set[str] = set()
        for user_id in user_ids:
            rooms = await self._registry.joined_rooms(user_id)
            person = self._people.get(user_id)
            if person is not None:
                audience |= self._tell_of(user_id, person, rooms)
                audience.update(rooms)  # who looks in from outside
        self._notifier.wake_all(audience)

    def _tell_of(self, user_id: str, person: Presence, room_ids: list[str]) -> set[str]:
        """Give the change its serial, and note whom it concerns, in one step: no sync gets in between."""
        person.serial = self._serial.next()
        self._people.move_to_end(user_id)
        audience: set[str] = {user_id}
        for room_id in room_ids:
            joined = self._registry.joined_now(room_id)
            if len(joined) <= MAX_AUDIENCE:
                audience |= joined
        for other in audience:
            self._concerns.put(other, person.serial)
        return audience

    def _sweep(self) -> None:
        now, anybody = self._clock.monotonic(), False
        for user_id, person in self._people.items():
            if person.state == "offline":
                continue
            anybody = True
            if person.at is not None:
                if self._peers.is_there(person.at):
                    continue
                _doubt(person, now)
            if person.connected_until < now:
                self._set(user_id, person, "offline", now, supposed=True)
            elif person.state == "online" and now - person.last_active > IDLE_SECONDS:
                self._set(user_id, person, "unavailable", now, supposed=True)
        again = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep) if anybody else None
        self._sweeper = again

    # for those who look

    def of(self, user_id: str) -> Presence | None:
        return self._people.get(user_id)

    def concerns(self, user_id: str, serial: int) -> bool:
        """Whether something changed after `serial` that the person may see."""
        return self._concerns.since(user_id, serial)

    def changed(self, user_id: str, room_ids: Iterable[str], serial: int) -> list[str]:
        """Who, of those that the person shares a room with (and they themselves), changed after `serial`."""
        recent: set[str] = set()
        for other, person in reversed(self._people.items()):
            if person.serial <= serial:
                break
            recent.add(other)
        return self._known(user_id, room_ids, recent)

    def everybody(self, user_id: str, room_ids: Iterable[str]) -> list[str]:
        """Everybody heard of that the person shares a room with, and they themselves."""
        return self._known(user_id, room_ids, self._people.keys())

    def _known(self, user_id: str, room_ids: Iterable[str], among: AbstractSet[str]) -> list[str]:
        found = {user_id} & among
        for room_id in room_ids:
            joined = self._registry.joined_now(room_id)
            if len(joined) <= MAX_AUDIENCE:
                found |= joined & among
        return sorted(found)

    def events(self, user_ids: Iterable[str]) -> list[bytes]:
        """`m.presence` events; who was never heard of is offline."""
        now = self._clock.monotonic()
        return [(self._people.get(user_id) or _UNKNOWN).event(user_id, now) for user_id in user_ids]


_UNKNOWN = Presence()


def _note(person: Presence, device_id: str, state: State) -> None:
    """Remember which devices say that the person is online."""
    devices = person.online or {}
    devices.pop(device_id, None)
    if state == "online":
        devices[device_id] = person.connected_until
    person.online = devices or None


def _some_device_online(person: Presence, now: float) -> bool:
    return any(until >= now for until in (person.online or {}).values())


def _said(user_id: str, person: Presence, now: float, supposed: bool = False) -> Said:
    active_ms = max(0, int((now - person.last_active) * 1000)) if person.last_active else None
    return Said(user_id, person.said, person.state, person.status_msg, active_ms, supposed)


def _doubt(person: Presence, now: float) -> None:
    """The process that answered for the person is gone: they have a moment to be heard of again."""
    person.at = None
    person.connected_until = max(person.connected_until, now + GRACE_SECONDS)


def _knows_better(person: Presence, state: State, now: float) -> bool:
    """Whether somebody whom another process supposes in `state` is livelier than that here."""
    if person.connected_until < now or person.state == "offline":
        return False
    return state == "offline" or (person.state == "online" and now - person.last_active <= IDLE_SECONDS)
