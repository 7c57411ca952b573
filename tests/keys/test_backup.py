"""Key backup: versions, keys at the three levels, and which of two keys is kept."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palabre.messaging.keys.backup.models import KeyData

from .world import Device, World

ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2"
AUTH_DATA = {"public_key": "abc", "signatures": {}}


def key(index: int = 1, forwarded: int = 0, verified: bool = False, data: Any = None) -> dict[str, Any]:
    return {
        "first_message_index": index,
        "forwarded_count": forwarded,
        "is_verified": verified,
        "session_data": {"ciphertext": "c"} if data is None else data,
    }


async def create(device: Device) -> str:
    body = {"algorithm": ALGORITHM, "auth_data": AUTH_DATA}
    version: str = (await device.call("POST", "/room_keys/version", body))["version"]
    return version


async def put(device: Device, version: str, rooms: dict[str, dict[str, Any]]) -> Any:
    body = {"rooms": {room_id: {"sessions": sessions} for room_id, sessions in rooms.items()}}
    return await device.call("PUT", "/room_keys/keys", body, version=version)


async def get(device: Device, version: str) -> dict[str, dict[str, Any]]:
    rooms = (await device.call("GET", "/room_keys/keys", version=version))["rooms"]
    return {room_id: room["sessions"] for room_id, room in rooms.items()}


async def test_versions(alice: Device, bob: Device) -> None:
    assert await alice.fail("GET", "/room_keys/version", status=404) == "M_NOT_FOUND"
    first, second = await create(alice), await create(alice)
    assert first != second
    expected = {"algorithm": ALGORITHM, "auth_data": AUTH_DATA, "count": 0, "etag": "0", "version": second}
    assert await alice.call("GET", "/room_keys/version") == expected
    assert await alice.call("GET", f"/room_keys/version/{first}") == {**expected, "version": first}
    assert await bob.fail("GET", f"/room_keys/version/{first}", status=404) == "M_NOT_FOUND"
    await alice.call("DELETE", f"/room_keys/version/{second}")
    await alice.call("DELETE", f"/room_keys/version/{second}")
    assert (await alice.call("GET", "/room_keys/version"))["version"] == first
    assert await alice.fail("GET", f"/room_keys/version/{second}", status=404) == "M_NOT_FOUND"
    assert await create(alice) not in (first, second)


async def test_auth_data_can_change_and_the_rest_cannot(alice: Device) -> None:
    version = await create(alice)
    path = f"/room_keys/version/{version}"
    body = {"algorithm": ALGORITHM, "auth_data": {"public_key": "new"}}
    await alice.call("PUT", path, body)
    await alice.call("PUT", path, {**body, "version": version})
    assert (await alice.call("GET", path))["auth_data"] == {"public_key": "new"}
    assert await alice.fail("PUT", path, {**body, "algorithm": "other"}, status=400) == "M_INVALID_PARAM"
    assert await alice.fail("PUT", path, {**body, "version": "99"}, status=400) == "M_INVALID_PARAM"
    assert await alice.fail("PUT", "/room_keys/version/99", body, status=404) == "M_NOT_FOUND"


@pytest.mark.parametrize("version", ["bogus", "0", "-1", "²", "9" * 40, "%2F"])
async def test_unknown_versions(alice: Device, version: str) -> None:
    await create(alice)
    for method in ("GET", "DELETE"):
        assert await alice.fail(method, f"/room_keys/version/{version}", status=404) == "M_NOT_FOUND"
        assert await alice.fail(method, "/room_keys/keys", status=404, version=version) == "M_NOT_FOUND"


async def test_keys_at_the_three_levels(alice: Device) -> None:
    version = await create(alice)
    room, session = "/room_keys/keys/!room", "/room_keys/keys/!room/session%2F1"
    assert await alice.fail("GET", session, status=404, version=version) == "M_NOT_FOUND"
    assert await alice.call("GET", room, version=version) == {"sessions": {}}
    assert await alice.call("GET", "/room_keys/keys", version=version) == {"rooms": {}}
    assert await alice.call("PUT", session, key(1), version=version) == {"etag": "1", "count": 1}
    more = {"sessions": {"2": key(2), "3": key(3, data="opaque")}}
    assert (await alice.call("PUT", room, more, version=version))["count"] == 3
    assert (await put(alice, version, {"!other": {"2": key(4)}}))["count"] == 4
    assert await alice.call("GET", session, version=version) == key(1)
    assert await alice.call("GET", room, version=version) == {"sessions": {"session/1": key(1), **more["sessions"]}}
    assert await get(alice, version) == {"!room": {"session/1": key(1), **more["sessions"]}, "!other": {"2": key(4)}}
    assert (await alice.call("DELETE", session, version=version))["count"] == 3
    assert (await alice.call("DELETE", room, version=version))["count"] == 1
    before = await alice.call("DELETE", room, version=version)
    assert (await alice.call("GET", "/room_keys/version"))["etag"] == before["etag"]
    assert (await alice.call("DELETE", "/room_keys/keys", version=version))["count"] == 0
    assert await get(alice, version) == {}


async def test_keys_go_into_the_current_backup_only(alice: Device) -> None:
    assert await alice.fail("PUT", "/room_keys/keys", {"rooms": {}}, status=404, version="1") == "M_NOT_FOUND"
    old, current = await create(alice), await create(alice)
    answer = await alice.call("PUT", "/room_keys/keys", {"rooms": {}}, status=403, version=old)
    assert (answer["errcode"], answer["current_version"]) == ("M_WRONG_ROOM_KEYS_VERSION", current)
    assert await put(alice, current, {}) == {"etag": "0", "count": 0}


async def test_new_backup_is_empty_after_a_deleted_one(alice: Device, bob: Device) -> None:
    version = await create(alice)
    await put(alice, version, {"!room": {"1": key()}})
    bobs = await create(bob)
    assert await get(bob, bobs) == {}
    await alice.call("DELETE", f"/room_keys/version/{version}")
    assert await get(alice, await create(alice)) == {}


async def test_etag_changes_only_with_keys(alice: Device) -> None:
    version = await create(alice)
    first = await put(alice, version, {"!room": {"1": key(5)}})
    assert await put(alice, version, {"!room": {"1": key(6)}}) == first, "a worse key"
    better = await put(alice, version, {"!room": {"1": key(4), "2": key(1)}})
    assert better["etag"] != first["etag"]
    assert better["count"] == 2


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (key(5), key(4), "new"),
        (key(5), key(6), "old"),
        (key(5, 3), key(5, 2), "new"),
        (key(5, 2), key(5, 3), "old"),
        (key(5, 2), key(5, 2), "old"),
        (key(1, 0), key(9, 9, verified=True), "new"),
        (key(9, 9, verified=True), key(1, 0), "old"),
        (key(9, 9, verified=True), key(8, 9, verified=True), "new"),
    ],
)
async def test_which_key_is_kept(alice: Device, old: dict[str, Any], new: dict[str, Any], kept: str) -> None:
    version = await create(alice)
    await put(alice, version, {"!room": {"1": {**old, "session_data": "old"}}})
    await put(alice, version, {"!room": {"1": {**new, "session_data": "new"}}})
    assert (await get(alice, version))["!room"]["1"]["session_data"] == kept


KEY_DATA = st.builds(KeyData, st.integers(0, 3), st.integers(0, 3), st.booleans(), st.just("data"))


@given(KEY_DATA, KEY_DATA, KEY_DATA)
def test_the_best_key_wins_in_any_order(one: KeyData, two: KeyData, three: KeyData) -> None:
    def kept(keys: list[KeyData]) -> KeyData:
        best = keys[0]
        for each in keys[1:]:
            best = each if each.replaces(best) else best
        return best

    assert kept([one, two, three]) == kept([three, two, one]) == kept([two, three, one])
    assert not one.replaces(one)
    assert not (one.replaces(two) and two.replaces(one))
    if one.is_verified != two.is_verified:
        assert kept([one, two]).is_verified
    elif one.first_message_index != two.first_message_index:
        assert kept([one, two]).first_message_index == min(one.first_message_index, two.first_message_index)
    else:
        assert kept([one, two]).forwarded_count == min(one.forwarded_count, two.forwarded_count)


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, "M_BAD_JSON"),
        ({"rooms": []}, "M_BAD_JSON"),
        ({"rooms": {"!r": {}}}, "M_BAD_JSON"),
        ({"rooms": {"!r": {"sessions": {"s": {}}}}}, "M_BAD_JSON"),
        ({"rooms": {"!r": {"sessions": {"s": key(index=-1)}}}}, "M_BAD_JSON"),
        ({"rooms": {"!r": {"sessions": {"s": key(index=2**53)}}}}, "M_BAD_JSON"),
        ({"rooms": {"!r": {"sessions": {"s": key(data=3)}}}}, "M_BAD_JSON"),
        ({"rooms": {"!r": {"sessions": {"": key()}}}}, "M_INVALID_PARAM"),
        ({"rooms": {"\0": {"sessions": {"s": key()}}}}, "M_BAD_JSON"),
        ({"rooms": {"!r": {"sessions": {"s" * 300: key()}}}}, "M_INVALID_PARAM"),
    ],
)
async def test_bad_keys(alice: Device, body: Any, errcode: str) -> None:
    version = await create(alice)
    assert await alice.fail("PUT", "/room_keys/keys", body, status=400, version=version) == errcode
    assert await alice.fail("PUT", "/room_keys/keys", {"rooms": {}}, status=400) == "M_MISSING_PARAM"


async def test_deactivated_person_leaves_nothing(world: World, alice: Device) -> None:
    version = await create(alice)
    await put(alice, version, {"!room": {"1": key()}})
    await world.database.write(lambda tx: world.backups.on_deactivated(tx, alice.user_id, True))
    assert await alice.fail("GET", "/room_keys/version", status=404) == "M_NOT_FOUND"
    assert await world.database.fetchval("SELECT COUNT(*) FROM backed_up_keys") == 0
