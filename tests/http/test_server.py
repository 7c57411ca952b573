"""What the ASGI application does when a part of it fails, and whose address it believes."""

import asyncio
from typing import Any

import pytest

from palabre.core.clock import Clock
from palabre.http.endpoint import endpoint
from palabre.http.limits import RateLimits
from palabre.http.request import Request
from palabre.http.server import HttpServer
from palabre.storage.database import Refused, Unavailable

from ..api import in_process


class Routes:
    error: Exception | None = None

    @endpoint("GET", "/_matrix/client/v3/try", "/_palabre/v1/try", access="public")
    async def attempt(self, request: Request) -> dict[str, str]:
        if self.error is not None:
            raise self.error
        return {"address": request.address}


def make(routes: Routes, **options: Any) -> HttpServer:
    clock = Clock()
    server = HttpServer(RateLimits(clock), clock, **options)
    server.add(routes)
    return server


@pytest.mark.parametrize(("path", "code"), [("/_matrix/client/v3/try", "errcode"), ("/_palabre/v1/try", "code")])
async def test_a_database_out_of_reach_is_something_to_try_again(path: str, code: str) -> None:
    routes = Routes()
    routes.error = Unavailable("PostgreSQL cannot be reached.")
    async with in_process(make(routes)) as client:
        answer = await client.request("GET", path)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()[code] == "M_UNKNOWN"
    assert answer.json()["retry_after_ms"] == 1000


async def test_a_refused_write_is_a_mistake_of_ours_and_not_to_be_tried_again() -> None:
    routes = Routes()
    routes.error = Refused("duplicate key")
    async with in_process(make(routes)) as client:
        answer = await client.request("GET", "/_matrix/client/v3/try")

    assert answer.status_code == 500
    assert "retry-after" not in answer.headers
    assert "duplicate" not in answer.text


async def test_every_part_is_stopped_though_one_fails() -> None:
    """Writing down who was seen fails while the database is out of reach; it must be closed all the same."""
    server = make(Routes())
    stopped: list[str] = []

    async def fails() -> None:
        raise Unavailable("gone")

    async def works() -> None:
        stopped.append("database")

    server.on_closing.append(lambda: stopped.append("waiting"))
    server.on_stop += [fails, works]
    async with in_process(server):
        pass

    assert stopped == ["waiting", "database"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], "10.0.0.1"),
        (["198.51.100.7"], "198.51.100.7"),
        (["203.0.113.9, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        (["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
        (["198.51.100.7", "10.0.0.2"], "198.51.100.7"),
        (["2001:db8::1"], "2001:db8::1"),
        (["198.51.100.7\x00"], "10.0.0.1"),
        (["unknown, 10.0.0.2"], "10.0.0.2"),
        (["x" * 100_000], "10.0.0.1"),
    ],
)
async def test_whose_address_is_believed(headers: list[str], expected: str) -> None:
    """Of what X-Forwarded-For says only addresses, from the end on, and only from proxies we trust."""
    server = make(Routes(), trusted_proxies=["10.0.0.0/8"])
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b""}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/_matrix/client/v3/try",
        "raw_path": b"/_matrix/client/v3/try",
        "query_string": b"",
        "headers": [(b"x-forwarded-for", header.encode("latin-1")) for header in headers],
        "client": ("10.0.0.1", 1234),
    }
    await server(scope, receive, send)

    assert sent[1]["body"] == b'{"address":"%s"}' % expected.encode()
