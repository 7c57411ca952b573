"""Load: people who listen, people who talk, and the ledger of what arrived when."""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

from bench.matrix import WAIT_MS, Account, Matrix, Sender, decode_sync, number_of, sync_request

ARRIVING_TOGETHER = 50
"""Initial syncs at a time while an audience gathers."""


class Ledger:
    """When each numbered message set out, and how long each of its deliveries took."""

    def __init__(self) -> None:
        self.sent: list[float] = []
        self.latencies: list[float] = []
        """Seconds, one for every delivery while the window was open."""
        self.gaps = 0
        """Timelines that came back `limited`: their receiver missed messages and would have to page back."""
        self._open = False
        self._first = 0

    def depart(self, at: float) -> int:
        """Notes a message that sets out at `at` (perf_counter seconds); returns its number."""
        self.sent.append(at)
        return len(self.sent) - 1

    def arrive(self, number: int, at: float) -> None:
        if self._open and number >= self._first:
            self.latencies.append(at - self.sent[number])

    def open(self) -> None:
        """From now on deliveries count."""
        self._open = True

    def open_for_new(self) -> None:
        """From now on deliveries count, of messages that have yet to set out."""
        self._first = len(self.sent)
        self._open = True

    async def window(self, warm_up: float, duration: float) -> float:
        """Lets `warm_up` seconds pass, counts for `duration` seconds; returns deliveries per second."""
        await asyncio.sleep(warm_up)
        self.open()
        started = perf_counter()
        await asyncio.sleep(duration)
        self._open = False
        return len(self.latencies) / (perf_counter() - started)


class Listener:
    """One person's client: an initial /sync, then /sync in a loop, each from where the last one ended."""

    __slots__ = ("_account", "_ledger", "_link", "_since", "heard", "waiting")

    def __init__(self, matrix: Matrix, account: Account, ledger: Ledger, since: str = "") -> None:
        self._account = account
        self._link = matrix.link()
        self._ledger = ledger
        self._since = since
        self.waiting = False
        """Past the initial sync."""
        self.heard: asyncio.Event | None = None
        """When given, set at every delivery."""

    async def run(self, gate: asyncio.Semaphore, first_wait_ms: int = WAIT_MS) -> None:
        """Listens until cancelled; the initial sync waits for the gate, the first wait may be shorter."""
        wait_ms = first_wait_ms
        try:
            if not self._since:
                async with gate:
                    first = decode_sync(await self._link.ok(sync_request(self._account, timeout_ms=0)))
                    self._since = first.next_batch
            self.waiting = True
            while True:
                self._take(await self._link.ok(sync_request(self._account, self._since, wait_ms)))
                wait_ms = WAIT_MS
        finally:
            self._link.close()

    def _take(self, body: bytes) -> None:
        """Notes what arrived, except what this person wrote themselves."""
        reply = decode_sync(body)
        now = perf_counter()
        self._since = reply.next_batch
        for room in reply.rooms.join.values():
            self._ledger.gaps += room.timeline.limited
        for event in reply.messages():
            if event.sender != self._account.user_id:
                self._ledger.arrive(number_of(event), now)
                if self.heard is not None:
                    self.heard.set()


@asynccontextmanager
async def audience(matrix: Matrix, accounts: Iterable[Account], ledger: Ledger) -> AsyncIterator[list[Listener]]:
    """Listeners for the accounts, all of them waiting when the block starts, gone when it ends.

    Their first waits differ in length, so that their /syncs do not all run out at the same moment ever after.
    """
    ears = [Listener(matrix, account, ledger) for account in accounts]
    chance, gate = random.Random(2021), asyncio.Semaphore(ARRIVING_TOGETHER)
    async with background(ear.run(gate, chance.randrange(1000, WAIT_MS)) for ear in ears) as tasks:
        while not all(ear.waiting for ear in ears):
            await asyncio.sleep(0.1)
            raise_failure(tasks)
        yield ears


async def talk(matrix: Matrix, sender: Sender, ledger: Ledger) -> None:
    """A closed loop: the next message sets out when the one before was answered. Until cancelled."""
    link = matrix.link()
    try:
        while True:
            await link.ok(sender.request(ledger.depart(perf_counter())))
    finally:
        link.close()


@asynccontextmanager
async def background(work: Iterable[Coroutine[Any, Any, None]]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Runs the coroutines beside the block and cancels them at its end; raises what one of them raised."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield tasks
        raise_failure(tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def raise_failure(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done():
            task.result()
