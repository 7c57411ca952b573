"""What is not HTTP, what is too much of it, and what comes too slowly: the server says so, stays small, and serves the
others.
"""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from palabre.http.endpoint import Endpoint

from ..api import CLIENT, Homeserver, User
from ..services import Palabre
from .cases import LONG
from .test_garbage import process_status, takes_json
from .wire import Wire

pytestmark = pytest.mark.timeout(120)

BROKEN = [
    b"\r\n\r\n",
    b"\x00" * 100 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 100 + b"\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b"GET / HTTP/1.1\r\n: no name\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : space\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: \x00\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\n\r\n",
    b"GET /a b HTTP/1.1\r\n\r\n",
    b"GET \xff\xfe HTTP/1.1\r\n\r\n",
    b"BREW /_matrix/client/versions HTTP/1.1\r\n\r\n",
    b"get /_matrix/client/versions HTTP/1.1\r\n\r\n",
    b"CONNECT test.local:443 HTTP/1.1\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\n\r\n",
    b"TRACE / HTTP/1.1\r\n\r\n",
    b"POST /_matrix/client/v3/login HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /_matrix/client/v3/login HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    b"POST /_matrix/client/v3/login HTTP/1.1\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n",
    b"POST /_matrix/client/v3/login HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    b"POST /_matrix/client/v3/login HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n",
    b"POST /_matrix/client/v3/login HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /_matrix/client/v3/login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    b"POST /_matrix/client/v3/login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"f" * 20
    + b"\r\n{}\r\n0\r\n\r\n",
    b"GET /_matrix/client/v3/sync HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"GET /_matrix/client/v3/sync HTTP/1.1\r\nAuthorization: \xff\xff\r\n\r\n",
    b"GET /_matrix/client/v3/sync HTTP/1.1\r\nAuthorization: Bearer \xff\xff\r\n\r\n",
    b"GET /_matrix/client/v3/sync HTTP/1.1\r\nX-Forwarded-For: \xff, ;'\r\nForwarded: for=\"\r\n\r\n",
    b"GET /_matrix/client/versions HTTP/1.1\r\n" + b"A: " + LONG.encode() * 100 + b"\r\n\r\n",
    b"GET /_matrix/client/versions?" + LONG.encode() * 100 + b" HTTP/1.1\r\n\r\n",
    b"GET /_matrix/client/" + LONG.encode() * 100 + b" HTTP/1.1\r\n\r\n",
    b"GET /" + b"/" * 60_000 + b" HTTP/1.1\r\n\r\n",
    b"GET /" + b"a/" * 30_000 + b" HTTP/1.1\r\n\r\n",
    b"GET http://elsewhere.invalid/_matrix/client/v3/sync HTTP/1.1\r\n\r\n",
]

MANY = 100 << 20
HELD = 64 << 20
"""Bytes that the server may take more for a hundred clients that send too much or too slowly."""


@pytest.fixture
async def anna(server: Homeserver) -> User:
    return await server.register("anna")


@pytest.fixture(autouse=True)
async def unharmed(server: Homeserver, process: Palabre) -> AsyncIterator[None]:
    """After each test, the same process serves others, has logged no error, and holds no more than before."""
    before = process_status(process.process.pid)["VmRSS"]
    yield
    bea = await server.register("bea")
    room_id = await bea.create_room()
    event_id = await bea.send(room_id)
    events = (await bea.sync())["rooms"]["join"][room_id]["timeline"]["events"]
    assert events[-1]["event_id"] == event_id
    assert process.process.poll() is None
    log = process.log.read_text()
    assert "unhandled error" not in log
    assert "Traceback" not in log
    grown = process_status(process.process.pid)["VmRSS"] - before
    assert grown < HELD, f"{grown >> 20} MiB more"


