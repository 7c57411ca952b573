"""A small Matrix client for tests: the same over a socket (`server`) and in process (`client`)."""

import asyncio
import itertools
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

CLIENT = "/_matrix/client/v3"
PASSWORD = "correct horse battery staple"

_serial = itertools.count(1)


def unique(name: str) -> str:
    """`name` made different from every other of this test run, for servers that several tests share."""
    return f"{name}-{os.getpid():x}-{next(_serial)}"


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something that shows in no event one could await. Fails when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.005)


class Http:
    """Calls to one server, with or without a token. Paths beginning `/_` are whole; others are under
    `/_matrix/client/v3`.
    """

    def __init__(self, http: httpx.AsyncClient, token: str | None = None) -> None:
        self.http = http
        self.token = token

    async def request(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """The raw answer. `body` is JSON, or bytes sent as they are; `options` go to httpx (`params`,
        `headers`, …).
        """
        if not path.startswith("/_"):
            path = CLIENT + path
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        if isinstance(body, bytes):
            options["content"] = body
        elif body is not None or method in ("PUT", "POST"):
            options["content"] = json.dumps({} if body is None else body).encode()
            headers.setdefault("Content-Type", "application/json")
        return await self.http.request(method, path, headers=headers, **options)

    async def call(self, method: str, path: str, body: Any = None, *, status: int = 200, **params: Any) -> Any:
        """The decoded body of an answer that must have `status`; `params` are the query's."""
        answer = await self.request(method, path, body, params=_query(params))
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json()

    async def fail(self, method: str, path: str, body: Any = None, *, status: int, **params: Any) -> str:
        """The errcode of an answer that must have `status`."""
        answer = await self.call(method, path, body, status=status, **params)
        code: str = answer["errcode"] if "errcode" in answer else answer["code"]
        return code


class User(Http):
    """One signed-in device."""

    def __init__(self, http: httpx.AsyncClient, login: dict[str, Any]) -> None:
        super().__init__(http, login["access_token"])
        self.login = login
        self.user_id: str = login["user_id"]
        self.device_id: str = login["device_id"]

    async def sync(self, since: str | None = None, timeout: int = 0, **params: Any) -> dict[str, Any]:
        """`timeout` in milliseconds."""
        answer: dict[str, Any] = await self.call("GET", "/sync", since=since, timeout=timeout, **params)
        return answer

    async def create_room(self, **body: Any) -> str:
        room_id: str = (await self.call("POST", "/createRoom", body))["room_id"]
        return room_id

    async def send(self, room_id: str, text: str = "hello") -> str:
        """Send a text message; returns its event id."""
        path = f"/rooms/{room_id}/send/m.room.message/{unique('txn')}"
        event_id: str = (await self.call("PUT", path, {"msgtype": "m.text", "body": text}))["event_id"]
        return event_id


class Homeserver(Http):
    """A server, signed in as nobody."""

    async def register(self, name: str, **body: Any) -> User:
        """A new person (test mode: a password and `m.login.dummy`) on a new device; `name` begins the
        localpart.
        """
        account = {"username": unique(name), "password": PASSWORD, "auth": {"type": "m.login.dummy"}, **body}
        return User(self.http, await self.call("POST", "/register", account))

    async def log_in(self, user: User, **body: Any) -> User:
        """One more device of somebody registered here."""
        identifier = {"type": "m.id.user", "user": user.user_id}
        login = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD, **body}
        return User(self.http, await self.call("POST", "/login", login))


def _query(params: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in params.items() if value is not None}
    return {name: json.dumps(value) if isinstance(value, dict | bool) else value for name, value in plain.items()}


@asynccontextmanager
async def over_socket(url: str) -> AsyncIterator[Homeserver]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits, trust_env=False) as http:
        yield Homeserver(http)


@asynccontextmanager
async def in_process(app: Any) -> AsyncIterator[Homeserver]:
    """Start an ASGI application (its lifespan), call it without a socket, and stop it."""
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    lifespan = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, inbox.get, outbox.put))

    async def step(message: str) -> None:
        await inbox.put({"type": f"lifespan.{message}"})
        answer = asyncio.create_task(outbox.get())
        await asyncio.wait([answer, lifespan], return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            await lifespan
            raise RuntimeError(f"the application ended at {message}")
        if answer.result()["type"] != f"lifespan.{message}.complete":
            await lifespan

    await step("startup")
    try:
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://test.local", timeout=60) as http:
            yield Homeserver(http)
    finally:
        await step("shutdown")
        await lifespan
