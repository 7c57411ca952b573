"""Reading request bodies, within a size and a time.

A timeout of its own for every request would cost as much as reading most bodies does, so readers are noted with the
moment they began, and one sweep every few seconds ends those that have been at it for too long.
"""

import asyncio

from ..core import errors
from ..core.clock import Clock
from ..core.errors import ApiError
from .request import Request

BODY_SECONDS = 30
SWEEP_SECONDS = 5


class BodyReader:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[asyncio.Task[None], float] = {}
        self._too_slow: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None

    async def read(self, request: Request, limit: int) -> bytes:
        """The whole body. Raises 413 `M_TOO_LARGE` as soon as it is beyond `limit` bytes, 408 when it does not come
        within `BODY_SECONDS`, and `M_NOT_JSON` when the client goes away in the middle of it.
        """
        length = request.header("content-length")
        if length is not None and int(length) > limit:
            raise _too_large(limit)
        task = asyncio.current_task()
        assert task is not None
        self._since[task] = self._clock.monotonic()
        if self._sweep is None:
            self._arm()
        try:
            return await _read(request, limit)
        except asyncio.CancelledError:
            if task not in self._too_slow:
                raise
            self._too_slow.discard(task)
            task.uncancel()
            raise ApiError(408, "M_UNKNOWN", "The request took too long to arrive.") from None
        finally:
            del self._since[task]

    def _arm(self) -> None:
        self._sweep = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._end_slow_ones)

    def _end_slow_ones(self) -> None:
        overdue = self._clock.monotonic() - BODY_SECONDS
        for task, since in self._since.items():
            if since < overdue:
                self._too_slow.add(task)
                task.cancel()
        self._sweep = None
        if self._since:
            self._arm()


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise errors.not_json("The body ended early.")
        chunk: bytes = message.get("body", b"")
        if len(body) + len(chunk) > limit:
            raise _too_large(limit)
        if not message.get("more_body"):
            return chunk if not body else bytes(body + chunk)
        body += chunk


def _too_large(limit: int) -> ApiError:
    return errors.too_large(f"The body is larger than {limit} bytes.")
