"""What goes wrong easily around a lock: tokens, filters, old endpoints, and a notices room that nobody gets rid of."""

import asyncio
import re
from typing import Any

from palabre.app import Parts
from palabre.messaging.sync.token import Token
from palabre.policy.status import ACCOUNT_DATA_TYPE
from palabre.storage.database import Transaction
from tests.api import Homeserver, User

from .made import rollout, version
from .operator import Operator, day, decide
from .test_locked_sync import bodies, notices, status_of, two


async def notices_room(person: User) -> str:
    rooms: dict[str, Any] = (await person.sync())["rooms"]["join"]
    return next(
        room_id
        for room_id, room in rooms.items()
        if any(event["content"].get("msgtype") == "m.server_notice" for event in room["timeline"]["events"])
    )


# the notices room


async def test_it_cannot_be_left_by_setting_the_membership_as_state(client: Homeserver, operator: Operator) -> None:
    ana = await client.register("ana")
    await operator.roll_out(version(1))
    await operator.clock(0)
    room_id = await notices_room(ana)
    path = f"/rooms/{room_id}/state/m.room.member/{ana.user_id}"
    code = await ana.fail("PUT", path, {"membership": "leave"}, status=403)
    assert code == "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM"
    await ana.call("PUT", path, {"membership": "join", "displayname": "Ana"})
    assert room_id in (await ana.sync())["rooms"]["join"]


async def test_who_ignores_the_server_is_told_all_the_same(client: Homeserver, operator: Operator) -> None:
    ana = await client.register("ana")
    await operator.roll_out(version(1))
    await operator.clock(0)
    room_id = await notices_room(ana)
    sender = next(
        event["sender"]
        for event in (await ana.sync())["rooms"]["join"][room_id]["timeline"]["events"]
        if event["content"].get("msgtype") == "m.server_notice"
    )
    path = f"/user/{ana.user_id}/account_data/m.ignored_user_list"
    await ana.call("PUT", path, {"ignored_users": {sender: {}}})
    since = (await ana.sync())["next_batch"]
    await operator.clock(33)
    assert len(notices(await ana.sync(since))) == 1
    assert len(notices(await ana.sync())) == 2


async def test_a_device_that_first_came_while_locked_is_told_once(client: Homeserver, operator: Operator) -> None:
    ana, ben, room_id = await two(client)
    await operator.roll_out(version(1))
    await operator.clock(43)
    fresh = await ana.sync()
    assert len(notices(fresh)) == 1
    await decide(ben, "accept")
    await ben.send(room_id, "one")
    await decide(ana, "accept")
    free = await ana.sync(fresh["next_batch"])
    assert notices(free) == []
    assert "one" in bodies(free, room_id)


async def test_a_filter_that_leaves_the_notices_room_out(client: Homeserver, operator: Operator) -> None:
    ana, _, room_id = await two(client)
    await operator.roll_out(version(1))
    await operator.clock(43)
    answer = await ana.sync(filter={"room": {"rooms": [room_id]}})
    assert "rooms" not in answer
    assert status_of(answer)["level"] == "locked"


async def test_terms_that_are_committed_together_with_the_notice(
    client: Homeserver, operator: Operator, parts: Parts
) -> None:
    ana = await client.register("ana")
    await operator.clock(0)

    async def work(tx: Transaction) -> None:
        published = version(1)
        now = parts.clock.ms()
        carried = rollout(published, announce=now - 1000)
        await parts.policy.catalogues.add_version(tx, published, "Awa", [])
        await parts.policy.catalogues.put_rollout(tx, carried, now, "{}")
        await parts.messaging.notices._deliver(tx, ana.user_id)

    await parts.database.write(work)
    assert len(notices(await ana.sync())) == 1


# tokens


async def test_a_token_from_further_on_misses_no_notice(client: Homeserver, operator: Operator) -> None:
    """From a process that is ahead of this one, or from before the database was put back to an older state."""
    ana = await client.register("ana")
    since = (await ana.sync())["next_batch"]
    await operator.roll_out(version(1))
    await operator.clock(43)
    locked = (await ana.sync(since))["next_batch"]
    ahead = re.sub(r"_l\d+$", "_l999999999999", locked)
    assert ahead != locked
    await operator.clock(53)
    assert len(notices(await ana.sync(ahead))) == 2, "nothing it says can be relied on: all of it again"
    await decide(ana, "accept")
    free = await ana.sync(ahead)
    assert Token.parse(free["next_batch"]).locked is None
    assert len(notices(free)) == 2


