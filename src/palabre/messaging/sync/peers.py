"""What the processes on one database tell each other of typing and presence: over the bus, and not by the log.

Each says what happens at itself, and hears what happens elsewhere. Messages may be lost, so whenever processes come
within each other's reach they tell each other everything (`greet`), and a process that says nothing for a while is
taken for gone.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ...bus import Bus
from ...core import json
from ...core.clock import Clock
from .serial import Serial

BEAT_SECONDS = 10.0
SILENT_SECONDS = 30.0
MAX_ITEMS = 100
"""In one message: NATS takes up to 1 MB."""


class _Message(msgspec.Struct, array_like=True):
    process: str
    serial: int
    items: msgspec.Raw


class Peers:
    """`name` tells servers apart that share a bus and not a database."""

    def __init__(self, bus: Bus, serial: Serial, clock: Clock, name: str) -> None:
        self.shared = bus.shared
        """Whether anybody may be listening; without that, there is no need to tell anything."""
        self.on_greeting: list[Callable[[str | None], None]] = []
        """Called with the process that is new or back, or None when this one is: tell everything, and do not rely on
        what was heard from there before.
        """
        self._bus = bus
        self._serial = serial
        self._clock = clock
        self._prefix = f"{name}."
        self._process = secrets.token_hex(8)
        self._heard: dict[str, float] = {}
        """Process to when it was last heard of (monotonic seconds)."""
        self._timer: asyncio.TimerHandle | None = None
        if self.shared:
            self.listen("greeting", list[int], lambda process, _: self._greeted(process))
            self.listen("beat", list[int], lambda process, _: None)

    async def start(self) -> None:
        """Begin to be one of the processes. The database must be up."""
        if self.shared:
            self._bus.on_connected.append(self._greet)
            self._greet()
            self._beat()

    async def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def tell(self, topic: str, items: Sequence[Any]) -> None:
        """Tell the other processes, now or never."""
        for start in range(0, len(items), MAX_ITEMS):
            self._publish(topic, items[start : start + MAX_ITEMS])

    def _publish(self, topic: str, items: Sequence[Any] = ()) -> None:
        message = json.encode((self._process, self._serial.give(), items))
        self._bus.publish_ephemeral(self._prefix + topic, message)

    def listen(self, topic: str, items: Any, heard: Callable[[str, Any], None]) -> None:
        """Call `heard(process, items)` for what other processes tell, once this one has started.

        `items` is their type, for msgspec. What is of another one comes from another version of the server: it is
        passed over.
        """
        message, content = msgspec.json.Decoder(_Message), msgspec.json.Decoder(items)

        def on_message(payload: bytes) -> None:
            try:
                said = message.decode(payload)
                told = content.decode(said.items)
            except msgspec.DecodeError:
                return
            if said.process != self._process and self._timer is not None:
                self._heard[said.process] = self._clock.monotonic()
                self._serial.follow(said.serial)
                heard(said.process, told)

        self._bus.subscribe_ephemeral(self._prefix + topic, on_message)

    def is_there(self, process: str) -> bool:
        """Whether `process` was heard of lately."""
        return self._clock.monotonic() - self._heard.get(process, float("-inf")) < SILENT_SECONDS

    def _greet(self) -> None:
        self._publish("greeting")
        self._greeted(None)

    def _greeted(self, process: str | None) -> None:
        for tell in self.on_greeting:
            tell(process)

    def _beat(self) -> None:
        self._publish("beat")
        self._heard = {process: at for process, at in self._heard.items() if self.is_there(process)}
        self._timer = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)
