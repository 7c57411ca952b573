"""The rules of dehydrated devices (MSC3814)."""

import re

import msgspec

from ....core import errors
from ....storage.database import Database, Transaction
from ...to_device.service import ToDeviceService
from ..checks import require_id
from ..devices.service import DeviceKeyService, checked
from ..one_time import service as one_time
from ..one_time.service import OneTimeKeyService
from ..protocols import DeviceAdministration
from . import store
from .models import Dehydrated, DehydratedBody, Events

_BATCH = re.compile(r"d([0-9]{1,18})")


class DehydratedDeviceService:
    def __init__(
        self,
        database: Database,
        devices: DeviceAdministration,
        device_keys: DeviceKeyService,
        one_time_keys: OneTimeKeyService,
        to_device: ToDeviceService,
    ) -> None:
        self._database = database
        self._devices = devices
        self._device_keys = device_keys
        self._one_time_keys = one_time_keys
        self._to_device = to_device

    async def put(self, user_id: str, body: DehydratedBody) -> None:
        """Store a person's dehydrated device in place of the one before, which is deleted."""
        device_id = require_id(body.device_id, "device_id")
        keys = checked(body.device_keys, user_id, device_id)
        one_time_keys, fallback_keys = one_time.parse(body.one_time_keys), one_time.parse(body.fallback_keys)

        async def work(tx: Transaction) -> None:
            old = await store.dehydrated(tx, user_id)
            if old is not None:
                await self._devices.delete_device(tx, user_id, old.device_id)
            await self._devices.add_device(tx, user_id, device_id, body.initial_device_display_name)
            await store.set_dehydrated(tx, user_id, device_id, body.device_data)
            await self._device_keys.set_keys(tx, user_id, device_id, keys)
            await self._one_time_keys.add(tx, user_id, device_id, one_time_keys, fallback_keys)

        await self._database.write(work)

    async def get(self, user_id: str) -> Dehydrated:
        """Raises 404 where the person has none."""
        found = await store.dehydrated(self._database, user_id)
        if found is None:
            raise errors.not_found("There is no dehydrated device.")
        return found

    async def delete(self, user_id: str) -> str:
        """Delete the device with its keys and messages; returns its id. Raises 404 where the person has none."""

        async def work(tx: Transaction) -> str:
            found = await store.dehydrated(tx, user_id)
            if found is None:
                raise errors.not_found("There is no dehydrated device.")
            await self._devices.delete_device(tx, user_id, found.device_id)
            return found.device_id

        return await self._database.write(work)

    async def events(self, user_id: str, device_id: str, next_batch: str | None) -> Events:
        """The next messages for the dehydrated device; none when the client has all.

        They stay until the device is deleted, so that a client that fails half-way can start again.
        """
        if (await self.get(user_id)).device_id != device_id:
            raise errors.forbidden("This is not your dehydrated device.")
        match = _BATCH.fullmatch(next_batch or "d0")
        if match is None:
            raise errors.invalid_param("next_batch is not a token of this endpoint.")
        events, position = await self._to_device.pending(user_id, device_id, int(match[1]), self._database.position)
        return Events([msgspec.Raw(event) for event in events], f"d{position}")

    async def on_device_deleted(self, tx: Transaction, user_id: str, device_id: str) -> None:
        """Hook of `accounts`."""
        await store.forget_device(tx, user_id, device_id)
