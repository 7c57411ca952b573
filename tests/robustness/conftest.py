"""What the tests of robustness share."""

from pathlib import Path

import pytest

from palabre.app import build
from palabre.http.endpoint import Endpoint
from palabre.settings import Settings

from ..services import Palabre


@pytest.fixture(scope="session")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> list[Endpoint]:
    """Every endpoint of a server in test mode."""
    data: Path = tmp_path_factory.mktemp("endpoints")
    return build(Settings(data=data, server_name=Palabre.SERVER_NAME, test_mode=True)).router.endpoints
