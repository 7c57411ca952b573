"""Roll-outs through the operator's API."""

import asyncio
import itertools
from typing import Any

import pytest

from palabre.storage.database import Database

from .made import WORLD, edition, row, version
from .operator import BY, LADDER, Operator, day

ROLLOUTS = "/_palabre/admin/v1/rollouts"
EUROPE = edition("europe", ["FR", "DE"], row("service"))
FIRST = version(1, EUROPE, WORLD)
SECOND = version(2, EUROPE, WORLD)
DAY_0 = 1_925_424_000_000
DAY = 86_400_000
PLAN: dict[str, Any] = {"announce": day(0), "deadline": day(33), "ladder": LADDER}


@pytest.fixture
async def published(operator: Operator) -> Operator:
    """Two versions, a few days before the announcement."""
    await operator.clock(-5)
    await operator.publish(FIRST)
    await operator.publish(SECOND)
    return operator


async def draft(operator: Operator, number: int = 1, status: int = 201, **plan: Any) -> Any:
    body = {"policy": "terms", "version": f"v{number}", "plan": {**PLAN, **plan}, **BY}
    return await operator.call("POST", ROLLOUTS, body, status=status)


async def running(operator: Operator, number: int = 1, **plan: Any) -> str:
    rollout_id: str = (await draft(operator, number, **plan))["rollout_id"]
    await operator.operate(rollout_id, "start")
    return rollout_id


async def refused(operator: Operator, path: str, body: Any, status: int) -> str:
    """The sentence with which it is refused."""
    answer = await operator.call("POST", ROLLOUTS + path, body, status=status)
    assert answer["code"]
    title: str = answer["title"]
    return title


async def history(operator: Operator, rollout_id: str) -> list[dict[str, Any]]:
    answer = await operator.call("GET", f"{ROLLOUTS}/{rollout_id}/operations")
    operations: list[dict[str, Any]] = answer["operations"]
    return operations


