"""The rules of device keys: what a device may publish, and what others see of it."""

from typing import Any

import msgspec

from ....core import errors
from ....core.json import JsonObject
from ....storage.database import Database, Transaction
from ..checks import require_user_ids, signable
from ..cross_signing.service import CrossSigningService
from ..device_lists.service import DeviceListService
from ..one_time import service as one_time
from ..one_time.service import OneTimeKeyService
from ..protocols import Devices
from . import store
from .models import DeviceKeys, Queried, QueryBody, UploadBody


def checked(keys: JsonObject, user_id: str, device_id: str) -> JsonObject:
    """Device keys as they are stored. Raises `M_BAD_JSON` for another shape, `M_INVALID_PARAM` for another's keys."""
    try:
        typed = msgspec.convert(keys, DeviceKeys)
    except msgspec.ValidationError as error:
        raise errors.bad_json(f"These are not device keys: {error}.") from None
    if (typed.user_id, typed.device_id) != (user_id, device_id):
        raise errors.invalid_param("device_keys must name your own user id and device id.")
    return {name: value for name, value in keys.items() if name != "unsigned"}


class DeviceKeyService:
    def __init__(
        self,
        database: Database,
        devices: Devices,
        one_time_keys: OneTimeKeyService,
        cross_signing: CrossSigningService,
        lists: DeviceListService,
    ) -> None:
        self._database = database
        self._devices = devices
        self._one_time_keys = one_time_keys
        self._cross_signing = cross_signing
        self._lists = lists

    async def upload(self, user_id: str, device_id: str, body: UploadBody) -> dict[str, int]:
        """Store what a device publishes, all of it or nothing. Returns algorithm to number of unclaimed keys."""
        keys = None if body.device_keys is None else checked(body.device_keys, user_id, device_id)
        one_time_keys, fallback_keys = one_time.parse(body.one_time_keys), one_time.parse(body.fallback_keys)

        async def work(tx: Transaction) -> None:
            if keys is not None:
                await self.set_keys(tx, user_id, device_id, keys)
            await self._one_time_keys.add(tx, user_id, device_id, one_time_keys, fallback_keys)

        if keys or one_time_keys or fallback_keys:
            await self._database.write(work)
        return (await self._one_time_keys.supply(user_id, device_id)).counts

    async def set_keys(self, tx: Transaction, user_id: str, device_id: str, keys: JsonObject) -> None:
        """Store `checked` device keys, and tell others where they are new."""
        old = await store.device_keys(tx, user_id, device_id)
        if old == keys:
            return
        if old is not None and signable(old) != signable(keys):
            await self._cross_signing.forget_device(tx, user_id, device_id)
        await store.set_device_keys(tx, user_id, device_id, keys)
        self._lists.mark(tx, user_id)

    async def query(self, viewer_id: str, body: QueryBody) -> Queried:
        """The keys of people and their devices with the signatures that `viewer_id` may see (`POST /keys/query`)."""
        wanted = body.device_keys
        require_user_ids(wanted)
        user_ids = list(wanted)
        devices = await store.keys_of(self._database, user_ids)
        names = await self._devices.display_names(self._database, user_ids)
        view = await self._cross_signing.view(viewer_id, user_ids)
        found: dict[str, dict[str, JsonObject]] = {user_id: {} for user_id in user_ids}
        for user_id, device_id, keys in devices:
            if wanted[user_id] and device_id not in wanted[user_id]:
                continue
            view.sign(user_id, device_id, keys)
            name = names.get(user_id, {}).get(device_id)
            unsigned: dict[str, Any] = {} if name is None else {"device_display_name": name}
            found[user_id][device_id] = {**keys, "unsigned": unsigned}
        return Queried(found, view.keys("master"), view.keys("self_signing"), view.keys("user_signing"))

    async def on_device_deleted(self, tx: Transaction, user_id: str, device_id: str) -> None:
        """Hook of `accounts`: nothing of the device's keys is left, and others are told."""
        await store.forget_device(tx, user_id, device_id)
        await self._one_time_keys.forget_device(tx, user_id, device_id)
        await self._cross_signing.forget_device(tx, user_id, device_id)
        self._lists.mark(tx, user_id)