async def test_what_is_not_http(process: Palabre) -> None:
    for data in BROKEN:
        wire = Wire(process.port)
        reader, writer = await wire.open()
        writer.write(data)
        writer.write_eof()
        answer = await wire.answer(reader)
        assert answer.status == 0 or 200 <= answer.status < 500, f"{data[:200]!r}: {answer}"
        await wire.close()


async def test_methods_that_an_endpoint_does_not_take(process: Palabre, endpoints: list[Endpoint]) -> None:
    wire = Wire(process.port)
    taken: dict[str, set[str]] = {}
    for endpoint in endpoints:
        taken.setdefault(endpoint.path, set()).add(endpoint.method)
    for path, methods in taken.items():
        for method in {"GET", "PUT", "POST", "DELETE", "PATCH"} - methods:
            answer = await wire.call(method, re.sub(r"{(\w+)(...)?}", r"\1", path), b"{}")
            # Another endpoint may match where this one has a parameter; it wants a token then.
            assert answer.status in (400, 401, 403, 404, 405), f"{method} {path}: {answer}"
            refusal = answer.json()
            assert refusal.get("errcode") or refusal.get("code")
    await wire.close()


async def test_a_hundred_megabytes_announced(process: Palabre, anna: User, endpoints: list[Endpoint]) -> None:
    """The refusal comes before the body does."""
    for endpoint in endpoints:
        if endpoint.body is None:
            continue
        wire = Wire(process.port)
        token = (process.data / "operator.token").read_text().strip() if endpoint.access == "operator" else anna.token
        answer = await wire.call(
            endpoint.method, endpoint.path, None, f"Authorization: Bearer {token}", f"Content-Length: {MANY}"
        )
        assert answer.status == 413, f"{endpoint.method} {endpoint.path}: {answer}"
        if takes_json(endpoint):
            refusal = answer.json()
            assert "M_TOO_LARGE" in (refusal.get("errcode"), refusal.get("code"))
        await wire.close()


async def test_a_hundred_megabytes_sent(process: Palabre, anna: User) -> None:
    """With a length and in chunks, several at a time: nobody's memory pays for it."""

    async def send(chunked: bool) -> int:
        wire = Wire(process.port)
        reader, writer = await wire.open()
        how = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {MANY}"
        head = f"POST {CLIENT}/createRoom HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {anna.token}\r\n{how}\r\n\r\n"
        writer.write(head.encode())
        part = b"[" * 65_536
        answer = asyncio.create_task(wire.answer(reader))
        try:
            for _ in range(MANY // len(part)):
                writer.write(b"10000\r\n" + part + b"\r\n" if chunked else part)
                await writer.drain()
                if answer.done():
                    break
        except ConnectionError:
            pass  # The server had heard enough.
        status = (await answer).status
        await wire.close()
        return status

    assert set(await asyncio.gather(*(send(number % 2 == 0) for number in range(20)))) == {413}


async def test_clients_that_never_finish(server: Homeserver, process: Palabre, anna: User) -> None:
    """Two hundred requests hang half-way; everybody else is served as ever, and the slow are served in the end."""
    request = f"POST {CLIENT}/createRoom HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {anna.token}\r\n"
    body = b'{"name": "slowly"}'
    beginnings = [
        b"P",
        b"POST / HTTP/1.1\r\nA: b",
        f"{request}Content-Length: {len(body)}\r\n\r\n".encode(),
        f"{request}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1],
        f"{request}Transfer-Encoding: chunked\r\n\r\n5\r\nab".encode(),
    ]
    waiting = []
    for number in range(200):
        reader, writer = await Wire(process.port).open()
        writer.write(beginnings[number % len(beginnings)])
        waiting.append((reader, writer))
    bea = await server.register("bea")
    room_id = await bea.create_room()
    for _ in range(20):
        await bea.send(room_id)

    reader, writer = waiting[2]
    for byte in body:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.005)
    answer = await Wire.answer(reader)
    assert (answer.status, list(answer.json())) == (200, ["room_id"])
    for _, other in waiting:
        other.close()
