"""What sync shows on each step of the ladder, and that nothing is lost behind a lock."""

import asyncio
from typing import Any

from tests.api import Homeserver, User

from .made import version
from .operator import Operator, decide

STATUS = "org.palabre.policy"


def status_of(answer: dict[str, Any]) -> Any:
    events = answer.get("account_data", {}).get("events", [])
    return next((event["content"] for event in events if event["type"] == STATUS), None)


def bodies(answer: dict[str, Any], room_id: str) -> list[str]:
    room = answer.get("rooms", {}).get("join", {}).get(room_id, {})
    events = room.get("timeline", {}).get("events", [])
    return [event["content"]["body"] for event in events if event["type"] == "m.room.message"]


def notices(answer: dict[str, Any]) -> list[str]:
    rooms = answer.get("rooms", {}).get("join", {}).values()
    events = [event for room in rooms for event in room["timeline"]["events"]]
    return [event["content"]["body"] for event in events if event["content"].get("msgtype") == "m.server_notice"]


async def two(client: Homeserver) -> tuple[User, User, str]:
    ana, ben = await client.register("ana"), await client.register("ben")
    room_id = await ben.create_room(invite=[ana.user_id])
    await ana.call("POST", f"/rooms/{room_id}/join")
    return ana, ben, room_id


async def test_the_status_follows_the_ladder(client: Homeserver, operator: Operator) -> None:
    ana = await client.register("ana")
    before = await ana.sync()
    assert status_of(before) is None
    await operator.roll_out(version(1))
    await operator.clock(-1)
    early = await ana.sync(before["next_batch"])
    assert notices(early) == []
    since = early["next_batch"]
    for number, level in ((0, "notice"), (26, "reminder"), (33, "limited"), (43, "locked"), (53, "deletion_scheduled")):
        await operator.clock(number)
        answer = await ana.sync(since)
        status = status_of(answer)
        assert status["level"] == level
        assert status["policies"][0]["asked"]["version"] == "v1"
        assert status == await ana.call("GET", "/_palabre/v1/account/policy")
        assert len(notices(answer)) == 1, level
        assert "/account/terms" in notices(answer)[0]
        since = answer["next_batch"]
        quiet = await ana.sync(since)
        assert status_of(quiet) is None
        assert notices(quiet) == []
        since = quiet["next_batch"]


async def test_a_waiting_sync_ends_when_the_date_comes(client: Homeserver, operator: Operator) -> None:
    ana = await client.register("ana")
    await operator.roll_out(version(1))
    await operator.clock(-1)
    since = (await ana.sync())["next_batch"]
    waiting = asyncio.create_task(ana.sync(since, timeout=20_000))
    await asyncio.sleep(0.1)
    await operator.clock(-0.5 / 86_400)  # half a second before the announcement: nobody moves anything after this
    answer = await asyncio.wait_for(waiting, 5)
    while status_of(answer) is None:  # somebody's presence may end a wait too
        answer = await asyncio.wait_for(ana.sync(answer["next_batch"], timeout=20_000), 5)
    assert status_of(answer)["level"] == "notice"
    assert len(notices(answer)) == 1


async def test_behind_a_lock_nothing_is_lost(client: Homeserver, operator: Operator) -> None:
    ana, ben, room_id = await two(client)
    phone = await client.log_in(ana)
    start = (await ana.sync())["next_batch"]
    await operator.roll_out(version(1))
    await operator.clock(43)
    await decide(ben, "accept")
    await ben.send(room_id, "one")

    locked = await ana.sync(start)
    assert bodies(locked, room_id) == []
    assert status_of(locked)["level"] == "locked"
    fresh = await phone.sync()
    assert set(fresh["rooms"]["join"]) == set(locked["rooms"]["join"])
    assert room_id not in fresh["rooms"]["join"]

    waiting = asyncio.create_task(ana.sync(locked["next_batch"], timeout=300))
    await ben.send(room_id, "two")
    message = {"messages": {ana.user_id: {ana.device_id: {"secret": 1}, phone.device_id: {"secret": 2}}}}
    await ben.call("PUT", "/sendToDevice/m.test/t1", message)
    still = await waiting
    assert "rooms" not in still
    assert "to_device" not in still
    other_room = await ben.create_room(invite=[ana.user_id])
    assert await ana.fail("GET", f"/rooms/{room_id}/messages", dir="b", status=403) == "M_CONSENT_NOT_GIVEN"

    await decide(ana, "accept")
    free = await ana.sync(still["next_batch"])
    assert bodies(free, room_id) == ["one", "two"]
    assert free["to_device"]["events"][0]["content"] == {"secret": 1}
    assert other_room in free["rooms"]["invite"]
    assert status_of(free)["level"] == "none"
    assert notices(free) == [], "what was shown behind the lock is not shown again"
    for_phone = await phone.sync(fresh["next_batch"])
    assert bodies(for_phone, room_id)[-2:] == ["one", "two"]
    assert for_phone["to_device"]["events"][0]["content"] == {"secret": 2}


