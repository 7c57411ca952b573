"""The accounts domain alone, outside test mode: real codes, kept by a provider that sends nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from palabre.accounts.codes.models import VerifiedNumber
from palabre.accounts.codes.providers import Message, ProviderError
from palabre.accounts.compose import Accounts
from palabre.accounts.options import AccountOptions, HttpSms
from palabre.core.clock import Clock
from palabre.http.limits import RateLimits
from palabre.storage.database import Database

START = datetime(2026, 1, 1, tzinfo=UTC)
NUMBER = "+33612345678"


class Outbox:
    """A provider that keeps what it is given, or fails."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.fails = False

    async def send(self, message: Message) -> None:
        if self.fails:
            raise ProviderError("down")
        self.messages.append(message)

    async def send_text(self, to: str, text: str, locale: str, sent: int) -> None:
        await self.send(Message(to, "", text, locale, sent))

    @property
    def code(self) -> str:
        return self.messages[-1].code

    @property
    def wrong_code(self) -> str:
        return "000000" if self.code != "000000" else "111111"


class World:
    """Accounts, and a clock that tests move."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Clock()
        self.clock.set(START)
        self.outbox = Outbox()
        """Takes the place of the provider below."""
        options = AccountOptions(
            server_name="test.local",
            public_url="http://test.local",
            default_region="FR",
            sms=HttpSms(url="https://sms.example/"),
            access_token_ms=60_000,
        )
        limits = RateLimits(self.clock, enabled=False)
        self.accounts = Accounts(options, database, self.clock, limits, provider=self.outbox)
        self.sign_in = self.accounts.sign_in
        self.sessions = self.accounts.sessions
        self.people = self.accounts.people
        self.authenticator = self.accounts.authenticator

    def wait(self, **duration: float) -> None:
        self.clock.set(self.clock.now() + timedelta(**duration))

    async def verify(self, number: str = NUMBER) -> VerifiedNumber:
        """Ask for a code and enter it."""
        sent = await self.sign_in.request_code(number, None, "192.0.2.1", "en")
        return await self.sign_in.check_code(sent.sid, self.outbox.code, "192.0.2.1")

    async def join(self, number: str = NUMBER, name: str | None = None) -> str:
        return await self.sign_in.create_account(await self.verify(number), name, "en")


@pytest.fixture
async def world(database: Database) -> World:
    return World(database)
