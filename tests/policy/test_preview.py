"""Previews are what standing says of every single account, added up."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from palabre.core.errors import ApiError
from palabre.policy.decisions.models import Answers, fold
from palabre.policy.documents.reading import plan_from
from palabre.policy.rollouts import census, operations, store
from palabre.policy.rollouts.models import Level, Rollout, Subject
from palabre.policy.rollouts.preview import Forecast
from palabre.policy.rollouts.standing import in_order, standing
from palabre.storage.database import Database
from tests.api import Homeserver

from .made import DAY
from .rollout_world import FIRST, PLAN, ROLLOUTS, SAID, SECOND, THIRD, World, ms

PREVIEW = "/_palabre/admin/v1/preview"


@pytest.fixture
async def world(database: Database) -> World:
    world = World(database)
    await world.publish(FIRST, SECOND, THIRD)
    return world


@pytest.fixture
async def operator(world: World) -> AsyncIterator[Homeserver]:
    async with world.operator() as http:
        yield http


async def drafted(world: World, **changes: Any) -> Rollout:
    return await world.rollouts.create("terms", "v2", plan_from({**PLAN, **changes}), "ines", "because")


async def started(world: World, **changes: Any) -> Rollout:
    made = await drafted(world, **changes)
    return await world.rollouts.start(made.rollout_id, "ines", "because")


def by_day(forecast: Forecast) -> dict[tuple[str, str], dict[str, int]]:
    return {(day.day, day.step): day.regions for day in forecast.days}


async def test_of_a_draft(world: World) -> None:
    await world.people(30, "FR")
    await world.people(20, "US")
    await world.people(5, None)
    accepted = await world.people(4, "US", prefix="yes")
    await world.decide(accepted, "accept", SECOND, "2020-12-01", "US")
    await world.decide(await world.people(2, "US", prefix="no"), "decline", SECOND, "2020-12-01", "US")
    gone = await world.people(3, "FR", prefix="gone")
    await world.database.write(
        lambda tx: tx.execute("UPDATE accounts SET status = 'erased' WHERE user_id = ANY($1)", gone)
    )

    forecast = await world.preview.preview(await drafted(world))
    assert (forecast.accounts, forecast.asked, forecast.settled, forecast.never) == (61, 57, 4, 0)
    assert forecast.now == {}
    assert forecast.editions == {"europe": 30, "world": 27}
    everybody = {"FR": 30, "US": 22, "ZZ": 5}
    assert by_day(forecast) == {
        ("2021-01-06", "notice"): everybody,
        ("2021-02-01", "reminder"): everybody,
        ("2021-02-08", "limited"): everybody,
        ("2021-02-22", "locked"): everybody,
        ("2021-03-10", "deletion_scheduled"): everybody,
        ("2021-04-09", "deleted"): everybody,
    }
    assert forecast.steps["limited"] == forecast.days[0].people == 57


async def test_who_comes_late_has_the_whole_period(world: World) -> None:
    await world.people(3, "FR", "2020-01-01", "early")
    await world.people(2, "FR", "2021-01-20", "late")
    world.at("2021-01-25")
    await world.put(replace(operations.draft("r", SECOND, plan_from(PLAN), 0), state="started"))
    forecast = await world.preview.preview(await world.rollouts.get("r"))
    assert forecast.now == {"notice": 5}
    limits = {day: regions for (day, step), regions in by_day(forecast).items() if step == "limited"}
    assert limits == {"2021-02-08": {"FR": 3}, "2021-02-19": {"FR": 2}}
    assert ("2021-01-06", "notice") not in by_day(forecast)


async def test_waves_and_editions(world: World) -> None:
    await world.people(40, "FR")
    await world.people(1, "DE")
    await world.people(400, "US")
    made = await drafted(
        world,
        waves=[{"percent": 25, "countries": ["US"]}, {"countries": ["US", "FR"], "after_announce": "P10D"}],
        editions={"europe": {"ladder": [{"step": "notice"}]}},
    )
    forecast = await world.preview.preview(made)
    assert (forecast.never, forecast.asked) == (1, 440)
    days = by_day(forecast)
    first = days["2021-01-06", "notice"]["US"]
    assert 60 < first < 140
    assert days["2021-01-16", "notice"] == {"FR": 40, "US": 400 - first}
    limits = {day: regions for (day, step), regions in days.items() if step == "limited"}
    assert limits == {"2021-02-08": {"US": first}, "2021-02-15": {"US": 400 - first}}


async def test_a_newer_rollout_takes_over(world: World) -> None:
    await world.people(10, "FR")
    await world.people(10, "US")
    old = replace(operations.draft("old", FIRST, plan_from(PLAN), 0), state="started")
    plan = {**PLAN, "announce": "2021-02-10", "deadline": "2021-03-20", "waves": [{"countries": ["US"]}]}
    await world.put(old)
    await world.put(replace(operations.draft("new", SECOND, plan_from(plan), 0), state="started"))
    days = by_day(await world.preview.preview(old))
    assert days["2021-02-08", "limited"] == {"FR": 10, "US": 10}
    assert days["2021-02-22", "locked"] == {"FR": 10}
    world.at("2021-02-11")
    forecast = await world.preview.preview(old)
    assert forecast.now == {"limited": 10}
    plan["announce"], plan["waves"] = "2021-01-06", [{}]
    await world.put(replace(operations.draft("new", SECOND, plan_from(plan), 0), state="started"))
    forecast = await world.preview.preview(old)
    assert (forecast.superseded, forecast.asked) == (20, 0)
    editorial = operations.draft("also", THIRD, plan_from({**PLAN, "ladder": [{"step": "notice"}]}), 0)
    await world.put(replace(await world.rollouts.get("new"), state="rolled_back"))
    await world.put(replace(editorial, state="started"))
    assert (await world.preview.preview(old)).asked == 20


async def test_held_is_shown_as_if_resumed_now_and_rolled_back_not_at_all(world: World) -> None:
    await world.people(7, "FR")
    made = await started(world)
    world.at("2021-01-10")
    await world.rollouts.hold(made.rollout_id, "ines", "because")
    world.at("2021-01-20")
    forecast = await world.preview.preview(await world.rollouts.get(made.rollout_id))
    assert forecast.now == {"notice": 7}
    assert by_day(forecast)["2021-02-18", "limited"] == {"FR": 7}
    back = await world.rollouts.roll_back(made.rollout_id, "ines", "because")
    with pytest.raises(ApiError, match="rolled back"):
        await world.preview.preview(back)


async def test_every_page_is_counted_and_others_have_their_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "PAGE", 7)
    names = await world.people(50, "FR")
    await world.decide(names[5:9], "later", SECOND, "2020-12-01")
    await world.decide(names[5:9], "accept", SECOND, "2020-12-02")
    assert (await world.preview.preview(await drafted(world))).asked == 46
    seen = [person async for page in census.pages(world.database, "terms") for person in page.people]
    assert [person.subject.user_id for person in seen] == names
    assert [len(person.decisions) for person in seen[4:10]] == [0, 2, 2, 2, 2, 0]


@pytest.mark.parametrize("seed", range(4))
async def test_it_is_what_standing_says_of_each(world: World, seed: int) -> None:
    """Random people, decisions and roll-outs; every coming day is compared with everybody's standing on it."""
    chance = random.Random(seed)
    for region in ("FR", "US", None):
        for number in range(12):
            since = f"2021-0{chance.randint(1, 3)}-{chance.randint(10, 28)}"
            person = await world.people(1, region, chance.choice(["2020-01-01", since]), f"{region}{number}")
            for _ in range(chance.randint(0, 2)):
                kind: Any = chance.choice(["accept", "decline", "withdraw"])
                at = f"2021-0{chance.randint(1, 3)}-{chance.randint(10, 28)}T{chance.randint(10, 23)}:00"
                await world.decide(person, kind, chance.choice([FIRST, SECOND]), at, region)
    own = await _two_rollouts(world, chance)
    people = await _people(world)

    def levels(at: int) -> Counter[Level]:
        return Counter(standing(subject, answers, in_order([own]), at).level for subject, answers in people)

    world.at("2021-04-01")
    forecast = await world.preview.preview(own)
    before = levels(forecast.as_of)
    assert forecast.now == {level.label: before[level] for level in sorted(before) if level is not Level.NONE}
    assert forecast.accounts == len(people)
    coming = by_day(forecast)
    for number in range(120):
        end = ms("2021-04-02") + number * DAY - 1
        after = levels(end)
        for level in (Level.NOTICE, Level.LIMITED, Level.LOCKED, Level.DELETION_SCHEDULED, Level.DELETED):
            come = sum(
                sum(regions.values())
                for (on, step), regions in coming.items()
                if step == level.label and on <= census.day_of(end)
            )
            assert _from(before, level) + come == _from(after, level), (number, level)


