"""Module "Guest Access": what guests may call."""

from palabre.http.server import HttpServer

from ..api import Homeserver, User, unique
from ..rooms.helpers import put_state, room_of

V3 = "/_matrix/client/v3"
FOR_GUESTS = [
    ("GET", f"{V3}/rooms/r/state"),
    ("GET", f"{V3}/rooms/r/context/e"),
    ("GET", f"{V3}/rooms/r/event/e"),
    ("GET", f"{V3}/rooms/r/state/t/k"),
    ("GET", f"{V3}/rooms/r/messages"),
    ("GET", f"{V3}/rooms/r/members"),
    ("GET", f"{V3}/rooms/r/initialSync"),
    ("GET", f"{V3}/sync"),
    ("GET", f"{V3}/events"),
    ("POST", f"{V3}/rooms/r/join"),
    ("POST", f"{V3}/rooms/r/leave"),
    ("PUT", f"{V3}/rooms/r/send/t/x"),
    ("PUT", f"{V3}/rooms/r/state/t/k"),
    ("PUT", f"{V3}/sendToDevice/t/x"),
    ("PUT", f"{V3}/profile/u/displayname"),
    ("DELETE", f"{V3}/profile/u/displayname"),
    ("GET", f"{V3}/devices"),
    ("GET", f"{V3}/devices/d"),
    ("PUT", f"{V3}/devices/d"),
    ("GET", f"{V3}/account/whoami"),
    ("POST", f"{V3}/keys/upload"),
    ("POST", f"{V3}/keys/query"),
    ("POST", f"{V3}/keys/claim"),
]
"""The list of the specification, without the content repository."""


def test_what_the_specification_opens_to_guests_is_open(app: HttpServer) -> None:
    closed = [(method, path) for method, path in FOR_GUESTS if not app.router.match(method, path)[0].guest]
    assert closed == []


async def test_a_guest_talks_and_a_guest_looks_in(client: Homeserver) -> None:
    ada = await client.register("ada")
    guest = User(client.http, await client.call("POST", "/register", {}, kind="guest"))
    room_id = await room_of(ada)
    await put_state(ada, room_id, "m.room.guest_access", {"guest_access": "can_join"})
    await guest.call("POST", f"/rooms/{room_id}/join")
    sent = await guest.send(room_id)
    joined = (await guest.sync())["rooms"]["join"][room_id]
    assert joined["timeline"]["events"][-1]["event_id"] == sent
    messages = {"messages": {ada.user_id: {ada.device_id: {"a": 1}}}}
    await guest.call("PUT", f"/sendToDevice/org.test/{unique('txn')}", messages)
    assert [event["sender"] for event in (await ada.sync())["to_device"]["events"]] == [guest.user_id]
    assert (await guest.call("POST", "/keys/query", {"device_keys": {ada.user_id: []}}))["failures"] == {}
    assert await guest.fail("GET", "/events", status=403) == "M_GUEST_ACCESS_FORBIDDEN"
    answer = await guest.call("GET", "/events", room_id=room_id, **{"from": (await guest.sync())["next_batch"]})
    assert [event for event in answer["chunk"] if event["type"] != "m.presence"] == []
    for method, path in (("GET", "/pushrules/"), ("POST", "/createRoom")):
        assert await guest.fail(method, path, status=403) == "M_GUEST_ACCESS_FORBIDDEN"
