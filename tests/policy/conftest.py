"""The whole server in this process, with its parts at hand."""

from pathlib import Path
from typing import Any

import pytest

from palabre.app import Parts, compose
from palabre.settings import Settings
from tests.api import Homeserver

from .operator import Operator


@pytest.fixture
def parts(settings: Settings) -> Parts:
    return compose(settings)


@pytest.fixture
def app(parts: Parts) -> Any:
    return parts.server


@pytest.fixture
async def operator(client: Homeserver, parts: Parts, data_dir: Path) -> Operator:
    """Whoever runs the server: publishes, rolls out, moves the clock."""
    return Operator(client.http, (data_dir / "operator.token").read_text().strip(), parts)
