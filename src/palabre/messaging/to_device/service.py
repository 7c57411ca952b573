"""The rules of to-device messages: accepted once for each transaction id, delivered once to each device."""

from hashlib import sha256
from typing import Any

from ...core import json
from ...core.clock import Clock
from ...storage.database import CommitCache, Database, Entry, Transaction
from ..keys.protocols import Devices
from . import store
from .models import Waiting

MAX_PEOPLE = 200_000
ALL_DEVICES = "*"
_NONE: dict[str, Waiting] = {}


class ToDeviceService:
    """Takes messages in, and gives the sync of each device what waits for it.

    What waits is known in memory for each person (device id to `Waiting`), so a sync of a device that nothing waits for
    costs no query.
    """

    def __init__(self, database: Database, clock: Clock, devices: Devices) -> None:
        self._database = database
        self._clock = clock
        self._devices = devices
        self._waiting: CommitCache[str, dict[str, Waiting]] = CommitCache(MAX_PEOPLE)
        database.listen(self._on_commit, self._waiting.clear)

    async def send(
        self, sender: str, sender_device: str, event_type: str, txn_id: str, messages: dict[str, dict[str, Any]]
    ) -> None:
        """Send `messages` (user id to device id or `*` to content). What goes to unknown devices is dropped.

        Nothing happens when the device has used `txn_id` for this type before (Client-Server API, "Transaction
        identifiers").
        """
        txn_hash = sha256(f"{event_type}\0{txn_id}".encode()).digest()
        tail = b',"sender":' + json.encode(sender) + b',"type":' + json.encode(event_type) + b"}"
        events = {
            user_id: {device: b'{"content":' + json.encode(content) + tail for device, content in contents.items()}
            for user_id, contents in messages.items()
            if contents
        }

        async def work(tx: Transaction) -> None:
            if await store.take_transaction(tx, sender, sender_device, txn_hash, self._clock.ms()):
                known = await self._devices.display_names(tx, list(events))
                for user_id, of_devices in events.items():
                    self._deliver(tx, user_id, of_devices, known.get(user_id, {}))

        await self._database.write(work)

    def _deliver(self, tx: Transaction, user_id: str, events: dict[str, bytes], known: dict[str, Any]) -> None:
        to_all = events.get(ALL_DEVICES)
        chosen = {device: event for device in known if (event := events.get(device, to_all)) is not None}
        if not chosen:
            return
        pos = tx.advance("to_device", user_id)
        for device_id, event in chosen.items():
            store.add(tx, user_id, device_id, pos, event)
        waiting = self._waiting.get(user_id, tx)
        if waiting is None:
            # Staged all the same: whoever is reading the old rows now must not leave them in the cache.
            self._waiting.drop(user_id, tx)
        else:
            now_waiting = {
                device: Waiting(waiting[device].oldest if device in waiting else pos, pos) for device in chosen
            }
            self._waiting.put(user_id, waiting | now_waiting, tx)

    # for sync

    async def pending(
        self, user_id: str, device_id: str, since: int, upto: int, limit: int = 100
    ) -> tuple[list[bytes], int]:
        """What waits for a device in (since, upto], oldest first: `(events, last_pos)`.

        `events` are JSON objects, ready to be put into an answer. `last_pos` is `upto` when they are all, else the
        position of the last of them: the device's next `since` *for to-device messages* has to be that, so that the
        rest comes next time. Call `acknowledge` with the same `since` first.
        """
        waiting = self._waiting.get(user_id)
        if waiting is None:
            waiting = await self._load(user_id)
        mine = waiting.get(device_id)
        if mine is None or mine.newest <= since or mine.oldest > upto:
            return [], upto
        rows = await store.pending(self._database, user_id, device_id, since, upto, limit + 1)
        if len(rows) > limit:
            return [event for _, event in rows[:limit]], rows[limit - 1][0]
        return [event for _, event in rows], upto

    async def acknowledge(self, user_id: str, device_id: str, upto: int) -> None:
        """The device has everything up to `upto`: delete it. Writes only when there may be something to delete.

        Nothing is lost or repeated when this fails or is not waited for: `pending` looks only past `since`.
        """
        waiting = self._waiting.get(user_id)
        if waiting is None:
            waiting = await self._load(user_id)
        mine = waiting.get(device_id)
        if mine is None or mine.oldest > upto:
            return

        async def work(tx: Transaction) -> None:
            store.delete(tx, user_id, device_id, upto)
            cached = self._waiting.get(user_id, tx)
            if cached is not None and device_id in cached:
                rest = dict(cached)
                if rest[device_id].newest <= upto:
                    del rest[device_id]
                else:
                    rest[device_id] = Waiting(max(upto + 1, rest[device_id].oldest), rest[device_id].newest)
                self._waiting.put(user_id, rest or _NONE, tx)

        await self._database.write(work)

    async def _load(self, user_id: str) -> dict[str, Waiting]:
        return await self._waiting.load(user_id, lambda: store.waiting(self._database, user_id)) or _NONE

    def _on_commit(self, entries: list[Entry], own: bool) -> None:
        if not own:
            for _, stream, key in entries:
                if stream == "to_device":
                    self._waiting.forget(key)

    # upkeep

    async def on_device_deleted(self, tx: Transaction, user_id: str, device_id: str) -> None:
        """Hook of `accounts`."""
        await store.forget_device(tx, user_id, device_id)
        self._waiting.drop(user_id, tx)

    async def forget_transactions(self, before: int) -> None:
        """Drop transaction ids used before `before` (milliseconds): no client repeats a request that long."""

        async def work(tx: Transaction) -> None:
            store.forget_transactions(tx, before)

        await self._database.write(work)
