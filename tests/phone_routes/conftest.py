"""Signing in by number as our own clients do, over HTTP."""

import itertools
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from palabre.settings import Settings

from ..api import Homeserver, Http, User

SIGN_IN = "/_palabre/v1/sign-in"
CODE = "000000"
SECRET = "s3cret"
Body = dict[str, Any]
MoveClock = Callable[[timedelta], Awaitable[None]]

_numbers = itertools.count(os.getpid() * 1000 % 90_000_000)


def new_number() -> str:
    return f"+336{next(_numbers) % 100_000_000:08d}"


class Phone:
    """Somebody with a number, at the three calls. In test mode every code is 000000."""

    def __init__(self, client: Homeserver, number: str | None = None) -> None:
        self.client = client
        self.number = number or new_number()
        self.known: Body = {}

    async def ask(self, secret: str = SECRET) -> Body:
        body = {"phone": self.number, "client_secret": secret}
        sent: Body = await self.client.call("POST", f"{SIGN_IN}/code", body)
        self.known = {"sid": sent["sid"], "client_secret": secret}
        return sent

    async def verify(self, code: str = CODE, *, status: int = 200, **other: Any) -> Body:
        body = {**self.known, "code": code, **other}
        answer: Body = await self.client.call("POST", f"{SIGN_IN}/verify", body, status=status)
        return answer

    async def complete(self, *, status: int = 200, **body: Any) -> Body:
        answer: Body = await self.client.call("POST", f"{SIGN_IN}/complete", {**self.known, **body}, status=status)
        return answer

    async def sign_in(self, code: str = CODE, **body: Any) -> User:
        """All three; `ask` comes before where the code has to be read somewhere. Accepts the terms of a new account."""
        if code == CODE:
            await self.ask()
        terms = (await self.verify(code))["terms"]
        return User(self.client.http, await self.complete(terms=[accepting(one) for one in terms], **body))


def accepting(terms: Body, locale: str = "en") -> Body:
    """What names exactly these terms, as `verify` describes them."""
    named = {name: terms[name] for name in ("id", "version", "edition")}
    return {**named, "locale": locale, "hash": terms["locales"][locale]["hash"]}


@pytest.fixture
def phone(client: Homeserver) -> Phone:
    return Phone(client)


@pytest.fixture
def move_clock(client: Homeserver, settings: Settings) -> MoveClock:
    """Let that much time pass on the server."""

    async def move(time: timedelta) -> None:
        operator = Http(client.http, (settings.data / "operator.token").read_text().strip())
        moment = datetime.now(UTC) + time
        await operator.call("PUT", "/_palabre/admin/v1/clock", {"now": moment.isoformat()})

    return move
