"""Receipts, read markers, unread counts and push rules."""

from typing import Any

import pytest

from ..api import Homeserver, User, unique
from .test_sync import joined, of_type, room_of

Json = dict[str, Any]


@pytest.fixture
async def ann(client: Homeserver) -> User:
    return await client.register("ann")


@pytest.fixture
async def ben(client: Homeserver) -> User:
    return await client.register("ben")


THREADS = {"room": {"timeline": {"unread_thread_notifications": True}}}


async def unread(user: User, room_id: str) -> tuple[int, int]:
    """(notifications, highlights), which a fresh sync and a continued one must agree on."""
    count = joined(await user.sync(set_presence="offline"), room_id)["unread_notifications"]
    return count["notification_count"], count["highlight_count"]


async def say(user: User, room_id: str, **content: Any) -> str:
    path = f"/rooms/{room_id}/send/m.room.message/{unique('t')}"
    event_id: str = (await user.call("PUT", path, {"msgtype": "m.text", "body": "hello", **content}))["event_id"]
    return event_id


async def read(user: User, room_id: str, event_id: str, type_: str = "m.read", **body: Any) -> None:
    await user.call("POST", f"/rooms/{room_id}/receipt/{type_}/{event_id}", body)


async def test_messages_count_until_they_are_read(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    first = await say(ben, room_id)
    token = (await ann.sync())["next_batch"]
    second = await say(ben, room_id)
    count = joined(await ann.sync(token), room_id)["unread_notifications"]
    assert count == {"notification_count": 2, "highlight_count": 0}
    await read(ann, room_id, first)
    assert await unread(ann, room_id) == (1, 0)
    await read(ann, room_id, second, "m.read.private")
    assert await unread(ann, room_id) == (0, 0)
    await say(ben, room_id)
    assert await unread(ann, room_id) == (1, 0)
    await say(ann, room_id)
    assert await unread(ann, room_id) == (0, 0)
    assert await unread(ben, room_id) == (1, 0)


async def test_receipts_only_move_forward(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    events = [await say(ben, room_id) for _ in range(3)]
    await read(ann, room_id, events[2])
    token = (await ben.sync())["next_batch"]
    await read(ann, room_id, events[0])
    assert "rooms" not in await ben.sync(token)
    [receipt] = of_type(joined(await ben.sync(), room_id)["ephemeral"], "m.receipt")
    assert set(receipt) == {events[2]}


async def test_private_receipts_stay_private(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    event_id = await say(ben, room_id)
    tokens = [(await user.sync())["next_batch"] for user in (ann, ben)]
    await read(ann, room_id, event_id, "m.read.private")
    [mine] = of_type(joined(await ann.sync(tokens[0]), room_id)["ephemeral"], "m.receipt")
    assert list(mine[event_id]) == ["m.read.private"]
    for answer in (await ben.sync(tokens[1]), await ben.sync()):
        assert "m.read.private" not in str(answer)


async def test_threads_have_counts_and_receipts_of_their_own(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    root = await say(ben, room_id)
    reply = await say(ben, room_id, **{"m.relates_to": {"rel_type": "m.thread", "event_id": root}})
    reaction = {"m.relates_to": {"rel_type": "m.reference", "event_id": reply}}
    await say(ben, room_id, **reaction)

    async def by_thread() -> tuple[int, int]:
        room = joined(await ann.sync(filter=THREADS, set_presence="offline"), room_id)
        threads = room.get("unread_thread_notifications", {})
        return room["unread_notifications"]["notification_count"], threads.get(root, {}).get("notification_count", 0)

    assert await by_thread() == (1, 2)
    assert await unread(ann, room_id) == (3, 0)
    await read(ann, room_id, reply, thread_id=root)
    assert await by_thread() == (1, 1)
    await read(ann, room_id, root, thread_id="main")
    assert await by_thread() == (0, 1)
    [receipts] = of_type(joined(await ben.sync(), room_id)["ephemeral"], "m.receipt")
    assert receipts[reply]["m.read"][ann.user_id]["thread_id"] == root
    await read(ann, room_id, await say(ben, room_id))
    assert await by_thread() == (0, 0)


@pytest.mark.parametrize("body", [{"thread_id": ""}, {"thread_id": 1}, {"thread_id": "x"}])
async def test_a_thread_is_main_or_an_event(ann: User, body: Json) -> None:
    room_id = await room_of(ann)
    event_id = await say(ann, room_id)
    await ann.fail("POST", f"/rooms/{room_id}/receipt/m.read/{event_id}", body, status=400)


async def test_receipts_need_a_type_a_room_and_an_event(ann: User, ben: User) -> None:
    room_id, other = await room_of(ann), await room_of(ann, ben)
    event_id = await say(ann, room_id)
    path = f"/rooms/{room_id}/receipt"
    assert await ann.fail("POST", f"{path}/m.seen/{event_id}", {}, status=400) == "M_INVALID_PARAM"
    assert await ann.fail("POST", f"{path}/m.read/$nothing", {}, status=404) == "M_NOT_FOUND"
    assert await ben.fail("POST", f"{path}/m.read/{event_id}", {}, status=403) == "M_FORBIDDEN"
    assert await ben.fail("POST", f"/rooms/{other}/receipt/m.read/{event_id}", {}, status=404) == "M_NOT_FOUND"


async def test_read_markers_set_all_three_at_once(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    first, second = await say(ben, room_id), await say(ben, room_id)
    token = (await ann.sync())["next_batch"]
    marks = {"m.fully_read": second, "m.read": second, "m.read.private": second}
    await ann.call("POST", f"/rooms/{room_id}/read_markers", marks)
    room = joined(await ann.sync(token), room_id)
    assert of_type(room["account_data"], "m.fully_read") == [{"event_id": second}]
    [receipt] = of_type(room["ephemeral"], "m.receipt")
    assert set(receipt[second]) == {"m.read", "m.read.private"}
    await ann.call("POST", f"/rooms/{room_id}/read_markers", {"m.fully_read": first})
    data = await ann.call("GET", f"/user/{ann.user_id}/rooms/{room_id}/account_data/m.fully_read")
    assert data == {"event_id": second}


async def test_mentions_names_and_keywords_highlight(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    await ann.call("PUT", f"/profile/{ann.user_id}/displayname", {"displayname": "Ann Onymous"})
    rules = "/pushrules/global/content/cake"
    await ann.call("PUT", rules, {"pattern": "ca?e*", "actions": ["notify", {"set_tweak": "highlight"}]})
    highlighting: list[Json] = [
        {"m.mentions": {"user_ids": [ann.user_id]}},
        {"body": "well, ann onymous?"},
        {"body": f"{ann.user_id[1:].partition(':')[0]}: hi"},
        {"body": "there is CAKE."},
    ]
    for number, content in enumerate(highlighting, 1):
        await say(ben, room_id, **content)
        assert await unread(ann, room_id) == (number, number)
    quiet: list[Json] = [
        {"body": "annonymous"},
        {"body": "Ann Onymous", "m.mentions": {}},
        {"body": "pancake"},
        {"m.mentions": {"room": True}},
    ]
    for number, content in enumerate(quiet, len(highlighting) + 1):
        await say(ben, room_id, **content)
        assert await unread(ann, room_id) == (number, len(highlighting))


async def test_the_whole_room_is_mentioned_by_who_may(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    await say(ann, room_id, **{"m.mentions": {"room": True}})
    assert await unread(ben, room_id) == (1, 1)


async def test_what_does_not_notify_by_default(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    event_id = await say(ann, room_id)
    await say(ben, room_id, msgtype="m.notice")
    await say(ben, room_id, **{"m.relates_to": {"rel_type": "m.replace", "event_id": event_id}})
    await ben.call("PUT", f"/rooms/{room_id}/send/a.b/{unique('t')}", {})
    body = {"membership": "join", "displayname": "Benjamin"}
    await ben.call("PUT", f"/rooms/{room_id}/state/m.room.member/{ben.user_id}", body)
    assert await unread(ann, room_id) == (0, 0)
    await ben.call("PUT", f"/rooms/{room_id}/send/m.room.encrypted/{unique('t')}", {"algorithm": "x"})
    assert await unread(ann, room_id) == (1, 0)


async def test_a_redacted_message_is_no_longer_unread(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    event_id = await say(ben, room_id)
    assert await unread(ann, room_id) == (1, 0)
    await ben.call("PUT", f"/rooms/{room_id}/redact/{event_id}/{unique('t')}", {})
    assert await unread(ann, room_id) == (0, 0)


async def test_rules_are_kept_in_order_and_changed(ann: User) -> None:
    room = "/pushrules/global/room/"
    for name in ("one", "two"):
        await ann.call("PUT", f"{room}{name}", {"actions": ["notify"]})
    await ann.call("PUT", f"{room}three", {"actions": []}, before="one")
    await ann.call("PUT", f"{room}four", {"actions": []}, after="one")

    async def order() -> list[str]:
        return [rule["rule_id"] for rule in (await ann.call("GET", "/pushrules/"))["global"]["room"]]

    assert await order() == ["two", "three", "one", "four"]
    token = (await ann.sync())["next_batch"]
    await ann.call("DELETE", f"{room}three")
    [rules] = of_type((await ann.sync(token))["account_data"], "m.push_rules")
    assert [rule["rule_id"] for rule in rules["global"]["room"]] == ["two", "one", "four"]
    await ann.call("PUT", f"{room}one/enabled", {"enabled": False})
    await ann.call("PUT", f"{room}one/actions", {"actions": [{"set_tweak": "sound", "value": "x"}]})
    rule = await ann.call("GET", f"{room}one")
    assert (rule["enabled"], rule["actions"], rule["default"]) == (False, [{"set_tweak": "sound", "value": "x"}], False)
    wrongs: list[Json] = [{"actions": ["explode"]}, {"actions": [{}]}, {}, {"actions": "notify"}]
    for wrong in wrongs:
        await ann.fail("PUT", f"{room}five", wrong, status=400)
    assert await ann.fail("PUT", f"{room}.dot", {"actions": []}, status=400) == "M_INVALID_PARAM"
    assert await ann.fail("PUT", f"{room}six", {"actions": []}, before="nobody", status=400) == "M_INVALID_PARAM"
    assert await ann.fail("GET", f"{room}seven", status=404) == "M_NOT_FOUND"
    assert await ann.fail("DELETE", f"{room}seven", status=404) == "M_NOT_FOUND"


async def test_default_rules_can_be_silenced(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    await ann.call("PUT", "/pushrules/global/override/.m.rule.master/enabled", {"enabled": True})
    await say(ben, room_id)
    assert await unread(ann, room_id) == (0, 0)
    await ann.call("PUT", "/pushrules/global/override/.m.rule.master/enabled", {"enabled": False})
    mute = {"conditions": [{"kind": "event_match", "key": "room_id", "pattern": room_id}], "actions": []}
    await say(ben, room_id)
    assert await unread(ann, room_id) == (1, 0)
    await ann.call("PUT", "/pushrules/global/override/mute", mute)
    await say(ben, room_id)
    assert await unread(ann, room_id) == (1, 0)


async def test_a_hostile_pattern_does_not_hang(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    rule = {"pattern": "*a" * 30 + "*b", "actions": ["notify"]}
    await ann.call("PUT", "/pushrules/global/content/slow", rule)
    await say(ben, room_id, body="a" * 20_000)
    assert await unread(ann, room_id) == (1, 0)


async def test_notifications_are_listed_newest_first(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    events = [await say(ben, room_id) for _ in range(3)]
    await read(ann, room_id, events[0])
    page = await ann.call("GET", "/notifications", limit=2)
    assert [one["event"]["event_id"] for one in page["notifications"]] == [events[2], events[1]]
    rest = await ann.call("GET", "/notifications", **{"from": page["next_token"]})
    assert [(one["event"]["event_id"], one["read"]) for one in rest["notifications"]] == [(events[0], True)]
    assert (await ann.call("GET", "/notifications", only="highlight"))["notifications"] == []
    assert await ann.fail("GET", "/notifications", status=400, **{"from": "x"}) == "M_INVALID_PARAM"


PUSHER = {
    "app_id": "org.example",
    "pushkey": "key",
    "kind": "http",
    "app_display_name": "Example",
    "device_display_name": "Phone",
    "lang": "en",
    "data": {"url": "https://push.example/_matrix/push/v1/notify"},
}


async def test_pushers_come_and_go(ann: User, ben: User) -> None:
    await ann.call("POST", "/pushers/set", PUSHER)
    assert (await ann.call("GET", "/pushers"))["pushers"] == [PUSHER]
    await ben.call("POST", "/pushers/set", {**PUSHER, "append": True})
    assert len((await ann.call("GET", "/pushers"))["pushers"]) == 1
    await ben.call("POST", "/pushers/set", PUSHER)
    assert (await ann.call("GET", "/pushers"))["pushers"] == []
    await ben.call("POST", "/pushers/set", {"app_id": "org.example", "pushkey": "key", "kind": None})
    assert (await ben.call("GET", "/pushers"))["pushers"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "pigeon"},
        {"data": {}},
        {"data": {"url": "https://push.example/elsewhere"}},
        {"data": {"url": "file:///_matrix/push/v1/notify"}},
        {"data": {"url": "http://[::1/_matrix/push/v1/notify"}},
        {"lang": None},
        {"app_id": "x" * 65},
        {"pushkey": "x" * 513},
    ],
)
async def test_pushers_that_could_not_work_are_refused(ann: User, change: Json) -> None:
    await ann.fail("POST", "/pushers/set", {**PUSHER, **change}, status=400)
