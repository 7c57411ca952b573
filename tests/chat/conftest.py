"""The server as people run it, and the codes as they read them, are those of the other clients' tests."""

from ..clients.conftest import code_for, palabre

__all__ = ["code_for", "palabre"]