async def test_any_token_is_answered_in_good_order(client: Homeserver, operator: Operator) -> None:
    ana = await client.register("ana")
    await operator.roll_out(version(1))
    texts = ("s0", "s1_2", "s1_2_3", "s1_l0", "s0_0_0_pffffffff_l1", f"s{10**18 - 1}_l{10**18 - 1}", f"s1_{10**20 - 1}")
    for number in (0, 33, 43):
        await operator.clock(number)
        for text in texts:
            answer = await ana.sync(text)
            assert Token.parse(answer["next_batch"])
    for text in ("s1_l", "s1_p_l1", "s1_l1_p1", "s1_pfffffffff", "s-1", "s1_l-1", "s\u0661"):
        assert await ana.fail("GET", "/sync", since=text, status=400) == "M_INVALID_PARAM"


# other ways to read


async def test_a_waiting_events_call_ends_where_the_lock_begins(client: Homeserver, operator: Operator) -> None:
    ana, ben, room_id = await two(client)
    await operator.roll_out(version(1))
    await operator.clock(42)
    await decide(ben, "accept")
    await operator.clock(43 - 2 / 86_400)  # two seconds before
    chunk = await ana.call("GET", "/events", timeout=0)
    while (chunk := await ana.call("GET", "/events", timeout=200, **{"from": chunk["end"]}))["chunk"]:
        pass
    waiting = asyncio.create_task(ana.call("GET", "/events", timeout=3000, **{"from": chunk["end"]}))
    await asyncio.sleep(2)
    await ben.send(room_id, "not for now")
    assert (await waiting)["chunk"] == []
    assert await ana.fail("GET", "/events", timeout=0, status=403) == "M_CONSENT_NOT_GIVEN"


async def test_who_uses_the_old_endpoints_is_told_too(client: Homeserver, operator: Operator) -> None:
    ana, ben = await client.register("ana"), await client.register("ben")
    await operator.roll_out(version(1))
    await operator.clock(-1)
    start = (await ben.call("GET", "/events", timeout=0))["end"]
    await operator.clock(0)
    first = await ana.call("GET", "/initialSync")
    messages = [event for room in first["rooms"] for event in room["messages"]["chunk"]]
    assert [event["content"]["msgtype"] for event in messages if event["type"] == "m.room.message"] == [
        "m.server_notice"
    ]
    chunk = await ben.call("GET", "/events", timeout=0, **{"from": start})
    assert "m.server_notice" in [event["content"].get("msgtype") for event in chunk["chunk"]]


async def test_a_room_summary_tells_no_more_than_a_stranger_gets(client: Homeserver, operator: Operator) -> None:
    ana, ben, _ = await two(client)
    secret = await ben.create_room(name="secret", invite=[ana.user_id])
    await ana.call("POST", f"/rooms/{secret}/join")
    path = f"/_matrix/client/v1/room_summary/{secret}"
    assert (await ana.call("GET", path))["name"] == "secret"
    await operator.roll_out(version(1))
    await operator.clock(33)
    assert (await ana.call("GET", path))["name"] == "secret"
    await operator.clock(43)
    assert await ana.fail("GET", path, status=403) == "M_CONSENT_NOT_GIVEN"


# the status


async def test_the_status_is_nothing_that_an_app_can_write(client: Homeserver, operator: Operator) -> None:
    ana = await client.register("ana")
    await operator.roll_out(version(1))
    await operator.clock(1)
    since = (await ana.sync())["next_batch"]
    path = f"/user/{ana.user_id}/account_data/{ACCOUNT_DATA_TYPE}"
    assert await ana.fail("PUT", path, {"level": "none"}, status=405) == "M_BAD_JSON"
    assert status_of(await ana.sync(since)) is None
    assert await ana.call("GET", path) == await ana.call("GET", "/_palabre/v1/account/policy")


async def test_what_is_current_for_others_is_news_too(client: Homeserver, operator: Operator) -> None:
    """An announcement to a country says to everybody that there is a new version, also to who is not asked yet."""
    ana = await client.register("ana")
    await operator.roll_out(version(1))
    await operator.clock(1)
    await decide(ana, "accept")
    second = version(2)
    waves = [{"countries": ["DE"]}, {"after_announce": "P20D", "percent": 100}]
    await operator.roll_out(second, announce=day(10), deadline=day(50), waves=waves)
    await operator.clock(10 - 1 / 86_400)
    answer = await ana.sync()
    assert status_of(answer)["policies"][0]["current"]["version"] == "v1"
    async with asyncio.timeout(10):
        while (status := status_of(answer := await ana.sync(answer["next_batch"], timeout=20_000))) is None:
            pass  # somebody's presence
    assert status["policies"][0]["current"]["version"] == "v2"
    assert status == await ana.call("GET", "/_palabre/v1/account/policy")


async def test_a_version_that_was_taken_back_is_not_current(client: Homeserver, operator: Operator) -> None:
    ana = await client.register("ana")
    await operator.publish(version(1))
    second = await operator.roll_out(version(2))
    await operator.clock(1)
    await operator.operate(second, "roll_back")
    status = await ana.call("GET", "/_palabre/v1/account/policy")
    assert status["policies"][0]["current"]["version"] == "v1"
