"""`kill -9` at random moments under load: what got a 200 is there, once, in order; no one-time key is given twice.

`PALABRE_KILLS` raises the number of kills (by default 100 over both databases).
"""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api import Homeserver, User, over_socket
from tests.conftest import Cluster
from tests.services import Palabre

KILLS = int(os.environ.get("PALABRE_KILLS", "100"))
SHARE = {"sqlite": 0.6, "postgresql": 0.4}
PAIRS = 5
KEYS_A_ROUND = 20

pytestmark = pytest.mark.timeout(60 + KILLS * 15)


class Sender:
    """One person who writes in one room, and remembers what the server has acknowledged."""

    def __init__(self, user: User, room_id: str) -> None:
        self.user = user
        self.room_id = room_id
        self.next = 0
        self.acknowledged: list[str] = []

    async def run(self) -> None:
        """Send until the connection breaks. The message under way is sent again next time, with its transaction id."""
        while True:
            path = f"/rooms/{self.room_id}/send/m.room.message/m{self.next}"
            answer = await self.user.request("PUT", path, {"msgtype": "m.text", "body": str(self.next)})
            assert answer.status_code == 200, answer.text
            self.acknowledged.append(answer.json()["event_id"])
            self.next += 1


class Claimer:
    """Somebody who claims the one-time keys of another, and remembers each that arrived."""

    def __init__(self, user: User, owner: User) -> None:
        self.user = user
        self.owner = owner
        self.uploaded = 0
        self.claimed: list[str] = []

    async def upload(self) -> None:
        numbers = range(self.uploaded, self.uploaded + KEYS_A_ROUND)
        keys = {f"signed_curve25519:K{number}": {"key": f"k{number}"} for number in numbers}
        answer = await self.owner.request("POST", "/keys/upload", {"one_time_keys": keys})
        assert answer.status_code == 200, answer.text
        self.uploaded += KEYS_A_ROUND

    async def run(self) -> None:
        await self.upload()
        wanted = {"one_time_keys": {self.owner.user_id: {self.owner.device_id: "signed_curve25519"}}}
        while True:
            answer = await self.user.request("POST", "/keys/claim", wanted)
            assert answer.status_code == 200, answer.text
            given = answer.json()["one_time_keys"].get(self.owner.user_id, {}).get(self.owner.device_id, {})
            self.claimed.extend(given)
            if not given:
                await self.upload()


async def until_broken(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except (httpx.TransportError, httpx.StreamError):
        return


async def messages(user: User, room_id: str) -> list[dict[str, Any]]:
    """Every message of the room, oldest first."""
    found: list[dict[str, Any]] = []
    start: str | None = None
    while True:
        query: dict[str, Any] = {"dir": "f", "limit": 500, "from": start}
        page = await user.call("GET", f"/rooms/{room_id}/messages", **query)
        found += [event for event in page["chunk"] if event["type"] == "m.room.message"]
        start = page.get("end")
        if start is None:
            return found


async def set_up(homeserver: Homeserver) -> tuple[list[Sender], list[Claimer]]:
    senders, claimers = [], []
    for _ in range(PAIRS):
        one, other = await homeserver.register("ana"), await homeserver.register("bo")
        room_id = await one.create_room(preset="trusted_private_chat", invite=[other.user_id], is_direct=True)
        senders += [Sender(one, room_id), Sender(other, room_id)]
        claimers.append(Claimer(one, other))
    return senders, claimers


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
async def test_nothing_acknowledged_is_lost(request: pytest.FixtureRequest, tmp_path: Path, backend: str) -> None:
    cluster: Cluster | None = request.getfixturevalue("postgres") if backend == "postgresql" else None
    palabre = Palabre(tmp_path, cluster.create() if cluster else None)
    moments = random.Random(2021)
    try:
        async with over_socket(palabre.url) as homeserver:
            senders, claimers = await set_up(homeserver)
            for _ in range(round(KILLS * SHARE[backend])):
                workers: list[Sender | Claimer] = [*senders, *claimers]
                load = [asyncio.create_task(until_broken(worker.run)) for worker in workers]
                await asyncio.sleep(moments.uniform(0.02, 0.4))
                palabre.kill()
                await asyncio.gather(*load)
                await asyncio.to_thread(palabre.start)
            for sender in senders:
                stored = await messages(sender.user, sender.room_id)
                mine = [event for event in stored if event["sender"] == sender.user.user_id]
                bodies = [event["content"]["body"] for event in mine]
                # The last one may have been stored without its answer arriving; it may be there, once, or not.
                assert bodies in ([str(n) for n in range(sender.next)], [str(n) for n in range(sender.next + 1)])
                assert [event["event_id"] for event in mine[: sender.next]] == sender.acknowledged
            assert sum(sender.next for sender in senders) > KILLS * SHARE[backend]
            for claimer in claimers:
                assert len(claimer.claimed) == len(set(claimer.claimed))
            assert sum(len(claimer.claimed) for claimer in claimers) > KILLS * SHARE[backend]
    finally:
        palabre.stop()
