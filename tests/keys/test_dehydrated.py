"""Dehydrated devices: they take in messages, and a new device takes those up."""

from typing import Any

import pytest

from .world import Device, World

ROOT = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device"
DATA = {"algorithm": "org.matrix.msc3814.v2", "device_pickle": "opaque"}


async def dehydrate(world: World, alice: Device, device_id: str = "DRY") -> tuple[Device, dict[str, Any]]:
    dry = Device(world, alice.user_id, device_id)
    body = {
        "device_id": device_id,
        "device_data": DATA,
        "device_keys": {**dry.keys(), "dehydrated": True},
        "one_time_keys": dry.one_time_keys(2),
        "fallback_keys": dry.fallback_key(),
        "initial_device_display_name": "Dehydrated",
    }
    assert await alice.call("PUT", ROOT, body) == {"device_id": device_id}
    return dry, body


async def test_messages_wait_for_whoever_takes_the_device_up(world: World, alice: Device, bob: Device) -> None:
    dry, body = await dehydrate(world, alice)
    seen = (await bob.query(alice.user_id))["device_keys"][alice.user_id][dry.device_id]
    assert seen == {**body["device_keys"], "unsigned": {"device_display_name": "Dehydrated"}}
    assert next(iter((await bob.claim(dry))[alice.user_id][dry.device_id])) in body["one_time_keys"]
    for n in range(120):
        await bob.send({alice.user_id: {"*": {"n": n}}})
    assert await alice.call("GET", ROOT) == {"device_id": dry.device_id, "device_data": DATA}
    for _ in range(2):
        answer: dict[str, Any] = await alice.call("POST", f"{ROOT}/{dry.device_id}/events")
        received = [event["content"]["n"] for event in answer["events"]]
        answer = await alice.call("POST", f"{ROOT}/{dry.device_id}/events", {"next_batch": answer["next_batch"]})
        received += [event["content"]["n"] for event in answer["events"]]
        assert received == list(range(120)), "and again, should the client fail half-way"
    rest = await alice.call("POST", f"{ROOT}/{dry.device_id}/events", {"next_batch": answer["next_batch"]})
    assert rest["events"] == []
    assert await alice.call("DELETE", ROOT) == {"device_id": dry.device_id}
    assert await alice.fail("GET", ROOT, status=404) == "M_NOT_FOUND"
    assert await bob.claim(dry) == {}


async def test_a_new_one_takes_the_place_of_the_old(world: World, alice: Device, bob: Device) -> None:
    await dehydrate(world, alice, "ONE")
    dry, _ = await dehydrate(world, alice, "TWO")
    assert list((await bob.query(alice.user_id))["device_keys"][alice.user_id]) == ["TWO"]
    await dehydrate(world, alice, "TWO")
    assert await dry.supply() == ({"signed_curve25519": 2}, ["signed_curve25519"])


async def test_others_are_kept_out(world: World, alice: Device, bob: Device) -> None:
    await dehydrate(world, alice)
    assert await bob.fail("GET", ROOT, status=404) == "M_NOT_FOUND"
    assert await bob.fail("POST", f"{ROOT}/DRY/events", status=404) == "M_NOT_FOUND"
    assert await alice.fail("POST", f"{ROOT}/{alice.device_id}/events", status=403) == "M_FORBIDDEN"


@pytest.mark.parametrize("change", [{"device_id": ""}, {"device_id": "OTHER"}, {"device_data": 1}, {"device_keys": {}}])
async def test_bad_bodies_store_nothing(world: World, alice: Device, change: dict[str, Any]) -> None:
    keys = Device(world, alice.user_id, "DRY").keys()
    body = {"device_id": "DRY", "device_data": DATA, "device_keys": keys, **change}
    assert await alice.fail("PUT", ROOT, body, status=400) in ("M_BAD_JSON", "M_INVALID_PARAM")
    assert await alice.fail("GET", ROOT, status=404) == "M_NOT_FOUND"


async def test_bad_batch(world: World, alice: Device) -> None:
    await dehydrate(world, alice)
    body = {"next_batch": "nonsense"}
    assert await alice.fail("POST", f"{ROOT}/DRY/events", body, status=400) == "M_INVALID_PARAM"
