"""A server as people run it, without test mode, and its one-time codes as they read them."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from ..services import Palabre, running

CodeFor = Callable[[str], Awaitable[str]]


class RealPalabre(Palabre):
    """`palabre serve`: real codes, real limits."""

    def start(self) -> None:
        self._command = [part for part in self._command if part != "--test-mode"]
        super().start()


@pytest.fixture
def palabre(tmp_path: Path, database_url: str | None) -> Iterator[Palabre]:
    """Its own server for each test, on each database."""
    with running(RealPalabre(tmp_path / "server", database_url)) as process:
        yield process


@pytest.fixture
def code_for(palabre: Palabre) -> CodeFor:
    """The last code that was sent to a number (E.164), as `/dev/codes` shows it."""

    async def look(number: str) -> str:
        async with httpx.AsyncClient(base_url=palabre.url, trust_env=False) as http:
            codes = (await http.get("/dev/codes.json")).json()["codes"]
        sent: list[str] = [one["code"] for one in codes if one["to"] == number]
        return sent[0]

    return look
