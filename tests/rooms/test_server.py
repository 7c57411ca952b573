"""Reports, rooms in common, OpenID tokens, and what the server says about itself."""

from palabre.settings import Settings

from ..api import Homeserver, Http
from .helpers import V1, people, room_of


async def test_reports_reach_the_operator(client: Homeserver, settings: Settings) -> None:
    alice, bob, eve = await people(client, "alice", "bob", "eve")
    room_id = await room_of(alice, bob)
    sent = await bob.send(room_id, "awful")
    await alice.call("POST", f"/rooms/{room_id}/report/{sent}", {"reason": "rude", "score": -50})
    await alice.call("POST", f"/rooms/{room_id}/report/{sent}", {})
    await eve.call("POST", f"/rooms/{room_id}/report", {"reason": "spam"})
    await eve.call("POST", f"/users/{bob.user_id}/report", {"reason": "bully"})
    assert await eve.fail("POST", f"/rooms/{room_id}/report/{sent}", {"reason": "x"}, status=404) == "M_NOT_FOUND"
    assert await alice.fail("POST", f"/rooms/{room_id}/report/$none", {}, status=404) == "M_NOT_FOUND"
    assert await alice.fail("POST", "/rooms/!none/report", {"reason": "x"}, status=404) == "M_NOT_FOUND"
    assert await alice.fail("POST", "/users/@none:test.local/report", {"reason": "x"}, status=404) == "M_NOT_FOUND"
    path = f"/rooms/{room_id}/report/{sent}"
    assert await alice.fail("POST", path, {"score": 5}, status=400) == "M_INVALID_PARAM"
    assert await alice.fail("POST", path, {"reason": 5}, status=400) == "M_BAD_JSON"
    operator = Http(client.http, (settings.data / "operator.token").read_text().strip())
    found = (await operator.call("GET", "/_palabre/admin/v1/reports"))["reports"]
    seen = [(one["reporter"], one["room_id"], one["event_id"], one["user_id"], one["reason"]) for one in found]
    assert sorted(seen, key=str) == sorted(
        [
            (alice.user_id, room_id, sent, bob.user_id, "rude"),
            (alice.user_id, room_id, sent, bob.user_id, None),
            (eve.user_id, room_id, None, None, "spam"),
            (eve.user_id, None, None, bob.user_id, "bully"),
        ],
        key=str,
    )
    await alice.fail("GET", "/_palabre/admin/v1/reports", status=401)


async def test_rooms_in_common(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    shared = [await room_of(alice, bob) for _ in range(2)]
    await room_of(alice)
    left = await room_of(alice, bob)
    await bob.call("POST", f"/rooms/{left}/leave")
    answer = await alice.call("GET", f"{V1}/mutual_rooms", user_id=bob.user_id)
    assert (sorted(answer["joined"]), answer["count"]) == (sorted(shared), 2)
    nobody = await alice.call("GET", f"{V1}/mutual_rooms", user_id="@none:test.local")
    assert nobody == {"joined": [], "count": 0}
    for wrong in (alice.user_id, "x", None):
        assert await alice.fail("GET", f"{V1}/mutual_rooms", user_id=wrong, status=400) == "M_INVALID_PARAM"


async def test_openid(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    path = f"/user/{alice.user_id}/openid/request_token"
    given = await alice.call("POST", path)
    assert (given["matrix_server_name"], given["token_type"]) == ("test.local", "Bearer")
    userinfo = "/_matrix/federation/v1/openid/userinfo"
    assert await client.call("GET", userinfo, access_token=given["access_token"]) == {"sub": alice.user_id}
    assert await client.fail("GET", userinfo, access_token="wrong", status=401) == "M_UNKNOWN_TOKEN"
    assert await client.fail("GET", userinfo, status=401) == "M_MISSING_TOKEN"
    await bob.fail("POST", path, status=403)


async def test_versions_and_capabilities(client: Homeserver) -> None:
    versions = await client.call("GET", "/_matrix/client/versions")
    assert {"v1.1", "v1.11"} <= set(versions["versions"])
    assert all(isinstance(value, bool) for value in versions["unstable_features"].values())
    alice = await client.register("alice")
    capabilities = (await alice.call("GET", "/capabilities"))["capabilities"]
    assert capabilities["m.room_versions"]["available"] == {str(n): "stable" for n in range(1, 13)}
    assert capabilities["m.room_versions"]["default"] in capabilities["m.room_versions"]["available"]
    await client.fail("GET", "/capabilities", status=401)


async def test_whois_is_for_oneself(client: Homeserver) -> None:
    alice, bob = await people(client, "alice", "bob")
    found = await alice.call("GET", f"/admin/whois/{alice.user_id}")
    assert set(found["devices"]) == {alice.device_id}
    await bob.fail("GET", f"/admin/whois/{alice.user_id}", status=403)


async def test_nothing_can_be_uploaded(client: Homeserver) -> None:
    ada = await client.register("ada")
    for path in ("/_matrix/client/v1/media/config", "/_matrix/media/v3/config"):
        assert await ada.call("GET", path) == {"m.upload.size": 0}
        await client.fail("GET", path, status=401)
