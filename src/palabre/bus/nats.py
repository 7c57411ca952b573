"""The bus over NATS (core publish/subscribe, no persistence): a lost server costs latency, never data or
start-up.
"""

import asyncio
import contextlib

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from . import Bus, Hint

log = structlog.get_logger()

_RECONNECT_SECONDS = 1


class NatsBus(Bus):
    """`url` is `nats://host:port`, several separated by commas. Servers that share a NATS but not a database
    need different `subject`s; a stray hint does no harm beyond a look at the database."""

    def __init__(self, url: str, subject: str = "palabre.log") -> None:
        self._servers = url.split(",")
        self._subject = subject
        self._client = Client()
        self._hints: list[Hint] = []
        self._connecting: asyncio.Task[None] | None = None
        self._pending: tuple[int, int] | None = None
        self._publishing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._connecting = asyncio.create_task(self._connect())
        await asyncio.wait([self._connecting], timeout=2)

    async def _connect(self) -> None:
        """The client reconnects by itself once it was connected; until then this does."""
        warned = False
        while True:
            try:
                await self._client.connect(
                    self._servers,
                    name="palabre",
                    connect_timeout=2,
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=_RECONNECT_SECONDS,
                    pending_size=64 << 10,
                    error_cb=_on_error,
                    disconnected_cb=_on_disconnected,
                    reconnected_cb=_on_reconnected,
                )
                await self._client.subscribe(self._subject, cb=self._on_message)
            except Exception as error:
                if not warned:
                    log.warning(
                        "the bus is out of reach; other processes are noticed with a delay", error=repr(error)
                    )
                    warned = True
                await asyncio.sleep(_RECONNECT_SECONDS)
            else:
                return

    async def close(self) -> None:
        self._hints.clear()
        if self._connecting is not None:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        if self._client.is_connected:
            with contextlib.suppress(Exception):
                await self._client.flush(timeout=1)
        with contextlib.suppress(Exception):
            await self._client.close()

    def publish(self, first: int, last: int) -> None:
        """Hints that pile up while one is being handed over become one."""
        self._pending = (min(first, self._pending[0]), last) if self._pending else (first, last)
        if self._publishing is None or self._publishing.done():
            self._publishing = asyncio.create_task(self._publish())

    async def _publish(self) -> None:
        while self._pending is not None:
            (first, last), self._pending = self._pending, None
            if self._client.is_connected:
                with contextlib.suppress(Exception):
                    await self._client.publish(self._subject, f"{first} {last}".encode())
                    await self._client.flush()

    def subscribe(self, hint: Hint) -> None:
        self._hints.append(hint)

    async def _on_message(self, message: Msg) -> None:
        try:
            first, last = map(int, message.data.split())
        except ValueError:
            return
        for hint in list(self._hints):
            hint(first, last)


async def _on_error(error: Exception) -> None:
    log.warning("trouble on the bus", error=repr(error))


async def _on_disconnected() -> None:
    log.warning("the bus is gone; other processes are noticed with a delay")


async def _on_reconnected() -> None:
    log.info("the bus is back")
