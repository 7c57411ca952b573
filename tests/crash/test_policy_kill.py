"""`kill -9` while an operator publishes and operates roll-outs, people decide, and accounts are erased.

Each of these happened wholly or not at all; what got an answer is there; the deletion job ends what it began.
`PALABRE_KILLS` raises the number of kills (by default a few on each database).
"""

import asyncio
import itertools
import json
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from palabre.accounts.people.models import Newcomer
from palabre.app import Parts, compose
from palabre.bus.local import LocalBus
from palabre.policy.documents.reading import read_folder
from palabre.settings import Settings
from palabre.storage.database import Database, Transaction
from palabre.storage.open import open_database
from tests.api import Homeserver, Http, User, in_process, over_socket
from tests.conftest import Cluster
from tests.policy.made import version
from tests.policy.operator import BY, Operator, day, decide
from tests.services import Palabre

KILLS = int(os.environ.get("PALABRE_KILLS", "5"))
SHARE = {"sqlite": 0.6, "postgresql": 0.4}
DOOMED = 60
"""People who never answer, for each kill."""
DELETED = 33 + 60 + 1
FOLDER = Path(__file__).parents[2] / "policies" / "palabre"
ADMIN = "/_palabre/admin/v1"
DELETIONS = f"{ADMIN}/policy/deletions"
OPERATIONS = ("start", "hold", "resume", "extend", "drop", "roll_back")

pytestmark = pytest.mark.timeout(120 + KILLS * 15)


class Publisher:
    """Publishes one version after the other, and does something to its roll-out; remembers what was answered."""

    def __init__(self, operator: Http, moments: random.Random) -> None:
        self.operator = operator
        self.moments = moments
        self.numbers = itertools.count(1)
        self.published: list[str] = []
        self.answered: dict[str, list[str]] = {}
        """Roll-out -> the operations that got an answer, in order."""

    async def run(self) -> None:
        while True:
            name = f"crash-{next(self.numbers)}"
            folder = read_folder(FOLDER)
            policy = {**msgspec.to_builtins(folder.document.policy), "version": name}
            wording = msgspec.to_builtins(folder.document.wording)
            body = {"policy": policy, "wording": wording, "actor": "Awa"}
            await self.operator.call("POST", f"{ADMIN}/policies", body)
            self.published.append(name)
            plan = {"deadline": day(DELETED + 90), "ladder": [{"step": "notice"}, {"step": "limited"}]}
            body = {"policy": policy["id"], "version": name, "plan": plan, **BY}
            made = await self.operator.call("POST", f"{ADMIN}/rollouts", body, status=201)
            done = self.answered[made["rollout_id"]] = ["create"]
            for operation in ("start", *self.moments.choices(OPERATIONS, k=4)):
                more: dict[str, Any] = {
                    "extend": {"deadline": day(DELETED + 91 + len(done))},
                    "drop": {"step": "limited"},
                }.get(operation, {})
                path = f"{ADMIN}/rollouts/{made['rollout_id']}/{operation}"
                answer = await self.operator.request("POST", path, {**BY, **more})
                assert answer.status_code in (200, 400, 409), answer.text
                if answer.status_code == 200:
                    done.append(operation)


class Decider:
    def __init__(self, user: User) -> None:
        self.user = user
        self.answered: list[str] = []

    async def run(self) -> None:
        for kind in itertools.cycle(("accept", "withdraw", "decline", "later")):
            self.answered.append((await decide(self.user, kind))["decision_id"])


async def eraser(operator: Http, moments: random.Random) -> None:
    await asyncio.sleep(moments.uniform(0, 0.2))
    await operator.call("POST", DELETIONS)