def _from(levels: Counter[Level], level: Level) -> int:
    return sum(people for own, people in levels.items() if own >= level)


async def _two_rollouts(world: World, chance: random.Random) -> Rollout:
    waves = chance.choice([[], [{"percent": 50}, {"after_announce": "P20D"}], [{"countries": ["FR"]}]])
    plan = plan_from({**PLAN, "announce": "2021-03-01", "deadline": "2021-04-15", "waves": waves})
    own = replace(operations.draft("own", SECOND, plan, 0), state="started")
    if chance.random() < 0.5:
        own = operations.resume(operations.hold(own, ms("2021-03-10")), ms("2021-03-15"))
    await world.put(own)
    await world.put(replace(operations.draft("old", FIRST, plan_from(PLAN), 0), state="started"))
    return own


async def _people(world: World) -> list[tuple[Subject, dict[str, Answers]]]:
    return [
        (person.subject, fold(person.decisions)) for person in await store.people(world.database, "terms", "", 1000)
    ]


# through the API


async def test_over_http(world: World, operator: Homeserver) -> None:
    await world.people(3, "FR")
    await operator.call("POST", ROLLOUTS, {"policy": "terms", "version": "v2", "plan": PLAN, **SAID}, status=201)
    answer = await operator.call("GET", f"{ROLLOUTS}/terms.v2.1/preview")
    assert answer["rollout"]["state"] == "draft"
    assert answer["days"][0] == {"day": "2021-01-06", "step": "notice", "people": 3, "regions": {"FR": 3}}
    imagined = await operator.call("POST", PREVIEW, {"policy": "terms", "version": "v1", "plan": PLAN})
    assert imagined["rollout"]["rollout_id"] == "terms.v1.1"
    assert imagined["days"] == answer["days"]


