"""Bodies that do not end."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from palabre.http import bodies
from palabre.http.server import HttpServer

from ..api import CLIENT, Homeserver


async def test_a_body_that_does_not_end(app: HttpServer, client: Homeserver, monkeypatch: pytest.MonkeyPatch) -> None:
    """After half a minute (here less) the client hears that it was too slow."""
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.1)
    monkeypatch.setattr(bodies, "SWEEP_SECONDS", 0.05)
    anna = await client.register("anna")

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    started = time.monotonic()
    answer = await client.http.post(
        f"{CLIENT}/createRoom", content=drip(), headers={"Authorization": f"Bearer {anna.token}"}
    )
    assert answer.status_code == 408
    assert answer.json()["errcode"]
    assert time.monotonic() - started < 10
