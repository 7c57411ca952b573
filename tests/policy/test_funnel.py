"""Funnels: what is written is counted, what is computed agrees with standing."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from palabre.policy.documents.reading import plan_from
from palabre.policy.rollouts import census, operations, store
from palabre.policy.rollouts.funnel import STAGES, FunnelReport
from palabre.storage.database import Database
from tests.api import Homeserver

from .rollout_world import FIRST, PLAN, ROLLOUTS, SECOND, World


@pytest.fixture
async def world(database: Database) -> World:
    world = World(database)
    await world.publish(FIRST, SECOND)
    rollout = await world.rollouts.create("terms", "v2", plan_from(PLAN), "ines", "because")
    await world.rollouts.start(rollout.rollout_id, "ines", "because")
    return world


@pytest.fixture
async def operator(world: World) -> AsyncIterator[Homeserver]:
    async with world.operator() as http:
        yield http


OWN = "terms.v2.1"


def stages(report: FunnelReport, stage: str) -> dict[tuple[str, str], int]:
    return {(day.day, day.region): getattr(day, stage) for day in report.days if getattr(day, stage)}


async def test_everything_that_was_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "PAGE", 7)
    french = await world.people(20, "FR")
    others = await world.people(10, None)
    await world.tell(french, OWN, "notice", "2021-01-06T09:00", "FR")
    await world.tell(french[:5], OWN, "notice", "2021-01-15", "FR")  # told again, of a new deadline
    await world.tell(others, OWN, "notice", "2021-01-07", None)
    await world.tell(others[:3], OWN, "reminder", "2021-01-08", None)
    await world.tell(others[:3], "terms.v1.1", "notice", "2021-01-01", None)
    await world.tell(french[:2], OWN, "erased", "2021-04-20", "FR")
    await world.view(french[:8], SECOND, "2021-01-06", "FR")
    await world.view(french, FIRST, "2021-01-01", "FR")
    await world.decide(french[:6], "later", SECOND, "2021-01-06T10:00")
    await world.decide(french[:6], "later", SECOND, "2021-01-06T11:00")
    await world.decide(french[:6], "later", SECOND, "2021-01-07T11:00")
    await world.decide(french[:4], "accept", SECOND, "2021-01-08")
    await world.decide(french[4:7], "decline", SECOND, "2021-01-08T23:59:59")
    await world.decide(french, "accept", FIRST, "2020-01-08")
    await world.decide(french[:1], "withdraw", SECOND, "2021-01-09")
    world.at("2021-01-10")

    report = await world.funnel.of(OWN)
    assert stages(report, "notified") == {("2021-01-06", "FR"): 20, ("2021-01-07", "ZZ"): 10}
    assert stages(report, "seen") == {("2021-01-06", "FR"): 8}
    assert stages(report, "later") == {("2021-01-06", "FR"): 6, ("2021-01-07", "FR"): 6}
    assert stages(report, "accepted") == {("2021-01-08", "FR"): 4}
    assert stages(report, "declined") == {("2021-01-08", "FR"): 3}
    assert stages(report, "deleted") == {("2021-04-20", "FR"): 2}
    assert stages(report, "limited") == {}
    counted = {"notified": 30, "seen": 8, "accepted": 4, "declined": 3, "later": 6, "deleted": 2}
    assert report.totals == {**dict.fromkeys(STAGES, 0), **counted}
    assert report.now == {"notice": 27}
    assert [(day.day, day.region) for day in report.days] == sorted((day.day, day.region) for day in report.days)


async def test_limits_are_of_those_who_are_still_asked(world: World) -> None:
    await world.people(10, "FR")
    done = await world.people(5, "US")
    late = await world.people(2, "US", "2021-01-20", "late")
    await world.decide(done[:2], "accept", SECOND, "2021-02-20", "US")
    world.at("2021-02-18")
    report = await world.funnel.of(OWN)
    assert stages(report, "limited") == {("2021-02-08", "FR"): 10, ("2021-02-08", "US"): 3}
    assert report.now == {"reminder": len(late), "limited": 13}
    world.at("2021-02-23")
    report = await world.funnel.of(OWN)
    assert stages(report, "locked") == {("2021-02-22", "FR"): 10, ("2021-02-22", "US"): 3}
    assert stages(report, "limited")["2021-02-19", "US"] == len(late)
    assert report.now == {"limited": 2, "locked": 13}
    world.at("2021-05-01")
    report = await world.funnel.of(OWN)
    assert report.now == {"deleted": 15}
    assert report.totals["deletion_scheduled"] == 15
    assert report.totals["deleted"] == 0, "nobody is deleted before the job has done it"


async def test_nobody_is_limited_once_it_is_held_extended_or_rolled_back(world: World) -> None:
    await world.people(10, "FR")
    world.at("2021-02-10")
    assert (await world.funnel.of(OWN)).now == {"limited": 10}
    await world.rollouts.hold(OWN, "ines", "because")
    report = await world.funnel.of(OWN)
    assert (report.now, report.totals["limited"]) == ({"notice": 10}, 0)
    await world.rollouts.resume(OWN, "ines", "because")
    assert (await world.funnel.of(OWN)).now == {"limited": 10}
    await world.rollouts.extend(OWN, world.clock.ms() + 30 * store.DAY, "ines", "because")
    assert (await world.funnel.of(OWN)).totals["limited"] == 0
    await world.rollouts.roll_back(OWN, "ines", "because")
    assert (await world.funnel.of(OWN)).now == {}


async def test_a_newer_rollout_takes_its_people_along(world: World) -> None:
    await world.people(10, "FR")
    await world.people(10, "US")
    plan = {**PLAN, "announce": "2021-02-10", "deadline": "2021-03-20", "waves": [{"countries": ["US"]}]}
    third = replace(SECOND, version="v3", number=3)
    await world.publish(third)
    await world.put(replace(operations.draft("new", third, plan_from(plan), 0), state="started"))
    world.at("2021-03-01")
    report = await world.funnel.of(OWN)
    assert report.now == {"locked": 10}
    assert stages(report, "limited") == {("2021-02-08", "FR"): 10}, "the others are asked by the newer one now"
    assert stages(report, "locked") == {("2021-02-22", "FR"): 10}


async def test_it_is_kept_for_a_minute(world: World, operator: Homeserver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = store.people

    async def counted(*args: Any) -> Any:
        asked.append(args[2])
        return await real(*args)

    monkeypatch.setattr(store, "people", counted)
    await world.people(3, "FR")
    world.at("2021-02-10T10:00:00")
    path = f"{ROLLOUTS}/{OWN}/funnel"
    first = await operator.call("GET", path)
    assert first["now"] == {"limited": 3}
    assert first["totals"]["limited"] == 3
    assert first["days"][0]["limited"] == 3
    pages = len(asked)
    await world.people(1, "US")
    assert await operator.call("GET", path) == first
    assert len(asked) == pages
    world.at("2021-02-10T10:01:01")
    second = await operator.call("GET", path)
    assert second["now"] == {"limited": 4}
    assert second["as_of"] - first["as_of"] > 60_000
    world.at("2021-02-01")
    assert (await operator.call("GET", path))["now"] == {"reminder": 4}
    await operator.call("GET", f"{ROLLOUTS}/none/funnel", status=404)
