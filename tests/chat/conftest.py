"""The server as people run it, and the codes as they read them, are those of the other clients' tests."""

import pytest

from ..clients.conftest import code_for, palabre

__all__ = ["code_for", "palabre"]


@pytest.fixture
def backend() -> str:
    """One is enough: what the terminal asks of the server, `tests/clients` and `tests/phone_routes` ask of both."""
    return "sqlite"
