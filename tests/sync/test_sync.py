"""`GET /sync` over HTTP: every stream, filters, gaps, lazy loading, joining and leaving."""

import asyncio
import json
from typing import Any

import pytest

from ..api import Homeserver, User, unique

Json = dict[str, Any]


@pytest.fixture
async def ann(client: Homeserver) -> User:
    return await client.register("ann")


@pytest.fixture
async def ben(client: Homeserver) -> User:
    return await client.register("ben")


async def room_of(*people: User) -> str:
    room_id = await people[0].create_room(preset="public_chat")
    for user in people[1:]:
        await user.call("POST", f"/join/{room_id}")
    return room_id


def joined(answer: Json, room_id: str) -> Json:
    room: Json = answer["rooms"]["join"][room_id]
    return room


def bodies(room: Json) -> list[str]:
    return [event["content"].get("body") for event in room["timeline"]["events"] if event["type"] == "m.room.message"]


def of_type(section: Json, type_: str) -> list[Json]:
    return [event["content"] for event in section.get("events", []) if event["type"] == type_]


# tokens and waiting


@pytest.mark.parametrize("token", ["x", "s", "s1_x", "t1_2", "s-1_0", "1", "s9999999999999999999_0"])
async def test_a_token_of_another_kind_is_refused(ann: User, token: str) -> None:
    assert await ann.fail("GET", "/sync", since=token, status=400) == "M_INVALID_PARAM"


async def test_a_token_from_the_future_begins_anew(ann: User) -> None:
    room_id = await room_of(ann)
    assert room_id in (await ann.sync("s999999999_0"))["rooms"]["join"]


async def test_nothing_new_comes_back_after_the_timeout(ann: User) -> None:
    token = (await ann.sync(set_presence="offline"))["next_batch"]
    started = asyncio.get_running_loop().time()
    answer = await ann.sync(token, 300, set_presence="offline")
    assert asyncio.get_running_loop().time() - started >= 0.3
    assert set(answer) == {"next_batch", "device_one_time_keys_count", "device_unused_fallback_key_types"}


