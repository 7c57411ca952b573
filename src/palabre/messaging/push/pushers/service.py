"""The rules of pushers."""

from urllib.parse import urlsplit

from ....core import errors
from ....core.clock import Clock
from ....storage.database import Database, Transaction
from . import store
from .models import Pusher, PusherBody

GATEWAY_PATH = "/_matrix/push/v1/notify"
MAX_PUSHKEY_BYTES = 512


class PusherService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, user_id: str) -> list[Pusher]:
        return await store.of(self._database, user_id)

    async def set(self, user_id: str, device_id: str, body: PusherBody) -> None:
        """Add, replace or (without a kind) remove a pusher. Raises 400 for one that could not work."""
        if len(body.pushkey.encode()) > MAX_PUSHKEY_BYTES:
            raise errors.invalid_param(f"A pushkey is at most {MAX_PUSHKEY_BYTES} bytes.")
        if body.kind is None:
            await self._database.write(lambda tx: store.remove(tx, user_id, body.app_id, body.pushkey))
            return
        pusher = checked(body)

        async def work(tx: Transaction) -> None:
            if not body.append:
                await store.take_over(tx, user_id, pusher.app_id, pusher.pushkey)
            store.put(tx, user_id, device_id, pusher, self._clock.ms())

        await self._database.write(work)

    async def on_device_deleted(self, tx: Transaction, user_id: str, device_id: str) -> None:
        """Hook of accounts: a pusher lives as long as the device that set it."""
        await store.remove_device(tx, user_id, device_id)

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Hook of accounts."""
        await store.remove_all(tx, user_id)


def checked(body: PusherBody) -> Pusher:
    missing = [
        name for name in ("app_display_name", "device_display_name", "lang", "data") if getattr(body, name) is None
    ]
    if missing:
        raise errors.missing_param(f"A pusher needs {', '.join(missing)}.")
    if body.kind != "http":
        raise errors.invalid_param("This server pushes over http only.")
    data = body.data or {}
    url = data.get("url")
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc or parts.path != GATEWAY_PATH:
        raise errors.invalid_param(f"data.url is the https address of a push gateway, with the path {GATEWAY_PATH}.")
    return Pusher(
        body.app_id,
        body.pushkey,
        body.kind,
        body.app_display_name or "",
        body.device_display_name or "",
        body.lang or "",
        data,
        body.profile_tag,
    )