async def rows(database: Database, backend: str) -> int:
    """Of all tables together."""
    if backend == "sqlite":
        names = await database.fetch("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        names = await database.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    return sum([await database.fetchval(f"SELECT COUNT(*) FROM {name}") for (name,) in names])


# drafts


async def test_a_draft(published: Operator) -> None:
    made = await draft(published, editions={"europe": {"deadline": day(60)}}, sms_reminders=2, web_push_reminders=3)
    assert made["rollout_id"] == "terms.v1.1"
    assert (made["policy"], made["version"], made["kind"], made["state"]) == ("terms", "v1", "material", "draft")
    assert (made["announce"], made["deadline"]) == (DAY_0, DAY_0 + 33 * DAY)
    assert (made["sms_reminders"], made["web_push_reminders"]) == (2, 3)
    assert made["steps"][0] == {"step": "notice", "at": DAY_0, "anchor": "announce"}
    assert [step["step"] for step in made["steps"]] == [step["step"] for step in LADDER]
    assert made["editions"]["europe"]["deadline"] == DAY_0 + 60 * DAY
    assert made["editions"]["world"]["deadline"] == DAY_0 + 33 * DAY
    assert await published.call("GET", f"{ROLLOUTS}/terms.v1.1") == made
    assert (await published.call("GET", ROLLOUTS))["rollouts"] == [made]
    assert (await published.call("GET", ROLLOUTS, policy="other"))["rollouts"] == []


async def test_there_is_one_rollout_of_a_version_at_a_time(published: Operator) -> None:
    await draft(published)
    body = {"policy": "terms", "version": "v1", "plan": PLAN, **BY}
    assert "terms.v1.1, which is draft. Revise" in await refused(published, "", body, 409)
    await published.operate("terms.v1.1", "start")
    assert "which is scheduled. Roll that one back" in await refused(published, "", body, 409)
    await published.clock(200)
    body["plan"] = {**PLAN, "announce": day(210), "deadline": day(260)}
    assert "which is completed. Roll that one back" in await refused(published, "", body, 409)
    await published.operate("terms.v1.1", "roll_back")
    again = await published.call("POST", ROLLOUTS, body, status=201)
    assert again["rollout_id"] == "terms.v1.2"


async def test_revising_a_draft(published: Operator) -> None:
    await draft(published, announce=None)
    revised = await published.operate("terms.v1.1", "revise", plan={**PLAN, "announce": day(3), "deadline": day(40)})
    assert revised["announce"] == DAY_0 + 3 * DAY
    body = {"plan": {**PLAN, "announce": day(3), "deadline": day(40)}, **BY}
    assert "already" in await refused(published, "/terms.v1.1/revise", body, 409)
    started = await published.operate("terms.v1.1", "start")
    assert started["announce"] == DAY_0 + 3 * DAY
    assert "this one is scheduled" in await refused(published, "/terms.v1.1/revise", {"plan": PLAN, **BY}, 409)


async def test_without_a_date_it_is_announced_when_it_is_started(published: Operator) -> None:
    made = await draft(published, announce=None, waves=[{"percent": 5}, {"after_announce": "P1D"}])
    await published.clock(1)
    started = await published.operate("terms.v1.1", "start")
    assert made["announce"] < DAY_0
    assert DAY_0 + DAY <= started["announce"] < DAY_0 + DAY + 60_000
    assert [wave["at"] - started["announce"] for wave in started["waves"]] == [0, DAY]
    assert started["state"] == "running"


async def test_what_cannot_be_started(published: Operator) -> None:
    await draft(published)
    await published.clock(2)
    assert "2031-01-08" in await refused(published, "/terms.v1.1/start", BY, 400)
    await published.operate("terms.v1.1", "revise", plan={**PLAN, "announce": None})
    await published.clock(4)
    late = await refused(published, "/terms.v1.1/start", BY, 400)
    assert "2031-02-09" in late
    assert "or later would do" in late
    assert (await published.call("GET", f"{ROLLOUTS}/terms.v1.1"))["state"] == "draft"
    assert [one["operation"] for one in await history(published, "terms.v1.1")] == ["create", "revise"]


async def test_an_older_version_is_not_started_over_a_newer_one(published: Operator) -> None:
    await draft(published)
    await running(published, 2)
    sentence = await refused(published, "/terms.v1.1/start", BY, 409)
    assert "terms.v2.1 carries v2" in sentence
    assert "Roll it back first" in sentence
    await published.operate("terms.v2.1", "roll_back")
    assert (await published.operate("terms.v1.1", "start"))["state"] == "scheduled"


# operations


async def test_every_operation_and_its_history(published: Operator) -> None:
    rollout_id = await running(published)
    await published.clock(10)
    held = await published.operate(rollout_id, "hold")
    assert held["state"] == "held"
    await published.clock(12)
    resumed = await published.operate(rollout_id, "resume")
    assert resumed["state"] == "running"
    assert resumed["deadline"] - held["deadline"] == pytest.approx(2 * DAY, abs=60_000)
    extended = await published.operate(rollout_id, "extend", deadline=day(90), edition="europe")
    assert extended["editions"]["europe"]["deadline"] == DAY_0 + 90 * DAY
    extended = await published.operate(rollout_id, "extend", deadline=DAY_0 + 100 * DAY)
    assert {own["deadline"] for own in extended["editions"].values()} == {DAY_0 + 100 * DAY}
    dropped = await published.operate(rollout_id, "drop", step="deleted")
    assert "deleted" not in {step["step"] for step in dropped["steps"]}
    back = await published.operate(rollout_id, "roll_back")
    assert back["state"] == "rolled_back"

    told = await history(published, rollout_id)
    names = ["create", "start", "hold", "resume", "extend", "extend", "drop", "roll_back"]
    assert [one["operation"] for one in told] == names
    assert [one["number"] for one in told] == list(range(1, 9))
    assert {(one["actor"], one["reason"]) for one in told} == {("Awa", "a test")}
    assert told[0]["before"] is None
    assert told[0]["details"]["plan"]["deadline"].startswith("2031-02-08")
    assert told[4]["details"] == {"deadline": DAY_0 + 90 * DAY, "edition": "europe"}
    assert told[6]["details"] == {"step": "deleted"}
    for one, following in itertools.pairwise(told):
        assert {**one["after"], "state": ""} == {**following["before"], "state": ""}
    assert told[2]["at"] == pytest.approx(DAY_0 + 10 * DAY, abs=60_000)
    assert told[-1]["after"] == back


@pytest.mark.parametrize("operation", ["start", "hold", "roll_back"])
async def test_again_is_a_conflict_and_leaves_no_trace(published: Operator, operation: str) -> None:
    rollout_id = await running(published)
    if operation != "start":
        await published.operate(rollout_id, operation)
    before = await history(published, rollout_id)
    sentence = await refused(published, f"/{rollout_id}/{operation}", BY, 409)
    assert sentence.startswith("This roll-out")
    assert await history(published, rollout_id) == before


async def test_an_extension_is_later_or_refused(published: Operator) -> None:
    rollout_id = await running(published)
    path = f"/{rollout_id}/extend"
    assert "already" in await refused(published, path, {"deadline": day(33), **BY}, 409)
    assert "only make it later" in await refused(published, path, {"deadline": "2031-01-20", **BY}, 400)
    assert "no date such as" in await refused(published, path, {"deadline": "soon", **BY}, 400)
    assert "no time" in await refused(published, path, {"deadline": -1, **BY}, 400)
    assert "no edition mars" in await refused(published, path, {"deadline": day(50), "edition": "mars", **BY}, 400)
    assert (await published.operate(rollout_id, "extend", deadline="2031-05-15"))["deadline"] % DAY == 0


async def test_two_operations_at_once(published: Operator) -> None:
    rollout_id = await running(published)
    path = f"{ROLLOUTS}/{rollout_id}"
    answers = await asyncio.gather(*(published.request("POST", f"{path}/hold", BY) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    dates = [{"deadline": day(60), **BY}, {"deadline": day(50), **BY}]
    answers = await asyncio.gather(*(published.request("POST", f"{path}/extend", body) for body in dates))
    assert answers[0].status_code == 200
    assert (await published.call("GET", path))["deadline"] == pytest.approx(DAY_0 + 60 * DAY, abs=60_000)
    told = await history(published, rollout_id)
    assert [one["number"] for one in told] == list(range(1, len(told) + 1))
    drafts = await asyncio.gather(
        *(
            published.request("POST", ROLLOUTS, {"policy": "terms", "version": "v2", "plan": PLAN, **BY})
            for _ in range(4)
        )
    )
    assert sorted(answer.status_code for answer in drafts) == [201, 409, 409, 409]


async def test_starting_writes_next_to_nothing(published: Operator, backend: str) -> None:
    await draft(published)
    accounts = [
        {"user_id": f"@p{number}:test.local", "status": "active", "region": "FR", "region_since": 0, "is_guest": 0}
        for number in range(2000)
    ]

    async def people(tx: Any) -> None:
        for one in accounts:
            tx.defer(
                "INSERT INTO accounts (user_id, status, region, region_since, is_guest, is_operator, pin_failures, "
                "pin_blocked_until, created, last_seen) VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0, 0)",
                *one.values(),
            )

    await published.parts.database.write(people)
    before = await rows(published.parts.database, backend)
    await published.operate("terms.v1.1", "start")
    assert await rows(published.parts.database, backend) - before < 10


# what is not taken


async def test_who_may(published: Operator) -> None:
    await draft(published)
    path = f"{ROLLOUTS}/terms.v1.1"
    published.token = "wrong"
    for method, where in (("GET", ROLLOUTS), ("POST", ROLLOUTS), ("POST", path + "/start"), ("GET", path + "/funnel")):
        assert (await published.request(method, where, {})).status_code == 401


async def test_what_is_missing(published: Operator) -> None:
    rollout_id = await running(published)
    path = f"/{rollout_id}/hold"
    for body in ({"actor": "Awa"}, {"reason": "x"}, {"actor": " ", "reason": "x"}, {"actor": "Awa", "reason": ""}):
        await refused(published, path, body, 400)
    await refused(published, path, {"actor": "Awa", "reason": "x" * 4001}, 400)
    assert (await published.call("GET", ROLLOUTS + f"/{rollout_id}"))["state"] == "scheduled"
    for where in ("/none/hold", "/none/start"):
        assert await refused(published, where, BY, 404) == "There is no such roll-out."
    for where in ("", "/preview", "/funnel", "/operations"):
        await published.call("GET", f"{ROLLOUTS}/none{where}", status=404)
    unknown: dict[str, Any] = {"policy": "terms", "version": "v9", "plan": PLAN, **BY}
    assert "Publish it before" in await refused(published, "", unknown, 404)


@pytest.mark.parametrize(
    "plan",
    [
        None,
        [],
        "plan",
        {},
        {**PLAN, "deadline": "soon"},
        {**PLAN, "unknown": 1},
        {**PLAN, "ladder": [{"step": "fall"}]},
        {**PLAN, "notice_period": "P1M"},
        {**PLAN, "deadline": "9999-12-31T23:59:59-14:00", "notice_period": "P36525D"},
        {**PLAN, "announce": "0001-01-01T00:00:00+14:00"},
        {**PLAN, "waves": [{"percent": 0}]},
    ],
)
async def test_a_plan_that_is_none(published: Operator, plan: Any) -> None:
    body = {"policy": "terms", "version": "v1", "plan": plan, **BY}
    assert await published.fail("POST", ROLLOUTS, body, status=400) in ("M_BAD_JSON", "PALABRE_PLAN")