async def until_broken(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except (httpx.TransportError, httpx.StreamError):
        return


def compose_in(data: Path, url: str | None) -> Parts:
    return compose(Settings(server_name=Palabre.SERVER_NAME, data=data, database=url, test_mode=True))


async def set_up(data: Path, url: str | None, doomed: int) -> list[str]:
    """Accounts, some with chats, and the roll-out that they never answer; returns their user ids."""
    parts = compose_in(data, url)
    async with in_process(parts.server) as homeserver:
        operator = Operator(homeserver.http, (data / "operator.token").read_text().strip(), parts)
        await operator.clock(-1)
        people = [Newcomer(f"doomed{n:04}", f"+3361{n:07}", "FR", "fr") for n in range(doomed)]
        user_ids = [f"@{one.localpart}:{Palabre.SERVER_NAME}" for one in people]

        async def work(tx: Transaction) -> None:
            await parts.accounts.people.create_many(tx, people)
            for user_id in user_ids:
                await parts.accounts.profiles.set_in(tx, user_id, "displayname", "Doomed")
                await tx.execute("INSERT INTO devices (user_id, device_id, created) VALUES ($1, 'D', 0)", user_id)

        await parts.database.write(work)
        await with_chats(homeserver, user_ids)
        await operator.roll_out(version(1))
    return user_ids


async def with_chats(homeserver: Homeserver, user_ids: list[str]) -> None:
    for _ in range(5):
        one, other = await homeserver.register("doomed"), await homeserver.register("doomed")
        for _ in range(3):
            room_id = await one.create_room(invite=[other.user_id])
            await other.call("POST", f"/join/{room_id}")
            await other.send(room_id)
        user_ids += [one.user_id, other.user_id]


async def check(database: Database, publisher: Publisher, deciders: list[Decider], doomed: list[str]) -> None:
    """With no server running: what is on the disk."""
    published = [row[0] for row in await database.fetch("SELECT version FROM policy_versions WHERE policy = 'palabre'")]
    assert set(publisher.published) <= set(published)
    rollouts = dict(await pairs(database, "SELECT rollout_id, content FROM rollouts"))
    operations: dict[str, list[tuple[int, str, str, str]]] = {}
    rows = await database.fetch(
        "SELECT rollout_id, number, operation, before, after FROM rollout_operations ORDER BY rollout_id, number"
    )
    for rollout_id, number, operation, before, after in rows:
        operations.setdefault(rollout_id, []).append((number, operation, before, after))
    assert rollouts.keys() == operations.keys()
    for rollout_id, history in operations.items():
        assert [number for number, *_ in history] == list(range(1, len(history) + 1))
        assert json.loads(history[-1][3]) == json.loads(rollouts[rollout_id])
        for (_, _, _, after), (_, _, before, _) in itertools.pairwise(history):
            assert json.loads(after) == json.loads(before)
        answered = publisher.answered.get(rollout_id, [])
        names = [operation for _, operation, _, _ in history]
        # At the end there may be one more, whose answer never arrived.
        assert names[: len(answered)] == answered or rollout_id.startswith("terms.")
        assert len(names) <= len(answered) + 1 or rollout_id.startswith("terms.")
    entries = await database.fetchval("SELECT COUNT(*) FROM log WHERE stream = 'policy'")
    assert entries == len(published) + 1 + len(rows)
    for decider in deciders:
        decided = await pairs(
            database,
            "SELECT number, decision_id FROM policy_decisions WHERE user_id = $1 ORDER BY number",
            decider.user.user_id,
        )
        assert [number for number, _ in decided] == list(range(1, len(decided) + 1))
        stored = [decision_id for _, decision_id in decided]
        assert list(dict.fromkeys(d for d in stored if d in set(decider.answered))) == list(
            dict.fromkeys(decider.answered)
        )
        entries = await database.fetchval(
            "SELECT COUNT(*) FROM log WHERE stream = 'policy_decision' AND key = $1", decider.user.user_id
        )
        assert entries == len(decided)
    await check_people(database, doomed)


async def check_people(database: Database, doomed: list[str]) -> None:
    """Each is there as before, or gone with everything."""
    status = dict(await pairs(database, "SELECT user_id, status FROM accounts"))
    erased = {row[0] for row in await database.fetch("SELECT user_id FROM policy_notices WHERE step = 'erased'")}
    devices = {row[0] for row in await database.fetch("SELECT user_id FROM devices")}
    profiles = {row[0] for row in await database.fetch("SELECT user_id FROM profile_fields")}
    inside = {row[0] for row in await database.fetch("SELECT user_id FROM memberships WHERE membership = 'join'")}
    numbers = {row[0] for row in await database.fetch("SELECT user_id FROM phone_numbers")}
    tokens = {row[0] for row in await database.fetch("SELECT user_id FROM access_tokens")}
    for user_id in doomed:
        gone = status[user_id] == "erased"
        assert gone == (user_id in erased)
        assert gone == (user_id not in devices)
        if gone:
            assert user_id not in profiles | inside | numbers | tokens
        elif user_id.startswith("@doomed0"):
            assert user_id in profiles & numbers


async def pairs(database: Database, sql: str, *args: Any) -> list[tuple[Any, Any]]:
    return [(row[0], row[1]) for row in await database.fetch(sql, *args)]


async def looked_at(data: Path, url: str | None, look: Callable[[Database], Awaitable[Any]]) -> Any:
    database = open_database(url, data, LocalBus())
    await database.start()
    try:
        return await look(database)
    finally:
        await database.close()


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
async def test_no_half_states(request: pytest.FixtureRequest, tmp_path: Path, backend: str) -> None:
    cluster: Cluster | None = request.getfixturevalue("postgres") if backend == "postgresql" else None
    url = cluster.create() if cluster else None
    kills = round(KILLS * SHARE[backend])
    tmp_path.joinpath("data").mkdir()
    data = tmp_path / "data"
    doomed = await set_up(data, url, DOOMED * kills)
    moments = random.Random(2021)
    palabre = Palabre(data, url)
    killed_while_erasing = 0
    try:
        async with over_socket(palabre.url) as homeserver:
            operator = Http(homeserver.http, (data / "operator.token").read_text().strip())
            publisher = Publisher(operator, moments)

            async def to_the_day() -> None:
                await operator.call("PUT", f"{ADMIN}/clock", {"now": day(DELETED)})

            await to_the_day()
            deciders = [Decider(await homeserver.register("decider")) for _ in range(3)]
            for _ in range(kills):
                workers = [publisher.run, *(decider.run for decider in deciders), lambda: eraser(operator, moments)]
                load = [asyncio.create_task(until_broken(work)) for work in workers]
                await asyncio.sleep(moments.uniform(0.05, 0.45))
                killed_while_erasing += not load[-1].done()
                palabre.kill()
                await asyncio.gather(*load)
                await looked_at(data, url, lambda database: check(database, publisher, deciders, doomed))
                await asyncio.to_thread(palabre.start)
                await to_the_day()
            await operator.call("POST", DELETIONS)
            assert await operator.call("POST", DELETIONS) == {"erased": 0}
            palabre.kill()
            await looked_at(data, url, lambda database: check(database, publisher, deciders, doomed))
            left = await looked_at(
                data,
                url,
                lambda database: database.fetch("SELECT user_id FROM accounts WHERE status = 'active' ORDER BY 1"),
            )
            assert {row[0] for row in left} == {decider.user.user_id for decider in deciders}
            assert publisher.published
            assert all(decider.answered for decider in deciders)
            assert killed_while_erasing
    finally:
        palabre.stop()
        if cluster and url:
            cluster.drop(url)
