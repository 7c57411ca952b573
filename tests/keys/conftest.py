from collections.abc import AsyncIterator

import pytest

from palabre.storage.database import Database

from .world import Device, World, running


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running(database) as worlds:
        yield worlds[0]


@pytest.fixture
def alice(world: World) -> Device:
    return world.device("@alice:test.local")


@pytest.fixture
def bob(world: World) -> Device:
    return world.device("@bob:test.local")
