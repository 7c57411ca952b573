from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from palabre.settings import Settings

from ..api import Homeserver, Http
from .browser import Browser

MoveClock = Callable[[timedelta], Awaitable[None]]


@pytest.fixture
def browser(client: Homeserver) -> Browser:
    return Browser(client.http)


@pytest.fixture
def move_clock(client: Homeserver, settings: Settings) -> MoveClock:
    """Let that much time pass on the server."""

    async def move(time: timedelta) -> None:
        operator = Http(client.http, (settings.data / "operator.token").read_text().strip())
        moment = datetime.now(UTC) + time
        await operator.call("PUT", "/_palabre/admin/v1/clock", {"now": moment.isoformat()})

    return move
