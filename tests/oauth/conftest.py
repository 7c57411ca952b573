import pytest

from ..api import Homeserver
from .app import App, new_app


@pytest.fixture
async def oauth_app(client: Homeserver) -> App:
    return await new_app(client)
