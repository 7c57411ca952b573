"""The encryption endpoints on their own: real storage and HTTP, and stand-ins for accounts and sync."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import httpx
import vodozemac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from palabre.core.clock import Clock
from palabre.core.errors import ApiError, invalid_param
from palabre.core.json import canonical
from palabre.http.limits import RateLimits
from palabre.http.request import Request, Session
from palabre.http.server import HttpServer
from palabre.messaging.keys.backup.routes import BackupRoutes
from palabre.messaging.keys.backup.service import BackupService
from palabre.messaging.keys.cross_signing.routes import CrossSigningRoutes
from palabre.messaging.keys.cross_signing.service import CrossSigningService
from palabre.messaging.keys.device_lists.routes import DeviceListRoutes
from palabre.messaging.keys.device_lists.service import DeviceListService
from palabre.messaging.keys.devices.routes import DeviceKeyRoutes
from palabre.messaging.keys.devices.service import DeviceKeyService
from palabre.messaging.keys.one_time.routes import OneTimeKeyRoutes
from palabre.messaging.keys.one_time.service import OneTimeKeyService
from palabre.messaging.to_device.routes import ToDeviceRoutes
from palabre.messaging.to_device.service import ToDeviceService
from palabre.storage.database import Database, Reader, Transaction

from ..api import Http

CONFIRMED = {"type": "m.login.dummy"}
_serial = count(1)


class Accounts:
    """Devices, tokens (`user|device`) and interactive authentication."""

    def __init__(self) -> None:
        self.devices: dict[str, dict[str, str | None]] = {}
        self.on_device_deleted: list[Callable[[Transaction, str, str], Awaitable[None]]] = []

    async def display_names(self, reader: Reader, user_ids: list[str]) -> dict[str, dict[str, str | None]]:
        return {user_id: dict(self.devices[user_id]) for user_id in user_ids if user_id in self.devices}

    async def add_device(self, tx: Transaction, user_id: str, device_id: str, display_name: str | None) -> None:
        if device_id in self.devices.setdefault(user_id, {}):
            raise invalid_param("That id is taken.")
        self.devices[user_id][device_id] = display_name

    async def delete_device(self, tx: Transaction, user_id: str, device_id: str) -> None:
        del self.devices[user_id][device_id]
        for hook in self.on_device_deleted:
            await hook(tx, user_id, device_id)

    async def session(self, token: str, address: str) -> Session:
        user_id, device_id = token.split("|")
        return Session(user_id, device_id, 1)

    async def require(self, request: Request, auth: dict[str, Any] | None, user_id: str, operation: str) -> None:
        if auth != CONFIRMED:
            raise ApiError(401, "M_UNAUTHORIZED", "Confirm.", flows=[{"stages": ["m.login.dummy"]}])


class Rooms:
    """Who shares a room with whom, and who came and went, as a test says."""

    def __init__(self) -> None:
        self.shared: dict[str, set[str]] = {}
        self.came: list[tuple[int, str, str]] = []
        self.went: list[tuple[int, str, str]] = []
        """(position, person, whom they see come or go)"""

    async def share_rooms_with(self, user_id: str) -> set[str]:
        return self.shared.get(user_id, set())

    async def moved(self, user_id: str, since: int, upto: int) -> tuple[set[str], set[str]]:
        def seen(moves: list[tuple[int, str, str]]) -> set[str]:
            return {other for pos, viewer, other in moves if since < pos <= upto and viewer == user_id}

        return seen(self.came), seen(self.went)


class World:
    """One server process. Several may stand on one database."""

    def __init__(self, database: Database, accounts: Accounts | None = None, rooms: Rooms | None = None) -> None:
        self.database = database
        self.accounts = accounts or Accounts()
        self.rooms = rooms or Rooms()
        self.lists = DeviceListService(database, self.rooms)
        self.one_time = OneTimeKeyService(database)
        self.cross_signing = CrossSigningService(database, self.accounts, self.lists)
        self.device_keys = DeviceKeyService(database, self.accounts, self.one_time, self.cross_signing, self.lists)
        self.backups = BackupService(database)
        self.to_device = ToDeviceService(database, Clock(), self.accounts)
        self.accounts.on_device_deleted = [
            self.device_keys.on_device_deleted,
            self.to_device.on_device_deleted,
        ]
        self.app = HttpServer(RateLimits(Clock(), enabled=False), Clock())
        self.app.authenticator = self.accounts
        self.app.add(
            DeviceKeyRoutes(self.device_keys),
            OneTimeKeyRoutes(self.one_time),
            CrossSigningRoutes(self.cross_signing, self.accounts),
            DeviceListRoutes(database, self.lists, int),
            BackupRoutes(self.backups),
            ToDeviceRoutes(self.to_device),
        )
        asgi: Any = self.app
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(asgi), base_url="http://test.local")

    def device(self, user_id: str, device_id: str | None = None, name: str | None = None) -> "Device":
        """Somebody signs in on a device."""
        device_id = device_id or f"DEV{next(_serial)}"
        self.accounts.devices.setdefault(user_id, {})[device_id] = name
        return Device(self, user_id, device_id)

    async def delete_device(self, user_id: str, device_id: str) -> None:
        await self.database.write(lambda tx: self.accounts.delete_device(tx, user_id, device_id))


class Device(Http):
    """A signed-in device with a real Olm account."""

    def __init__(self, world: World, user_id: str, device_id: str) -> None:
        super().__init__(world.http, f"{user_id}|{device_id}")
        self.world = world
        self.user_id = user_id
        self.device_id = device_id
        self.olm: Any = vodozemac.Account()

    def sign(self, signed: dict[str, Any]) -> dict[str, Any]:
        signature = self.olm.sign(canonical(signed))
        return {
            **signed,
            "signatures": {self.user_id: {f"ed25519:{self.device_id}": signature.to_base64()}},
        }

    def keys(self) -> dict[str, Any]:
        """Device keys as a client makes them."""
        return self.sign(
            {
                "user_id": self.user_id,
                "device_id": self.device_id,
                "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
                "keys": {
                    f"curve25519:{self.device_id}": self.olm.curve25519_key.to_base64(),
                    f"ed25519:{self.device_id}": self.olm.ed25519_key.to_base64(),
                },
            }
        )

    def one_time_keys(self, number: int) -> dict[str, Any]:
        """New signed one-time keys, by name."""
        self.olm.generate_one_time_keys(number)
        keys = {
            f"signed_curve25519:{key_id}": self.sign({"key": key.to_base64()})
            for key_id, key in self.olm.one_time_keys.items()
        }
        self.olm.mark_keys_as_published()
        return keys

    def fallback_key(self) -> dict[str, Any]:
        self.olm.generate_fallback_key()
        keys = {
            f"signed_curve25519:{key_id}": self.sign({"key": key.to_base64(), "fallback": True})
            for key_id, key in self.olm.fallback_key.items()
        }
        self.olm.mark_keys_as_published()
        return keys

    async def upload(self, **body: Any) -> dict[str, int]:
        counts: dict[str, int] = (await self.call("POST", "/keys/upload", body))["one_time_key_counts"]
        return counts

    async def query(self, *user_ids: str) -> dict[str, Any]:
        answer: dict[str, Any] = await self.call(
            "POST", "/keys/query", {"device_keys": {user_id: [] for user_id in user_ids}}
        )
        return answer

    async def claim(self, *devices: "Device", algorithm: str = "signed_curve25519") -> dict[str, Any]:
        wanted: dict[str, dict[str, str]] = {}
        for device in devices:
            wanted.setdefault(device.user_id, {})[device.device_id] = algorithm
        keys: dict[str, Any] = (await self.call("POST", "/keys/claim", {"one_time_keys": wanted}))["one_time_keys"]
        return keys

    async def send(self, to: dict[str, dict[str, Any]], *, txn: str | None = None, type_: str = "m.test") -> None:
        path = f"/sendToDevice/{type_}/{txn or next(_serial)}"
        await self.call("PUT", path, {"messages": to})

    async def receive(self, since: int, limit: int = 100) -> tuple[list[dict[str, Any]], int]:
        """What a sync does: acknowledge what is before `since`, and take what comes after."""
        await self.world.to_device.acknowledge(self.user_id, self.device_id, since)
        events, position = await self.world.to_device.pending(
            self.user_id, self.device_id, since, self.world.database.position, limit
        )
        return [json.loads(event) for event in events], position

    async def supply(self) -> tuple[dict[str, int], list[str]]:
        supply = await self.world.one_time.supply(self.user_id, self.device_id)
        return supply.counts, supply.unused_fallbacks


class Signer:
    """A cross-signing key pair."""

    def __init__(self, user_id: str, usage: str) -> None:
        self.user_id = user_id
        self.usage = usage
        self.private = Ed25519PrivateKey.generate()
        self.public = _unpadded(self.private.public_key().public_bytes_raw())

    def sign(self, signed: dict[str, Any]) -> dict[str, Any]:
        """`signed` with only this key's signature."""
        plain = {name: value for name, value in signed.items() if name not in ("signatures", "unsigned")}
        signature = _unpadded(self.private.sign(canonical(plain)))
        return {**plain, "signatures": {self.user_id: {f"ed25519:{self.public}": signature}}}

    def key(self, master: "Signer | None" = None) -> dict[str, Any]:
        key = {
            "user_id": self.user_id,
            "usage": [self.usage],
            "keys": {f"ed25519:{self.public}": self.public},
        }
        return master.sign(key) if master else key


class Identity:
    """A person's three cross-signing keys."""

    def __init__(self, user_id: str) -> None:
        self.master = Signer(user_id, "master")
        self.self_signing = Signer(user_id, "self_signing")
        self.user_signing = Signer(user_id, "user_signing")

    def body(self) -> dict[str, Any]:
        return {
            "master_key": self.master.key(),
            "self_signing_key": self.self_signing.key(self.master),
            "user_signing_key": self.user_signing.key(self.master),
        }


@asynccontextmanager
async def running(database: Database, *others: Database) -> AsyncIterator[list[World]]:
    """A world for each database, with the same people."""
    accounts, rooms = Accounts(), Rooms()
    worlds = [World(each, accounts, rooms) for each in (database, *others)]
    yield worlds
    for world in worlds:
        await world.http.aclose()


def _unpadded(raw: bytes) -> str:
    return b64encode(raw).decode().rstrip("=")
