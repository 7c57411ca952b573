"""The server of this process on a socket, for browsers and terminals, with its parts at hand."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn

from palabre.app import Parts
from palabre.settings import Settings

from ..api import over_socket, until
from ..services import free_port
from .operator import Operator


@pytest.fixture
async def site(parts: Parts) -> AsyncIterator[str]:
    """Where it answers."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(parts.server, port=port, interface="asgi3", lifespan="on", log_level="error")
    )
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


@pytest.fixture
async def desk(site: str, parts: Parts, settings: Settings) -> AsyncIterator[Operator]:
    """The operator, ten days before anything is announced."""
    async with over_socket(site) as client:
        operator = Operator(client.http, (settings.data / "operator.token").read_text().strip(), parts)
        await operator.clock(-10)
        yield operator
