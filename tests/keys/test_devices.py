"""Device keys: uploading and querying them."""

from typing import Any

import pytest
import vodozemac

from palabre.core.json import canonical

from .world import Device, World


async def test_queried_keys_are_the_uploaded_ones(world: World, alice: Device, bob: Device) -> None:
    keys = {**alice.keys(), "org.example.signed_too": 1}
    await alice.upload(device_keys={**keys, "unsigned": {"device_display_name": "forged"}})
    answer = await bob.query(alice.user_id, "@nobody:test.local")
    assert answer["device_keys"] == {
        alice.user_id: {alice.device_id: {**keys, "unsigned": {}}},
        "@nobody:test.local": {},
    }
    assert answer["failures"] == {}


async def test_a_client_can_check_the_signature(alice: Device, bob: Device) -> None:
    await alice.upload(device_keys=alice.keys())
    keys = (await bob.query(alice.user_id))["device_keys"][alice.user_id][alice.device_id]
    signature = keys["signatures"][alice.user_id][f"ed25519:{alice.device_id}"]
    signed = {name: value for name, value in keys.items() if name not in ("signatures", "unsigned")}
    public_key = vodozemac.Ed25519PublicKey.from_base64(keys["keys"][f"ed25519:{alice.device_id}"])
    public_key.verify_signature(canonical(signed), vodozemac.Ed25519Signature.from_base64(signature))


async def test_display_name_and_chosen_devices(world: World, bob: Device) -> None:
    named, other, silent = (world.device("@alice:test.local", name=name) for name in ("Phone", None, "No keys"))
    for device in (named, other):
        await device.upload(device_keys=device.keys())
    found = (await bob.query("@alice:test.local"))["device_keys"]["@alice:test.local"]
    assert set(found) == {named.device_id, other.device_id}
    assert found[named.device_id]["unsigned"] == {"device_display_name": "Phone"}
    wanted = {"@alice:test.local": [other.device_id, silent.device_id]}
    chosen = (await bob.call("POST", "/keys/query", {"device_keys": wanted}))["device_keys"]["@alice:test.local"]
    assert set(chosen) == {other.device_id}


async def test_deleted_device_has_no_keys(world: World, alice: Device, bob: Device) -> None:
    await alice.upload(device_keys=alice.keys())
    await world.delete_device(alice.user_id, alice.device_id)
    assert (await bob.query(alice.user_id))["device_keys"] == {alice.user_id: {}}


@pytest.mark.parametrize("name", ["user_id", "device_id"])
async def test_keys_of_others_are_refused(alice: Device, name: str) -> None:
    keys = {**alice.keys(), name: "@mallory:test.local"}
    assert await alice.fail("POST", "/keys/upload", {"device_keys": keys}, status=400) == "M_INVALID_PARAM"


@pytest.mark.parametrize("name", ["user_id", "device_id", "algorithms", "keys", "signatures"])
@pytest.mark.parametrize("value", [None, 1, [1], {"a": 1}])
async def test_keys_of_another_shape_store_nothing(alice: Device, name: str, value: Any) -> None:
    keys = {**alice.keys(), name: value}
    body = {"device_keys": keys, "one_time_keys": alice.one_time_keys(1)}
    assert await alice.fail("POST", "/keys/upload", body, status=400) == "M_BAD_JSON"
    assert await alice.supply() == ({}, [])


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, "M_BAD_JSON"),
        ({"device_keys": []}, "M_BAD_JSON"),
        ({"device_keys": {"@alice:test.local": "DEVICE"}}, "M_BAD_JSON"),
        ({"device_keys": {"alice": []}}, "M_INVALID_PARAM"),
        ({"device_keys": {"@\0": []}}, "M_BAD_JSON"),
    ],
)
async def test_bad_queries(alice: Device, body: Any, errcode: str) -> None:
    assert await alice.fail("POST", "/keys/query", body, status=400) == errcode
