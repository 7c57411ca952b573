"""The rules of one-time keys: each is given out at most once, in the order of upload, and then a fallback key."""

from hashlib import sha256

import msgspec

from ....core import errors
from ....core.json import canonical
from ....storage.database import CommitCache, Database, Entry, Transaction
from ..checks import is_id, require_user_ids
from . import store
from .models import NO_SUPPLY, KeyObject, NewKey, Supply

STREAM = "device_keys"
"""Log stream (key: user id) of changes in the supply of a person's devices. No client waits for it."""
MAX_PEOPLE = 200_000
MAX_KEYS = 1000
"""One-time keys in one upload. Clients keep 50 to 100 in store."""

Wanted = dict[str, dict[str, str]]
Given = dict[str, dict[str, dict[str, msgspec.Raw]]]


def parse(keys: dict[str, KeyObject]) -> list[NewKey]:
    """Uploaded keys, by `<algorithm>:<key_id>`. Raises `M_INVALID_PARAM` for a name of another form."""
    if len(keys) > MAX_KEYS:
        raise errors.invalid_param(f"Upload at most {MAX_KEYS} keys at once.")
    parsed = []
    for name, key in keys.items():
        algorithm, _, key_id = name.partition(":")
        if not (is_id(algorithm) and is_id(key_id)):
            raise errors.invalid_param("A key's name must have the form <algorithm>:<key_id>.")
        parsed.append(NewKey(algorithm, key_id, canonical(key)))
    return parsed


class OneTimeKeyService:
    """Takes keys in and gives them out. What each device has left is kept in memory: every sync asks for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._supplies: CommitCache[str, dict[str, Supply]] = CommitCache(MAX_PEOPLE)
        database.listen(self._on_commit, self._supplies.clear)

    async def add(
        self, tx: Transaction, user_id: str, device_id: str, one_time: list[NewKey], fallback: list[NewKey]
    ) -> None:
        """Store uploaded keys.

        A key that is there already, or was and has been claimed, is left as it is: uploads are repeated when an answer
        gets lost, and no key may be given out twice. Another key under the id of an unclaimed one is refused (400
        `M_INVALID_PARAM`).
        """
        new = await self._new_keys(tx, user_id, device_id, one_time)
        ordinal = await store.last_ordinal(tx, user_id, device_id) if new else 0
        for number, key in enumerate(new, ordinal + 1):
            store.add(tx, user_id, device_id, key, number)
        changed = bool(new)
        for key in fallback:
            old = (await store.fallbacks(tx, [user_id], key.algorithm)).get((user_id, device_id))
            if old is None or old[:2] != (key.key_id, key.key):
                store.set_fallback(tx, user_id, device_id, key)
                changed = True
        if changed:
            self._changed(tx, user_id)

    async def _new_keys(self, tx: Transaction, user_id: str, device_id: str, keys: list[NewKey]) -> list[NewKey]:
        if not keys:
            return []
        key_ids = [key.key_id for key in keys]
        unclaimed = await store.unclaimed(tx, user_id, device_id, key_ids)
        claimed = await store.claimed(tx, user_id, device_id, key_ids)
        new = []
        for key in keys:
            name = (key.algorithm, key.key_id)
            if name in unclaimed:
                if unclaimed[name] != key.key:
                    raise errors.invalid_param(
                        f"There is another one-time key {key.algorithm}:{key.key_id} already. Use a new key id."
                    )
            elif claimed.get(name) != sha256(key.key).digest():
                new.append(key)
        return new

    async def claim(self, wanted: Wanted) -> Given:
        """Give out one key for each device in `wanted` (user id to device id to algorithm).

        A device whose one-time keys are exhausted gives its fallback key; one that has neither is missing in the answer
        (Client-Server API, `POST /keys/claim`).
        """
        require_user_ids(wanted)
        by_algorithm: dict[str, list[tuple[str, str]]] = {}
        for user_id, of_devices in wanted.items():
            for device_id, algorithm in of_devices.items():
                if is_id(algorithm):
                    by_algorithm.setdefault(algorithm, []).append((user_id, device_id))
        if not by_algorithm:
            return {}

        async def work(tx: Transaction) -> Given:
            given: Given = {}
            touched: set[str] = set()
            for algorithm, devices in by_algorithm.items():
                for (user_id, device_id), (key_id, key) in (await self._take(tx, algorithm, devices, touched)).items():
                    of_user = given.setdefault(user_id, {})
                    of_user[device_id] = {f"{algorithm}:{key_id}": msgspec.Raw(key)}
            for user_id in touched:
                self._changed(tx, user_id)
            return given

        return await self._database.write(work)

    @staticmethod
    async def _take(
        tx: Transaction, algorithm: str, devices: list[tuple[str, str]], touched: set[str]
    ) -> dict[tuple[str, str], tuple[str, bytes]]:
        """Take a key of `algorithm` for each device that has one; `touched` gains whose supply that changes."""
        taken: dict[tuple[str, str], tuple[str, bytes]] = {}
        claimable = await store.claimable(tx, list({user_id for user_id, _ in devices}), algorithm)
        for device in devices:
            if device in claimable:
                key_id, key = taken[device] = claimable[device]
                store.take(tx, *device, algorithm, key_id, sha256(key).digest())
                touched.add(device[0])
        rest = [device for device in devices if device not in taken]
        fallbacks = await store.fallbacks(tx, list({user_id for user_id, _ in rest}), algorithm) if rest else {}
        for device in rest:
            if device in fallbacks:
                key_id, key, used = fallbacks[device]
                taken[device] = key_id, key
                if not used:
                    store.use_fallback(tx, *device, algorithm)
                    touched.add(device[0])
        return taken

    async def supply(self, user_id: str, device_id: str) -> Supply:
        """What the device has left: `device_one_time_keys_count` and `device_unused_fallback_key_types` of `/sync`."""
        supplies = self._supplies.get(user_id)
        if supplies is None:
            supplies = await self._supplies.load(user_id, lambda: self._read(user_id))
        return (supplies or {}).get(device_id, NO_SUPPLY)

    async def _read(self, user_id: str) -> dict[str, Supply]:
        supplies: dict[str, Supply] = {}
        for device_id, algorithm, count in await store.counts(self._database, user_id):
            supplies.setdefault(device_id, Supply({}, [])).counts[algorithm] = count
        for device_id, algorithm in await store.unused_fallbacks(self._database, user_id):
            supplies.setdefault(device_id, Supply({}, [])).unused_fallbacks.append(algorithm)
        return supplies

    def _changed(self, tx: Transaction, user_id: str) -> None:
        self._supplies.drop(user_id, tx)
        tx.advance(STREAM, user_id)

    def _on_commit(self, entries: list[Entry], own: bool) -> None:
        if not own:
            for _, stream, key in entries:
                if stream == STREAM:
                    self._supplies.forget(key)

    async def forget_device(self, tx: Transaction, user_id: str, device_id: str) -> None:
        await store.forget_device(tx, user_id, device_id)
        self._changed(tx, user_id)
