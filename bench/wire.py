"""An HTTP/1.1 client small enough not to be what is measured.

One `Link` is one keep-alive connection with one request in flight. The caller hands over ready-made request
bytes and gets the status and the body back; nothing else of the response is looked at.
"""

import asyncio
from typing import cast

Reply = tuple[int, bytes]
"""Status and whole body."""

HEAD_NOT_READ = -1
CHUNKED = -2


class HttpError(Exception):
    """A status that the scenario did not expect."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"HTTP {status}: {body[:300]!r}")
        self.status = status


class Link(asyncio.Protocol):
    """A connection, opened at the first request and again whenever the server has closed it idle."""

    __slots__ = ("_address", "_chunks", "_loop", "_missing", "_status", "_transport", "_waiter")

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Reply] | None = None
        self._chunks: list[bytes] = []
        self._missing = HEAD_NOT_READ
        self._status = 0

    async def request(self, data: bytes) -> Reply:
        """Sends one whole request and returns its reply.

        A server may close an idle connection just as we write to it; then nothing was read and the request
        is sent once more. Raises ConnectionError when that fails too.
        """
        try:
            return await self._once(data)
        except ConnectionResetError:
            return await self._once(data)

    async def ok(self, data: bytes) -> bytes:
        """Like `request`, but returns the body alone and raises HttpError for any status but 200."""
        status, body = await self.request(data)
        if status != 200:
            raise HttpError(status, body)
        return body

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    async def _once(self, data: bytes) -> Reply:
        transport = self._transport
        if transport is None or transport.is_closing():
            await self._loop.create_connection(lambda: self, *self._address)
            transport = cast(asyncio.Transport, self._transport)
        self._waiter = self._loop.create_future()
        transport.write(data)
        return await self._waiter

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._reset()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(
                ConnectionAbortedError("closed within a response")
                if self._chunks or self._missing != HEAD_NOT_READ
                else ConnectionResetError("closed before a response")
            )
        self._reset()

    def data_received(self, data: bytes) -> None:
        if self._missing == HEAD_NOT_READ:
            if self._chunks:
                data = b"".join((*self._chunks, data))
                self._chunks.clear()
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._chunks.append(data)
                return
            self._status = int(data[9:12])
            self._missing = _content_length(data[:end].lower())
            data = data[end + 4 :]
        if self._missing == CHUNKED:
            self._chunks.append(data)
            if self._chunks[-1].endswith(b"\n") and (body := _dechunk(b"".join(self._chunks))) is not None:
                self._finish(body)
            return
        self._missing -= len(data)
        if self._missing > 0:
            self._chunks.append(data)
        elif self._chunks:
            self._finish(b"".join((*self._chunks, data)))
        else:
            self._finish(data)

    def _finish(self, body: bytes) -> None:
        waiter, self._waiter, status = self._waiter, None, self._status
        self._reset()
        if waiter is not None and not waiter.done():
            waiter.set_result((status, body))

    def _reset(self) -> None:
        self._chunks.clear()
        self._missing = HEAD_NOT_READ


class Pool:
    """Links for requests that may overlap: a free one if there is one, else a new one."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._free: list[Link] = []

    async def ok(self, data: bytes) -> bytes:
        link = self._free.pop() if self._free else Link(self._address)
        try:
            body = await link.ok(data)
        except BaseException:
            link.close()
            raise
        self._free.append(link)
        return body

    def close(self) -> None:
        for link in self._free:
            link.close()
        self._free.clear()


def format_request(method: str, target: str, token: str = "", body: bytes = b"") -> bytes:
    """The bytes of one request; `target` is the path with its query, already quoted."""
    head = f"{method} {target} HTTP/1.1\r\nHost: bench.test\r\n"
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    if method != "GET":
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def _content_length(head: bytes) -> int:
    """Bytes of body to come, or CHUNKED. `head` is lower case, without the empty line."""
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        return CHUNKED
    stop = head.find(b"\r\n", at + 2)
    return int(head[at + 17 :] if stop < 0 else head[at + 17 : stop])


def _dechunk(data: bytes) -> bytes | None:
    """The body within chunked framing, or None while its last chunk is missing."""
    parts: list[bytes] = []
    at = 0
    while (line_end := data.find(b"\r\n", at)) >= 0:
        size = int(data[at:line_end].split(b";")[0], 16)
        start = line_end + 2
        if len(data) < start + size + 2:
            return None
        if size == 0:
            return b"".join(parts)
        parts.append(data[start : start + size])
        at = start + size + 2
    return None
