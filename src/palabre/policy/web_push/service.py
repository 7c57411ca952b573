"""The rules of subscriptions to push messages."""

import asyncio
from collections.abc import Collection, Sequence

from cryptography.hazmat.primitives.asymmetric import ec

from ...accounts.sessions.service import Sessions
from ...core import errors
from ...core.clock import Clock
from ...core.json import JsonObject
from ...storage.database import Database, Reader, Transaction
from . import addresses, store
from .delivery import Delivery, Fate
from .models import Keys, Subscription, base64url, unbase64url
from .vapid import Vapid

MOST = 10
"""Subscriptions of one person; beyond it the oldest gives way."""
AUTH_BYTES = 16


class WebPush:
    def __init__(self, database: Database, clock: Clock, sessions: Sessions, contact: str, *, test_mode: bool) -> None:
        """`contact`: see `Vapid`. In test mode push services may be on this machine."""
        self._database = database
        self._clock = clock
        self._sessions = sessions
        self._local = test_mode
        self._vapid = Vapid(database, clock, contact)
        self._delivery = Delivery(self._vapid, local=test_mode)

    async def public_key(self) -> str:
        """For `PushManager.subscribe` in browsers."""
        return await self._vapid.public_key()

    async def subscribe(self, user_id: str, endpoint: str, keys: Keys, device_id: str | None) -> Subscription:
        """Raises 400 for an endpoint or keys that cannot work, 404 for a device that the person does not have.

        A browser belongs to who subscribed last: whoever else had this endpoint has it no more.
        """
        addresses.check(endpoint, local=self._local)
        subscription = Subscription(user_id, endpoint, _checked(keys), device_id, self._clock.ms())

        async def work(tx: Transaction) -> None:
            devices = (await self._sessions.display_names(tx, [user_id])).get(user_id, {})
            if device_id is not None and device_id not in devices:
                raise errors.not_found("There is no such device.")
            await store.take_over(tx, user_id, subscription.id)
            await store.put(tx, subscription)
            held = [one.id for one in await store.of_people(tx, [user_id]) if one.id != subscription.id]
            await store.remove(tx, user_id, held[: max(0, len(held) + 1 - MOST)])

        await self._database.write(work)
        return subscription

    async def unsubscribe(self, user_id: str, subscription_id: str) -> None:
        """No error where there is none."""
        await self._database.write(lambda tx: store.remove(tx, user_id, [subscription_id]))

    async def of(self, user_id: str) -> list[Subscription]:
        return await store.of_people(self._database, [user_id])

    async def of_people(self, reader: Reader, user_ids: Collection[str]) -> dict[str, list[Subscription]]:
        """Of each of these who has any."""
        found: dict[str, list[Subscription]] = {}
        for subscription in await store.of_people(reader, user_ids):
            found.setdefault(subscription.user_id, []).append(subscription)
        return found

    async def send(self, subscriptions: Sequence[Subscription], payload: JsonObject, ttl: int) -> Fate:
        """To all browsers of one person, at the same time. `taken` if one took it, `gone` if all are gone; those that
        are, are forgotten.
        """
        fates = await asyncio.gather(*(self._delivery.send(one, payload, ttl) for one in subscriptions))
        gone = [one for one, fate in zip(subscriptions, fates, strict=True) if fate == "gone"]
        if gone:
            await self._database.write(lambda tx: store.remove(tx, gone[0].user_id, [one.id for one in gone]))
        return "taken" if "taken" in fates else "lost" if "lost" in fates else "gone"

    async def on_device_deleted(self, tx: Transaction, user_id: str, device_id: str) -> None:
        """For `AccountHooks`."""
        await store.remove_device(tx, user_id, device_id)

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """For `AccountHooks`."""
        await store.remove_all(tx, user_id)

    async def close(self) -> None:
        await self._delivery.close()


def _checked(keys: Keys) -> Keys:
    """The same, written without padding. Raises 400."""
    try:
        point, secret = unbase64url(keys.p256dh), unbase64url(keys.auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise errors.invalid_param("keys.p256dh and keys.auth must be what the browser gave.") from None
    if len(point) != 65 or len(secret) != AUTH_BYTES:
        raise errors.invalid_param("keys.p256dh and keys.auth must be what the browser gave.")
    return Keys(base64url(point), base64url(secret))
