"""The bus over NATS (plain publish and subscribe): a lost server costs latency, never data, never a start."""

import asyncio
import contextlib
from collections import deque

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from . import Bus, Hint, Listener

log = structlog.get_logger()

_RETRY_SECONDS = 1
_START_SECONDS = 2.0
_MAX_OUTBOX = 10_000
"""Ephemeral messages that may wait to be handed over; beyond it the oldest are lost."""


class NatsBus(Bus):
    """`url` is `nats://host:port`, several separated by commas.

    Servers that share a NATS but not a database need different `subject`s; a stray hint does no harm beyond a look
    at the database. Ephemeral messages go by the subjects below it.
    """

    shared = True

    def __init__(self, url: str, subject: str = "palabre.log") -> None:
        self._servers = url.split(",")
        self._subject = subject
        self._client = Client()
        self.on_connected = []
        self._hints: list[Hint] = []
        self._listeners: dict[str, list[Listener]] = {}
        self._outbox: deque[tuple[str, bytes]] = deque(maxlen=_MAX_OUTBOX)
        self._connecting: asyncio.Task[None] | None = None
        self._publishing: asyncio.Task[None] | None = None
        self._pending: tuple[int, int] | None = None
        self._reachable = True

    async def start(self) -> None:
        self._connecting = asyncio.create_task(self._connect())
        await asyncio.wait([self._connecting], timeout=_START_SECONDS)

    async def _connect(self) -> None:
        """Until it works once; from then on the client reconnects by itself, for ever."""
        while True:
            try:
                await self._client.connect(
                    self._servers,
                    name="palabre",
                    no_echo=True,
                    connect_timeout=2,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=_RETRY_SECONDS,
                    ping_interval=10,
                    error_cb=self._on_error,
                    disconnected_cb=self._on_error,
                    reconnected_cb=self._on_connected,
                )
                await self._client.subscribe(self._subject, cb=self._on_message)
                await self._client.subscribe(f"{self._subject}.>", cb=self._on_ephemeral)
                # A ping overtakes what the client has not written yet: the first may come before the subscriptions.
                await self._client.flush()
                await self._client.flush()
            except Exception as error:
                await self._on_error(error)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                await self._on_connected()
                return

    async def close(self) -> None:
        self._hints.clear()
        self._listeners.clear()
        self.on_connected.clear()
        for task in (self._connecting, self._publishing):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        with contextlib.suppress(Exception):
            await self._client.close()

    def publish(self, first: int, last: int) -> None:
        """Hints that pile up while one is being handed over become one."""
        self._pending = (self._pending[0] if self._pending else first, last)
        self._hand_over()

    def publish_ephemeral(self, topic: str, payload: bytes) -> None:
        self._outbox.append((f"{self._subject}.{topic}", payload))
        self._hand_over()

    def _hand_over(self) -> None:
        if self._publishing is None or self._publishing.done():
            self._publishing = asyncio.create_task(self._publish())

    async def _publish(self) -> None:
        while self._pending is not None or self._outbox:
            if self._pending is not None:
                (first, last), self._pending = self._pending, None
                await self._send(self._subject, b"%d %d" % (first, last))
            if self._outbox:
                await self._send(*self._outbox.popleft())

    async def _send(self, subject: str, payload: bytes) -> None:
        if self._client.is_connected:
            with contextlib.suppress(Exception):
                await self._client.publish(subject, payload)

    def subscribe(self, hint: Hint) -> None:
        self._hints.append(hint)

    def subscribe_ephemeral(self, topic: str, listener: Listener) -> None:
        self._listeners.setdefault(topic, []).append(listener)

    async def _on_message(self, message: Msg) -> None:
        try:
            first, last = map(int, message.data.split())
        except ValueError:
            return
        for hint in list(self._hints):
            hint(first, last)

    async def _on_ephemeral(self, message: Msg) -> None:
        for listener in self._listeners.get(message.subject[len(self._subject) + 1 :], ()):
            listener(message.data)

    async def _on_error(self, error: Exception | None = None) -> None:
        if self._reachable:
            log.warning("the bus is out of reach: what other processes do shows with a delay", error=repr(error))
        self._reachable = False

    async def _on_connected(self) -> None:
        if not self._reachable:
            log.info("the bus is back")
        self._reachable = True
        for tell in self.on_connected:
            tell()