async def test_what_is_closed_says_where_to_go(client: Homeserver, operator: Operator) -> None:
    ana, ben, room_id = await two(client)
    await operator.roll_out(version(1))
    await operator.clock(33)
    path = f"/rooms/{room_id}/send/m.room.message/t1"
    refused = await ana.call("PUT", path, {"msgtype": "m.text", "body": "no"}, status=403)
    assert refused["errcode"] == "M_CONSENT_NOT_GIVEN"
    assert refused["consent_uri"].endswith("/account/terms")
    assert refused["consent_uri"] in refused["error"]
    await decide(ben, "accept")
    await ben.send(room_id, "still arrives")
    assert "still arrives" in bodies(await ana.sync(), room_id)
    await decide(ana, "accept")
    await ana.send(room_id, "yes")


async def test_an_extension_lifts_limits_and_tells_everyone(client: Homeserver, operator: Operator) -> None:
    ana, _, room_id = await two(client)
    rollout = await operator.roll_out(version(1))
    await operator.clock(33)
    since = (await ana.sync())["next_batch"]
    await operator.operate(rollout, "extend", deadline="2031-05-15T00:00:00Z")
    answer = await ana.sync(since)
    assert status_of(answer)["level"] == "notice"
    assert "15 May 2031" in notices(answer)[0]
    await ana.send(room_id, "again")


async def test_a_roll_back_is_said_once_to_those_who_heard_of_it(client: Homeserver, operator: Operator) -> None:
    ana, ben = await client.register("ana"), await client.register("ben")
    rollout = await operator.roll_out(version(1))
    await operator.clock(1)
    since = (await ana.sync())["next_batch"]
    await operator.operate(rollout, "roll_back")
    answer = await ana.sync(since)
    assert status_of(answer)["level"] == "none"
    assert len(notices(answer)) == 1
    assert notices(await ana.sync(answer["next_batch"])) == []
    assert notices(await ben.sync()) == []


async def test_a_refusal_is_not_reminded_of_but_hears_of_limits(client: Homeserver, operator: Operator) -> None:
    ana, ben = await client.register("ana"), await client.register("ben")
    await operator.roll_out(version(1))
    await operator.clock(1)
    assert len(notices(await ana.sync())) == 1
    assert len(notices(await ben.sync())) == 1
    await decide(ana, "decline")
    await decide(ben, "later")
    await operator.clock(27)
    for person in (ana, ben):
        assert len(notices(await person.sync())) == 1, "the reminder is silent"
    await operator.clock(34)
    for person in (ana, ben):
        assert len(notices(await person.sync())) == 2


async def test_the_notices_room_is_a_server_notice_and_stays(client: Homeserver, operator: Operator) -> None:
    ana = await client.register("ana")
    await operator.roll_out(version(1))
    await operator.clock(0)
    answer = await ana.sync()
    [(room_id, room)] = answer["rooms"]["join"].items()
    tags = next(event["content"]["tags"] for event in room["account_data"]["events"] if event["type"] == "m.tag")
    assert "m.server_notice" in tags
    assert await ana.fail("POST", f"/rooms/{room_id}/leave", status=403) == "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM"
    path = f"/rooms/{room_id}/send/m.room.message/t1"
    assert await ana.fail("PUT", path, {"msgtype": "m.text", "body": "hello?"}, status=403) == "M_FORBIDDEN"


async def test_two_devices_that_sync_at_once_are_told_once(client: Homeserver, operator: Operator) -> None:
    ana = await client.register("ana")
    phone = await client.log_in(ana)
    await operator.roll_out(version(1))
    await operator.clock(0)
    answers = await asyncio.gather(*(device.sync() for device in (ana, phone, ana, phone)))
    assert {len(notices(answer)) for answer in answers} == {1}
    assert len({next(iter(answer["rooms"]["join"])) for answer in answers}) == 1


async def test_a_hold_and_a_dropped_limit_are_said_to_those_who_heard_of_it(
    client: Homeserver, operator: Operator
) -> None:
    ana, ben = await client.register("ana"), await client.register("ben")
    rollout = await operator.roll_out(version(1))
    await operator.clock(34)
    since = (await ana.sync())["next_batch"]
    await operator.operate(rollout, "hold")
    held = await ana.sync(since)
    assert ["on hold" in body for body in notices(held)] == [True]
    assert notices(await ana.sync(held["next_batch"])) == []
    assert notices(await ben.sync()) == [], "who never heard of it need not hear of the hold"
    await operator.operate(rollout, "resume")
    limited = await ana.sync(held["next_batch"])
    assert len(notices(limited)) == 1
    await operator.operate(rollout, "drop", step="limited")
    lifted = await ana.sync(limited["next_batch"])
    assert ["nothing is closed" in body for body in notices(lifted)] == [True]
    assert notices(await ana.sync(lifted["next_batch"])) == []