async def test_a_draft_without_a_date_is_shown_as_if_started_now(world: World, operator: Homeserver) -> None:
    await world.people(3, "FR")
    body = {"policy": "terms", "version": "v2", "plan": {**PLAN, "announce": None}, **SAID}
    await operator.call("POST", ROLLOUTS, body, status=201)
    world.at("2021-01-04")
    answer = await operator.call("GET", f"{ROLLOUTS}/terms.v2.1/preview")
    assert answer["days"][0]["day"] == "2021-01-04"
    world.at("2021-02-01")
    problem = await operator.call("GET", f"{ROLLOUTS}/terms.v2.1/preview", status=400)
    assert "or later would do" in problem["title"]


async def test_of_a_version_that_is_not_published(world: World, operator: Homeserver) -> None:
    """Nothing is written, and everybody is in the wave in which they will be."""
    await world.people(60, "FR")
    fourth = replace(SECOND.document, policy=replace(SECOND.document.policy, version="v4"))
    document = msgspec.to_builtins(fourth)
    plan = {**PLAN, "waves": [{"percent": 30}, {"after_announce": "P5D"}]}
    answer = await operator.call("POST", PREVIEW, {"document": document, "plan": plan})
    assert len(await world.rollouts.all()) == 0
    await world.publish(replace(SECOND, version="v4", number=4, document=fourth))
    await operator.call("POST", ROLLOUTS, {"policy": "terms", "version": "v4", "plan": plan, **SAID}, status=201)
    real = await operator.call("GET", f"{ROLLOUTS}/terms.v4.1/preview")
    assert {**real, "as_of": 0} == {**answer, "as_of": 0}


async def test_what_is_no_preview(operator: Homeserver) -> None:
    assert await operator.fail("POST", PREVIEW, {"plan": PLAN}, status=400) == "M_MISSING_PARAM"
    assert await operator.fail("POST", PREVIEW, {"plan": PLAN, "document": {}}, status=400) == "M_BAD_JSON"
    assert await operator.fail("POST", PREVIEW, {"plan": 1, "policy": "terms", "version": "v1"}, status=400)
    assert await operator.fail("POST", PREVIEW, {"plan": PLAN, "policy": "x", "version": "v1"}, status=404)
    document = msgspec.to_builtins(SECOND.document)
    empty = {**document, "policy": {**document["policy"], "editions": []}, "wording": {}}
    assert await operator.fail("POST", PREVIEW, {"plan": PLAN, "document": empty}, status=400) == "PALABRE_PLAN"
