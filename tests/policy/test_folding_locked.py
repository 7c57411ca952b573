"""For any history with locks in it, folding what a device got behind the lock and after it gives one initial sync."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..api import Homeserver, User
from ..sync import test_folding as folding
from ..sync.client import Observer
from .made import version
from .operator import Operator, day, decide

EXAMPLES = int(os.environ.get("PALABRE_EXAMPLES", "15"))
Step = tuple[Any, ...]

_person = st.integers(0, folding.PEOPLE - 1)

STEPS = st.one_of(
    folding.STEPS,
    folding.STEPS,
    st.tuples(st.just("sync"), st.integers(0, 9)),
    st.tuples(st.just("lock")),
    st.tuples(st.just("accept"), _person),
    st.tuples(st.just("extend")),
    st.tuples(st.just("device"), _person),
)


class World:
    """One server through all histories: its calendar only goes on."""

    def __init__(self, client: Homeserver, operator: Operator) -> None:
        self.client = client
        self.operator = operator
        self.people: list[User] = []
        self.versions = 0
        self.rollout = ""
        self.locked: set[str] = set()

    async def begin(self) -> list[User]:
        if not self.people:
            self.people = [await self.client.register(name) for name in ("ann", "ben", "cleo")]
        return self.people

    async def lock(self) -> None:
        """New terms, and everybody who has not accepted them is locked out by now."""
        start = 100 * self.versions
        self.versions += 1
        dates = {"announce": day(start), "deadline": day(start + 33)}
        self.rollout = await self.operator.roll_out(version(self.versions), **dates)
        await self.operator.clock(start + 43)
        self.locked = {person.user_id for person in self.people}

    async def accept(self, person: int) -> None:
        if self.versions:
            await decide(self.people[person], "accept", version=f"v{self.versions}")
            self.locked.discard(self.people[person].user_id)

    async def extend(self) -> None:
        """The lock opens for everybody, and closes no more before the next terms."""
        if self.versions:
            later = {"deadline": day(100 * self.versions - 10)}
            path = f"/_palabre/admin/v1/rollouts/{self.rollout}/extend"
            answer = await self.operator.request("POST", path, {"actor": "Awa", "reason": "a test", **later})
            if answer.status_code == 200:
                self.locked.clear()


class History(folding.History):
    def __init__(self, world: World, people: list[User], rooms: list[str]) -> None:
        super().__init__(people, rooms)
        self.world = world

    async def _sync(self, which: int) -> None:
        for observer in self.observers if which >= len(self.observers) else [self.observers[which]]:
            answer = await observer.sync()
            if observer.user.user_id in self.world.locked:
                shown = {room_id for rooms in answer.get("rooms", {}).values() for room_id in rooms}
                assert not shown & set(self.rooms)
                assert not {"to_device", "presence", "device_lists"} & answer.keys()

    async def _lock(self) -> None:
        await self.world.lock()

    async def _accept(self, person: int) -> None:
        await self.world.accept(person)

    async def _extend(self) -> None:
        await self.world.extend()

    async def _device(self, person: int) -> None:
        """One more client, which has nothing yet."""
        self.observers.append(Observer(self.people[person], limit=3 if person else 30, state_after=person == 1))

    async def end(self) -> None:
        for person in range(folding.PEOPLE):
            await self.world.accept(person)
        await super().end()


async def play(world: World, steps: list[Step]) -> None:
    people = await world.begin()
    public = {"preset": "public_chat", "power_level_content_override": folding.POWER}
    rooms = [await people[0].create_room(**public) for _ in range(folding.ROOMS)]
    history = History(world, people, rooms)
    try:
        for person in range(1, folding.PEOPLE):
            await history._join(person, 0)
        await history._sync(9)
        for step in steps:
            await history.take(step)
        for person in range(folding.PEOPLE):
            await world.accept(person)
        for observer in history.observers:
            await folding.check(observer)
    finally:
        await history.end()


@pytest.fixture
def world(client: Homeserver, operator: Operator) -> World:
    return World(client, operator)


FOUND: list[list[Step]] = [
    [("lock",), ("device", 0), ("sync", 9), ("accept", 0), ("sync", 9)],
    [("lock",), ("accept", 1), ("send", 1, 0, 3), ("sync", 9), ("leave", 0, 0), ("accept", 0), ("send", 1, 0, 3)],
    [("lock",), ("sync", 9), ("extend",), ("sync", 4), ("lock",), ("sync", 9), ("extend",)],
]


@pytest.mark.parametrize("steps", FOUND, ids=str)
async def test_what_a_lock_could_break(world: World, steps: list[Step]) -> None:
    await play(world, steps)


@settings(
    max_examples=EXAMPLES,
    derandomize="PALABRE_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(steps=st.lists(STEPS, min_size=10, max_size=50))
async def test_increments_add_up_around_locks(world: World, steps: list[Step]) -> None:
    await play(world, steps)