async def test_a_message_wakes_who_waits(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    token = (await ann.sync(set_presence="offline"))["next_batch"]
    waiting = asyncio.create_task(ann.sync(token, 10_000, set_presence="offline"))
    await asyncio.sleep(0.1)
    await ben.send(room_id, "wake up")
    answer = await asyncio.wait_for(waiting, 2)
    assert bodies(joined(answer, room_id)) == ["wake up"]


async def test_an_invitation_wakes_who_waits(ann: User, ben: User) -> None:
    room_id = await ann.create_room()
    token = (await ben.sync(set_presence="offline"))["next_batch"]
    waiting = asyncio.create_task(ben.sync(token, 10_000, set_presence="offline"))
    await asyncio.sleep(0.1)
    await ann.call("POST", f"/rooms/{room_id}/invite", {"user_id": ben.user_id})
    invite = (await asyncio.wait_for(waiting, 2))["rooms"]["invite"][room_id]["invite_state"]["events"]
    assert {"m.room.create", "m.room.member"} <= {event["type"] for event in invite}
    assert all(set(event) == {"type", "state_key", "sender", "content"} for event in invite)


async def test_what_happened_between_two_syncs_is_not_waited_for(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    token = (await ann.sync())["next_batch"]
    await ben.send(room_id, "before")
    assert bodies(joined(await ann.sync(token, 10_000), room_id)) == ["before"]


# timeline and state


async def test_a_gap_is_marked_and_can_be_filled(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    token = (await ann.sync())["next_batch"]
    for number in range(6):
        await ben.send(room_id, str(number))
    room = joined(await ann.sync(token, filter={"room": {"timeline": {"limit": 2}}}), room_id)
    assert (bodies(room), room["timeline"]["limited"]) == (["4", "5"], True)
    older = await ann.call(
        "GET", f"/rooms/{room_id}/messages", dir="b", limit=4, to=token, **{"from": room["timeline"]["prev_batch"]}
    )
    assert [event["content"]["body"] for event in older["chunk"]] == ["3", "2", "1", "0"]


async def test_state_in_a_gap_comes_as_state(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    await ann.call("PUT", f"/rooms/{room_id}/state/m.room.topic/", {"topic": "one"})
    token = (await ben.sync())["next_batch"]
    await ann.call("PUT", f"/rooms/{room_id}/state/m.room.topic/", {"topic": "two"})
    for _ in range(3):
        await ann.send(room_id)
    await ann.call("PUT", f"/rooms/{room_id}/state/m.room.topic/", {"topic": "three"})
    few = {"room": {"timeline": {"limit": 1}}}
    before = joined(await ben.sync(token, filter=few), room_id)
    assert [event["content"]["topic"] for event in before["state"]["events"]] == ["two"]
    after = joined(await ben.sync(token, filter=few, use_state_after=True), room_id)
    assert [event["content"]["topic"] for event in after["state_after"]["events"]] == ["three"]
    assert "state" not in after


async def test_full_state_comes_with_a_token_too(ann: User) -> None:
    room_id = await room_of(ann)
    token = (await ann.sync())["next_batch"]
    room = joined(await ann.sync(token, 10_000, full_state=True), room_id)
    assert "m.room.create" in {event["type"] for event in room["state"]["events"]}
    assert room["timeline"]["events"] == []


async def test_the_sending_device_gets_its_transaction_id_and_no_other(
    client: Homeserver, ann: User, ben: User
) -> None:
    room_id = await room_of(ann, ben)
    other = await client.log_in(ann)
    txn = unique("txn")
    body = {"msgtype": "m.text", "body": "hi"}
    await ann.call("PUT", f"/rooms/{room_id}/send/m.room.message/{txn}", body)
    for user, expected in ((ann, txn), (other, None), (ben, None)):
        last = joined(await user.sync(), room_id)["timeline"]["events"][-1]
        assert last.get("unsigned", {}).get("transaction_id") == expected


async def test_who_joins_gets_all_state_and_earlier_messages_if_shared(ann: User, ben: User) -> None:
    room_id = await room_of(ann)
    await ann.send(room_id, "before")
    token = (await ben.sync())["next_batch"]
    await ben.call("POST", f"/join/{room_id}")
    room = joined(await ben.sync(token), room_id)
    assert (bodies(room), room["timeline"]["limited"]) == (["before"], True)


@pytest.mark.parametrize("visibility", ["joined", "invited"])
async def test_what_was_said_before_one_came_may_be_hidden(ann: User, ben: User, visibility: str) -> None:
    room_id = await room_of(ann)
    await ann.call("PUT", f"/rooms/{room_id}/state/m.room.history_visibility/", {"history_visibility": visibility})
    await ann.send(room_id, "secret")
    await ann.call("POST", f"/rooms/{room_id}/invite", {"user_id": ben.user_id})
    await ann.send(room_id, "to the invited")
    await ben.call("POST", f"/join/{room_id}")
    seen = bodies(joined(await ben.sync(), room_id))
    assert seen == ([] if visibility == "joined" else ["to the invited"])


async def test_a_left_room_ends_with_the_leaving(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    token = (await ben.sync())["next_batch"]
    await ann.send(room_id, "with you")
    await ben.call("POST", f"/rooms/{room_id}/leave")
    await ann.send(room_id, "without you")
    answer = await ben.sync(token)
    room = answer["rooms"]["leave"][room_id]
    assert bodies(room) == ["with you"]
    assert room["timeline"]["events"][-1]["content"]["membership"] == "leave"
    assert "rooms" not in await ben.sync(answer["next_batch"])
    assert "rooms" not in await ben.sync()
    archived = await ben.sync(filter={"room": {"include_leave": True}})
    assert bodies(archived["rooms"]["leave"][room_id]) == ["with you"]


async def test_a_ban_after_leaving_shows_nothing_of_the_room(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    await ben.call("POST", f"/rooms/{room_id}/leave")
    token = (await ben.sync())["next_batch"]
    await ann.send(room_id, "not for you")
    await ann.call("PUT", f"/rooms/{room_id}/state/m.room.topic/", {"topic": "nor this"})
    await ann.call("POST", f"/rooms/{room_id}/ban", {"user_id": ben.user_id})
    room = (await ben.sync(token))["rooms"]["leave"][room_id]
    assert [event["content"]["membership"] for event in room["timeline"]["events"]] == ["ban"]
    assert room["state"]["events"] == []


async def test_a_rejected_invitation_is_left(ann: User, ben: User) -> None:
    room_id = await ann.create_room(invite=[ben.user_id])
    token = (await ben.sync())["next_batch"]
    await ben.call("POST", f"/rooms/{room_id}/leave")
    room = (await ben.sync(token))["rooms"]["leave"][room_id]
    assert [event["state_key"] for event in room["timeline"]["events"]] == [ben.user_id]


async def test_a_knock_is_shown_to_who_knocks(ann: User, ben: User) -> None:
    rules = {"type": "m.room.join_rules", "content": {"join_rule": "knock"}}
    room_id = await ann.create_room(initial_state=[rules])
    token = (await ben.sync())["next_batch"]
    await ben.call("POST", f"/knock/{room_id}")
    knock = (await ben.sync(token))["rooms"]["knock"][room_id]["knock_state"]["events"]
    assert of_type({"events": knock}, "m.room.member")[0]["membership"] == "knock"


async def test_redaction_shows_in_both_kinds_of_sync(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    event_id = await ann.send(room_id, "oops")
    token = (await ben.sync())["next_batch"]
    await ann.call("PUT", f"/rooms/{room_id}/redact/{event_id}/{unique('t')}", {})
    types = [event["type"] for event in joined(await ben.sync(token), room_id)["timeline"]["events"]]
    assert types == ["m.room.redaction"]
    events = joined(await ben.sync(), room_id)["timeline"]["events"]
    assert next(event for event in events if event["event_id"] == event_id)["content"] == {}


# lazy loading and summary


LAZY = {"room": {"state": {"lazy_load_members": True}, "timeline": {"limit": 1}}}


def members(room: Json) -> set[str]:
    return {event["state_key"] for event in room["state"]["events"] if event["type"] == "m.room.member"}


async def test_only_members_who_spoke_are_loaded_and_only_once(client: Homeserver, ann: User, ben: User) -> None:
    cleo = await client.register("cleo")
    room_id = await room_of(ann, ben, cleo)
    await ann.call("PUT", f"/rooms/{room_id}/state/m.room.name/", {"name": "a name, so no heroes"})
    await ben.send(room_id)
    answer = await ann.sync(filter=LAZY)
    assert members(joined(answer, room_id)) == {ann.user_id, ben.user_id}
    await cleo.send(room_id)
    again = await ann.sync(answer["next_batch"], filter=LAZY)
    assert members(joined(again, room_id)) == {cleo.user_id}
    await cleo.send(room_id)
    assert members(joined(await ann.sync(again["next_batch"], filter=LAZY), room_id)) == set()
    # The client did not get the last answers: it asks again from where it was.
    assert members(joined(await ann.sync(answer["next_batch"], filter=LAZY), room_id)) == {cleo.user_id}
    redundant = {"room": {"state": {"lazy_load_members": True, "include_redundant_members": True}}}
    await cleo.send(room_id)
    assert cleo.user_id in members(joined(await ann.sync(again["next_batch"], filter=redundant), room_id))


async def test_the_summary_follows_who_is_there(ann: User, ben: User) -> None:
    room_id = await ann.create_room(preset="public_chat", invite=[ben.user_id])
    answer = await ann.sync()
    assert joined(answer, room_id)["summary"] == {
        "m.heroes": [ben.user_id],
        "m.joined_member_count": 1,
        "m.invited_member_count": 1,
    }
    await ben.call("POST", f"/join/{room_id}")
    summary = joined(await ann.sync(answer["next_batch"]), room_id)["summary"]
    assert (summary["m.joined_member_count"], summary["m.invited_member_count"]) == (2, 0)


# filters


async def test_filters_choose_rooms_types_and_senders(ann: User, ben: User) -> None:
    one, two = await room_of(ann, ben), await room_of(ann, ben)
    await ann.send(one, "from ann")
    await ben.send(one, "from ben")
    await ann.call("PUT", f"/rooms/{one}/send/x.y.z/{unique('t')}", {"url": "mxc://a/b"})

    async def timeline(**timeline: Any) -> list[Json]:
        answer = await ann.sync(filter={"room": {"rooms": [one], "timeline": timeline}})
        assert set(answer["rooms"]["join"]) == {one}
        events: list[Json] = joined(answer, one)["timeline"]["events"]
        return events

    assert {event["type"] for event in await timeline(types=["x.*"])} == {"x.y.z"}
    assert "x.y.z" not in {event["type"] for event in await timeline(not_types=["x*z"])}
    assert {event["sender"] for event in await timeline(senders=[ben.user_id])} == {ben.user_id}
    assert ben.user_id not in {event["sender"] for event in await timeline(not_senders=[ben.user_id])}
    assert [event["type"] for event in await timeline(contains_url=True)] == ["x.y.z"]
    assert "x.y.z" not in {event["type"] for event in await timeline(contains_url=False)}
    assert await timeline(limit=0) == []
    assert two not in (await ann.sync(filter={"room": {"not_rooms": [two]}}))["rooms"]["join"]


async def test_event_fields_leave_only_what_was_asked_for(ann: User) -> None:
    room_id = await room_of(ann)
    await ann.call(
        "PUT", f"/rooms/{room_id}/send/m.room.message/{unique('t')}", {"msgtype": "m.text", "body": "b", "a.b": 1}
    )
    for fields, content in ((["content.body"], {"body": "b"}), (["content.a\\.b"], {"a.b": 1}), (["type"], None)):
        event = joined(await ann.sync(filter={"event_fields": fields}), room_id)["timeline"]["events"][-1]
        assert event.get("content") == content


async def test_a_stored_filter_is_used_by_its_id(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    await ben.send(room_id, "one")
    await ben.send(room_id, "two")
    stored = {"room": {"timeline": {"limit": 1}}, "unknown": [1]}
    path = f"/user/{ann.user_id}/filter"
    filter_id = (await ann.call("POST", path, stored))["filter_id"]
    assert await ann.call("GET", f"{path}/{filter_id}") == stored
    assert bodies(joined(await ann.sync(filter=filter_id), room_id)) == ["two"]
    assert await ann.fail("GET", f"{path}/nothing", status=404) == "M_NOT_FOUND"
    assert await ann.fail("GET", "/sync", filter="nothing", status=400) == "M_INVALID_PARAM"
    assert await ben.fail("GET", f"{path}/{filter_id}", status=403) == "M_FORBIDDEN"


@pytest.mark.parametrize(
    "wrong",
    [
        {"room": {"timeline": {"limit": "10"}}},
        {"room": {"timeline": {"limit": -1}}},
        {"room": {"state": {"lazy_load_members": "true"}}},
        {"room": {"rooms": "!a"}},
        {"room": {"rooms": ["#a:b"]}},
        {"presence": {"senders": ["ann"]}},
        {"event_fields": [1]},
        {"event_format": "html"},
        {"room": []},
    ],
)
async def test_what_is_no_filter_is_refused(ann: User, wrong: Json) -> None:
    assert await ann.fail("POST", f"/user/{ann.user_id}/filter", wrong, status=400) == "M_BAD_JSON"
    assert await ann.fail("GET", "/sync", filter=json.dumps(wrong), status=400) == "M_BAD_JSON"


# account data, tags, ignored people


async def test_account_data_and_tags_come_down(ann: User) -> None:
    room_id = await room_of(ann)
    token = (await ann.sync())["next_batch"]
    mine = f"/user/{ann.user_id}"
    await ann.call("PUT", f"{mine}/account_data/a.b", {"x": 1})
    await ann.call("PUT", f"{mine}/rooms/{room_id}/account_data/c.d", {"y": 2})
    await ann.call("PUT", f"{mine}/rooms/{room_id}/tags/u.work", {"order": 0.25})
    for answer in (await ann.sync(token), await ann.sync()):
        assert of_type(answer["account_data"], "a.b") == [{"x": 1}]
        room = joined(answer, room_id)["account_data"]
        assert of_type(room, "c.d") == [{"y": 2}]
        assert of_type(room, "m.tag") == [{"tags": {"u.work": {"order": 0.25}}}]
    assert of_type((await ann.sync())["account_data"], "m.push_rules")
    assert of_type((await ann.sync(token))["account_data"], "m.push_rules") == []
    await ann.call("DELETE", f"{mine}/rooms/{room_id}/tags/u.work")
    assert (await ann.call("GET", f"{mine}/rooms/{room_id}/tags")) == {"tags": {}}


async def test_deleted_account_data_is_gone_and_clients_hear_of_it(ann: User) -> None:
    await ann.call("PUT", f"/user/{ann.user_id}/account_data/a.b", {"x": 1})
    token = (await ann.sync())["next_batch"]
    unstable = "/_matrix/client/unstable/org.matrix.msc3391"
    await ann.call("DELETE", f"{unstable}/user/{ann.user_id}/account_data/a.b")
    assert of_type((await ann.sync(token))["account_data"], "a.b") == [{}]
    assert of_type((await ann.sync())["account_data"], "a.b") == []
    assert await ann.fail("GET", f"/user/{ann.user_id}/account_data/a.b", status=404) == "M_NOT_FOUND"


async def test_account_data_has_its_borders(ann: User, ben: User) -> None:
    mine, theirs = f"/user/{ann.user_id}/account_data", f"/user/{ben.user_id}/account_data"
    assert await ann.fail("GET", f"{mine}/nothing", status=404) == "M_NOT_FOUND"
    assert await ann.fail("PUT", f"{theirs}/a.b", {}, status=403) == "M_FORBIDDEN"
    assert await ann.fail("GET", f"{theirs}/a.b", status=403) == "M_FORBIDDEN"
    await ann.fail("PUT", f"{mine}/m.push_rules", {}, status=405)
    await ann.fail("PUT", f"/user/{ann.user_id}/rooms/!a:b/account_data/m.fully_read", {}, status=405)
    assert await ann.fail("PUT", f"{mine}/a.b", [1], status=400) == "M_BAD_JSON"
    assert await ann.fail("PUT", f"/user/{ann.user_id}/rooms/!a:b/tags/x", {"order": "1"}, status=400) == "M_BAD_JSON"


async def test_ignored_people_are_not_heard_but_their_state_is(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    invited = await ben.create_room(invite=[ann.user_id])
    token = (await ann.sync())["next_batch"]
    ignored: Json = {"ignored_users": {ben.user_id: {}}}
    await ann.call("PUT", f"/user/{ann.user_id}/account_data/m.ignored_user_list", ignored)
    await ben.send(room_id, "hello?")
    body = {"membership": "join", "displayname": "Not Ben"}
    await ben.call("PUT", f"/rooms/{room_id}/state/m.room.member/{ben.user_id}", body)
    room = joined(await ann.sync(token), room_id)
    assert [event["type"] for event in room["timeline"]["events"]] == ["m.room.member"]
    assert room["unread_notifications"]["notification_count"] == 0
    assert invited not in (await ann.sync())["rooms"].get("invite", {})


async def test_who_takes_no_invitations_sees_none(ann: User, ben: User) -> None:
    room_id = await ben.create_room(invite=[ann.user_id])
    path = f"/user/{ann.user_id}/account_data/m.invite_permission_config"
    await ann.call("PUT", path, {"default_action": "block"})
    assert "rooms" not in await ann.sync()
    other = await ben.create_room()
    body = {"user_id": ann.user_id}
    assert await ben.fail("POST", f"/rooms/{other}/invite", body, status=403) == "M_INVITE_BLOCKED"
    await ann.call("PUT", path, {})
    assert room_id in (await ann.sync())["rooms"]["invite"]


# typing, presence, to-device


async def test_typing_is_shown_and_ends(ann: User, ben: User) -> None:
    room_id = await room_of(ann, ben)
    path = f"/rooms/{room_id}/typing/{ben.user_id}"
    token = (await ann.sync(set_presence="offline"))["next_batch"]
    await ben.call("PUT", path, {"typing": True, "timeout": 30_000})
    answer = await ann.sync(token, 5_000, set_presence="offline")
    assert of_type(joined(answer, room_id)["ephemeral"], "m.typing") == [{"user_ids": [ben.user_id]}]
    fresh = await ann.sync(set_presence="offline")
    assert of_type(joined(fresh, room_id)["ephemeral"], "m.typing") == [{"user_ids": [ben.user_id]}]
    await ben.call("PUT", path, {"typing": False})
    answer = await ann.sync(answer["next_batch"], 5_000, set_presence="offline")
    assert of_type(joined(answer, room_id)["ephemeral"], "m.typing") == [{"user_ids": []}]
    await ben.call("PUT", path, {"typing": True, "timeout": 1})
    answer = await ann.sync(answer["next_batch"], 5_000, set_presence="offline")
    answer = await ann.sync(answer["next_batch"], 5_000, set_presence="offline")
    assert of_type(joined(answer, room_id)["ephemeral"], "m.typing") == [{"user_ids": []}]


async def test_typing_is_for_members_and_for_oneself(client: Homeserver, ann: User, ben: User) -> None:
    room_id = await room_of(ann)
    body = {"typing": True, "timeout": 1000}
    assert await ben.fail("PUT", f"/rooms/{room_id}/typing/{ben.user_id}", body, status=403) == "M_FORBIDDEN"
    assert await ann.fail("PUT", f"/rooms/{room_id}/typing/{ben.user_id}", body, status=403) == "M_FORBIDDEN"
    assert await ann.fail("PUT", f"/rooms/{room_id}/typing/{ann.user_id}", {}, status=400) == "M_BAD_JSON"


async def until_presence(user: User, other: User, token: str, wanted: str) -> Json:
    for _ in range(20):
        answer = await user.sync(token, 2_000, set_presence="offline")
        token = answer["next_batch"]
        for event in answer.get("presence", {}).get("events", []):
            if event["sender"] == other.user_id and event["content"]["presence"] == wanted:
                content: Json = event["content"]
                return content
    raise AssertionError(f"{wanted} never came")


async def test_presence_reaches_those_in_the_same_room(client: Homeserver, ann: User, ben: User) -> None:
    await room_of(ann, ben)
    token = (await ann.sync(set_presence="offline"))["next_batch"]
    await ben.sync()
    online = await until_presence(ann, ben, token, "online")
    assert online["currently_active"] is True
    await ben.call("PUT", f"/presence/{ben.user_id}/status", {"presence": "unavailable", "status_msg": "tea"})
    assert (await until_presence(ann, ben, token, "unavailable"))["status_msg"] == "tea"
    assert (await ann.call("GET", f"/presence/{ben.user_id}/status"))["status_msg"] == "tea"
    stranger = await client.register("stranger")
    assert await stranger.fail("GET", f"/presence/{ben.user_id}/status", status=403) == "M_FORBIDDEN"
    assert await stranger.fail("PUT", f"/presence/{ben.user_id}/status", {"presence": "online"}, status=403)
    assert await ben.fail("PUT", f"/presence/{ben.user_id}/status", {"presence": "busy"}, status=400) == "M_BAD_JSON"
    assert await ben.fail("GET", "/sync", set_presence="busy", status=400) == "M_INVALID_PARAM"


async def test_messages_to_a_device_come_once_and_many_in_turn(ann: User, ben: User) -> None:
    token = (await ann.sync())["next_batch"]
    for number in range(120):
        messages = {ann.user_id: {ann.device_id: {"number": number}}}
        await ben.call("PUT", f"/sendToDevice/a.b/{unique('t')}", {"messages": messages})
    got: list[int] = []
    sizes: list[int] = []
    for _ in range(3):
        answer = await ann.sync(token, set_presence="offline")
        again = await ann.sync(token, set_presence="offline")
        events = answer.get("to_device", {}).get("events", [])
        assert events == again.get("to_device", {}).get("events", [])
        sizes.append(len(events))
        got += [event["content"]["number"] for event in events]
        token = answer["next_batch"]
    assert (got, sizes) == (list(range(120)), [100, 20, 0])


async def test_new_people_in_a_room_are_in_the_device_lists(ann: User, ben: User) -> None:
    room_id = await room_of(ann)
    token = (await ann.sync())["next_batch"]
    await ben.call("POST", f"/join/{room_id}")
    answer = await ann.sync(token)
    assert ben.user_id in answer["device_lists"]["changed"]
    await ben.call("POST", f"/rooms/{room_id}/leave")
    assert (await ann.sync(answer["next_batch"]))["device_lists"]["left"] == [ben.user_id]
