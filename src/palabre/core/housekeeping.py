"""What has to be done from time to time, whether anybody calls or not: throwing away what nobody needs any more."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()

Job = Callable[[], Awaitable[None]]

INTERVAL_SECONDS = 3600.0


class Housekeeping:
    """Runs `jobs` once an hour, one after the other. Each must be harmless to run in several processes at once."""

    def __init__(self, interval_seconds: float = INTERVAL_SECONDS) -> None:
        self.jobs: list[Job] = []
        self._interval = interval_seconds
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Before the database closes."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
            self._running = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            await self.once()

    async def once(self) -> None:
        """Do everything now. A job that fails is logged, and tried again next time."""
        for job in self.jobs:
            try:
                await job()
            except Exception:
                log.exception("housekeeping failed", job=getattr(job, "__qualname__", ""))
