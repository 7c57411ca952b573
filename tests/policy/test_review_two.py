"""Two servers on one PostgreSQL, and people whose requests go now to the one and now to the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from palabre.app import Parts, compose
from palabre.settings import Settings
from tests.api import Homeserver, User, in_process
from tests.services import Nats, Palabre

from .made import version
from .operator import Operator, decide
from .test_locked_sync import bodies, notices, status_of


class Two:
    def __init__(self, servers: list[Homeserver], operators: list[Operator]) -> None:
        self.servers = servers
        self.operators = operators

    async def clock(self, number: float) -> None:
        for operator in self.operators:
            await operator.clock(number)

    def at(self, which: int, user: User) -> User:
        """The same device, talking to another process."""
        return User(self.servers[which % 2].http, user.login)


@pytest.fixture
async def two(tmp_path: Path, postgres_url: str, nats: Nats) -> AsyncIterator[Two]:
    @asynccontextmanager
    async def start(name: str) -> AsyncIterator[tuple[Homeserver, Operator]]:
        settings = Settings(
            server_name=Palabre.SERVER_NAME, data=tmp_path / name, database=postgres_url, bus=nats.url, test_mode=True
        )
        parts: Parts = compose(settings)
        async with in_process(parts.server) as client:
            token = (tmp_path / name / "operator.token").read_text().strip()
            yield client, Operator(client.http, token, parts)

    async with start("a") as (a, of_a), start("b") as (b, of_b):
        yield Two([a, b], [of_a, of_b])


async def test_a_device_that_changes_its_server_all_the_time(two: Two) -> None:
    ana, ben = await two.servers[0].register("ana"), await two.servers[1].register("ben")
    room_id = await ben.create_room(invite=[ana.user_id])
    await ana.call("POST", f"/rooms/{room_id}/join")
    answer = await ana.sync()
    await two.operators[0].roll_out(version(1))
    told, read = list[str](), list[str]()
    turn = 0
    for number in (0, 26, 33, 43):
        await two.clock(number)
        if number == 43:
            await decide(two.at(0, ben), "accept")
        for _ in range(4):
            turn += 1
            answer = await two.at(turn, ana).sync(answer["next_batch"])
            told += notices(answer)
            read += bodies(answer, room_id)
            if number == 43:
                await asyncio.sleep(0.1)
                await ben.send(room_id, f"behind {turn}")
    assert len(told) == len(set(told)) == 4
    assert read == []
    fresh = await two.at(0, ana).sync()
    assert len(notices(fresh)) == 4
    waiting = asyncio.create_task(two.at(1, ana).sync(answer["next_batch"], timeout=10_000))
    await asyncio.sleep(0.1)
    await decide(two.at(0, ana), "accept")
    answer = await waiting
    assert status_of(answer)["level"] == "none"
    assert bodies(answer, room_id) == [f"behind {turn}" for turn in range(13, 17)]
    again = await two.at(0, ana).sync(answer["next_batch"])
    assert (bodies(again, room_id), notices(again), notices(answer)) == ([], [], [])
    anew = await two.at(1, ana).sync(fresh["next_batch"])
    assert notices(anew) == []
    assert bodies(anew, room_id)[-4:] == [f"behind {turn}" for turn in range(13, 17)]


async def test_both_servers_at_once_tell_a_person_once(two: Two) -> None:
    people = [await two.servers[number % 2].register("ana") for number in range(6)]
    await two.operators[1].roll_out(version(1))
    for number in (0, 26, 43, 53):
        await two.clock(number)
        await asyncio.gather(*(two.at(which, person).sync() for person in people for which in (0, 1, 0, 1)))
    for person in people:
        answer = await two.at(0, person).sync()
        assert len(notices(answer)) == 4
        assert len(answer["rooms"]["join"]) == 1


async def test_a_status_that_nobody_changed_is_no_news_at_the_other(two: Two) -> None:
    ana = await two.servers[0].register("ana")
    await two.operators[0].roll_out(version(1))
    await two.clock(1)
    answer = await ana.sync()
    for turn in range(4):
        answer = await two.at(turn, ana).sync(answer["next_batch"])
        assert status_of(answer) is None
