import pytest

from ..api import Homeserver
from ..pages.conftest import move_clock
from .app import App, new_app

__all__ = ["move_clock", "oauth_app"]


@pytest.fixture
async def oauth_app(client: Homeserver) -> App:
    return await new_app(client)
