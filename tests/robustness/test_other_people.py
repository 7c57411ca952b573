"""Somebody with an account of their own, who knows every name another person has, tries every endpoint with them: they
see nothing of what is private, and change nothing of it.
"""

from typing import Any

import pytest

from palabre.http.endpoint import Endpoint

from ..api import Homeserver, User
from ..services import Palabre
from . import cases
from .test_garbage import Judge
from .wire import Call, say
from .world import World

pytestmark = pytest.mark.timeout(120)

SECRET = "kept to herself"


async def private_life(anna: User, bea: User) -> World:
    """What Anna has, full of `SECRET`: an invited-only room with Bea, messages, notes, tags, a filter, a backup."""
    world = await World.make(anna, bea)
    room_id = await anna.create_room(preset="private_chat", name=SECRET, topic=SECRET, invite=[bea.user_id])
    await bea.call("POST", f"/rooms/{room_id}/join")
    event_id = await anna.send(room_id, SECRET)
    thread = {"msgtype": "m.text", "body": SECRET, "m.relates_to": {"rel_type": "m.thread", "event_id": event_id}}
    await anna.call("PUT", f"/rooms/{room_id}/send/m.room.message/thread", thread)
    await anna.call("PUT", f"/rooms/{room_id}/state/m.room.topic", {"topic": SECRET})
    mine = f"/user/{anna.user_id}"
    note = {"note": SECRET}
    await anna.call("PUT", f"{mine}/account_data/org.example.note", note)
    await anna.call("PUT", f"{mine}/rooms/{room_id}/account_data/org.example.note", note)
    await anna.call("PUT", f"{mine}/rooms/{room_id}/tags/u.friends", {"order": 0.5, "note": SECRET})
    filter_id = (await anna.call("POST", f"{mine}/filter", {"room": {"timeline": {"types": [SECRET]}}}))["filter_id"]
    await anna.call("PUT", f"/devices/{anna.device_id}", {"display_name": SECRET})
    rule = {"actions": ["notify"], "conditions": [{"kind": "event_match", "key": "a", "pattern": SECRET}]}
    await anna.call("PUT", "/pushrules/global/override/org.example.rule", rule)
    await anna.call("PUT", f"/presence/{anna.user_id}/status", {"presence": "online", "status_msg": SECRET})
    session = {"first_message_index": 0, "forwarded_count": 0, "is_verified": True, "session_data": {"a": SECRET}}
    keys = {"rooms": {room_id: {"sessions": {"session": session}}}}
    await anna.call("PUT", "/room_keys/keys", keys, version=world.names["version"])
    await bea.call("PUT", "/sendToDevice/org.example/1", {"messages": {anna.user_id: {"*": note}}})
    names = {"room_id": room_id, "room_id_or_alias": room_id, "event_id": event_id, "filter_id": filter_id}
    return World(anna, bea, world.names | names)


async def what_she_has(world: World) -> dict[str, Any]:
    """All of it, as she sees it herself."""
    anna, room_id = world.user, world.names["room_id"]
    mine = f"/user/{anna.user_id}"
    paths = [
        "/account/whoami",
        "/account/3pid",
        f"/devices/{anna.device_id}",
        "/joined_rooms",
        "/pushrules/",
        "/pushers",
        f"{mine}/account_data/org.example.note",
        f"{mine}/rooms/{room_id}/account_data/org.example.note",
        f"{mine}/rooms/{room_id}/tags",
        f"{mine}/filter/{world.names['filter_id']}",
        f"/profile/{anna.user_id}",
        f"/presence/{anna.user_id}/status",
        f"/rooms/{room_id}/state",
        f"/rooms/{room_id}/messages",
        f"/rooms/{room_id}/aliases",
        f"/directory/list/room/{room_id}",
        "/room_keys/version",
        "/room_keys/keys",
    ]
    found = {path: await anna.call("GET", path, dir="b", version=world.names["version"]) for path in paths}
    del found[f"/devices/{anna.device_id}"]["last_seen_ts"]
    found[f"/presence/{anna.user_id}/status"].pop("last_active_ago", None)
    messages = f"/rooms/{room_id}/messages"
    found[messages] = [(event["event_id"], event["content"]) for event in found[messages]["chunk"]]
    return found


async def test_nothing_of_hers(server: Homeserver, process: Palabre, endpoints: list[Endpoint]) -> None:
    anna, bea, mallory = [await server.register(name) for name in ("anna", "bea", "mallory")]
    world = await private_life(anna, bea)
    before = await what_she_has(world)
    assert str(before).count(SECRET) > 10
    judge = Judge()
    asked = 0
    for endpoint in endpoints:
        if endpoint.access == "operator" or endpoint.path.endswith(("/logout", "/logout/all", "/account/deactivate")):
            continue
        path = world.path(endpoint)
        bodies: list[bytes | None] = [cases.encode(body) for body in world.bodies(endpoint)]
        bodies = bodies or [None]
        calls = [Call(endpoint.method, path, body, token) for body in bodies for token in (mallory.token, None)]
        if endpoint.method == "GET":
            named = "&".join(f"{name}={value}" for name, value in world.names.items())
            calls += [Call("GET", f"{path}&{named}&from=0&since=0&dir=b", None, mallory.token)]
        answers = await say(process.port, calls, 1)
        judge.hear(answers, endpoint)
        for call, answer in answers:
            asked += 1
            # Devices are named to everybody who may write to them (Client-Server API, `keys/query`).
            if not endpoint.path.endswith("/keys/query"):
                assert SECRET.encode() not in answer.body, f"{call}: {answer.body[:500]!r}"
    judge.verdict()
    assert asked > 2 * len(endpoints) * 0.8
    assert await what_she_has(world) == before
