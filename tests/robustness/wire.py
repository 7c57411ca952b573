"""HTTP as bytes, for what no well-made client can say, and fast enough to say it ten thousand times."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

ANSWER_SECONDS = 30


class Answer(NamedTuple):
    status: int
    """0: the server closed the connection without a word."""
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection, opened anew when the server has closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def call(self, method: str, target: str, body: bytes | None = None, *headers: str) -> Answer:
        """A request as it should be; `target` goes out as it is."""
        lines = [f"{method} {target} HTTP/1.1", "Host: test.local", *headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join(lines).encode("utf-8", "surrogateescape")
        return await self.raw(head + b"\r\n\r\n" + (body or b""))

    async def raw(self, data: bytes) -> Answer:
        """Whatever the server answers to these bytes."""
        reader, writer = await self.open()
        writer.write(data)
        answer = await self.answer(reader)
        if answer.status == 0 or answer.headers.get("connection") == "close":
            await self.close()
        return answer

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._reader is None or self._writer is None or self._reader.at_eof():
            await self.close()
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self._reader, self._writer

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    @staticmethod
    async def answer(reader: asyncio.StreamReader) -> Answer:
        async with asyncio.timeout(ANSWER_SECONDS):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return Answer(0, {}, b"")
            first, *rest = head.decode("latin-1").split("\r\n")
            pairs = (line.partition(":") for line in rest if line)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            status = int(first.split(" ")[1])
            if "chunked" in headers.get("transfer-encoding", ""):
                return Answer(status, headers, await _chunks(reader))
            if "content-length" in headers:
                return Answer(status, headers, await reader.readexactly(int(headers["content-length"])))
            return Answer(status, headers, b"" if status in (204, 304) else await reader.read())


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)


class Call(NamedTuple):
    method: str
    target: str
    body: bytes | None = None
    token: str | None = None
    type: str = "application/json"

    @property
    def headers(self) -> Iterable[str]:
        if self.body is not None:
            yield f"Content-Type: {self.type}"
        if self.token is not None:
            yield f"Authorization: Bearer {self.token}"

    def __str__(self) -> str:
        body = "" if self.body is None else f" {self.body[:300]!r}"
        return f"{self.method} {self.target[:300]}{body}"


async def say(port: int, calls: list[Call], at_once: int = 8) -> list[tuple[Call, Answer]]:
    """Make the calls over a few connections; each with its answer, in their order."""
    answers: list[Answer | None] = [None] * len(calls)
    left = iter(enumerate(calls))

    async def talk() -> None:
        wire = Wire(port)
        for number, call in left:
            try:
                answers[number] = await wire.call(call.method, call.target, call.body, *call.headers)
            except TimeoutError:
                raise AssertionError(f"{call} was not answered") from None
        await wire.close()

    await asyncio.gather(*(talk() for _ in range(at_once)))
    return [(call, answer) for call, answer in zip(calls, answers, strict=True) if answer is not None]
