"""Cross-signing: who may upload which key and signature, and who sees it."""

import asyncio
from typing import Any

import pytest

from .world import CONFIRMED, Device, Identity, Signer, World

KEYS = "/keys/device_signing/upload"
SIGNATURES = "/keys/signatures/upload"


async def upload(device: Device, identity: Identity, **more: Any) -> None:
    await device.call("POST", KEYS, {**identity.body(), **more})


async def sign(device: Device, user_id: str, target: str, signed: dict[str, Any]) -> Any:
    """The error of a signature, or None."""
    failures = (await device.call("POST", SIGNATURES, {user_id: {target: signed}}))["failures"]
    return failures.get(user_id, {}).get(target)


async def test_everybody_sees_the_keys_but_the_user_signing_key(alice: Device, bob: Device) -> None:
    identity = Identity(alice.user_id)
    await upload(alice, identity)
    body = identity.body()
    seen, own = await bob.query(alice.user_id), await alice.query(alice.user_id)
    for answer in (seen, own):
        assert answer["master_keys"] == {alice.user_id: body["master_key"]}
        assert answer["self_signing_keys"] == {alice.user_id: body["self_signing_key"]}
    assert own["user_signing_keys"] == {alice.user_id: body["user_signing_key"]}
    assert seen["user_signing_keys"] == {}


async def test_replacing_keys_needs_confirmation_and_repeating_them_does_not(alice: Device, bob: Device) -> None:
    first, second = Identity(alice.user_id), Identity(alice.user_id)
    await upload(alice, first)
    await upload(alice, first)
    assert await alice.fail("POST", KEYS, second.body(), status=401) == "M_UNAUTHORIZED"
    new_self_signing = {"self_signing_key": Signer(alice.user_id, "self_signing").key(first.master)}
    assert await alice.fail("POST", KEYS, new_self_signing, status=401) == "M_UNAUTHORIZED"
    assert (await bob.query(alice.user_id))["master_keys"] == {alice.user_id: first.master.key()}
    await upload(alice, second, auth=CONFIRMED)
    assert (await bob.query(alice.user_id))["master_keys"] == {alice.user_id: second.master.key()}


async def test_only_one_of_two_first_uploads_goes_without_confirmation(alice: Device) -> None:
    bodies = [Identity(alice.user_id).body() for _ in range(4)]
    answers = await asyncio.gather(*[alice.request("POST", KEYS, body) for body in bodies])
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def test_new_master_key_takes_the_keys_it_did_not_sign_with_it(alice: Device) -> None:
    old = Identity(alice.user_id)
    await upload(alice, old)
    new = Signer(alice.user_id, "master")
    resigned = old.self_signing.key(new)
    await alice.call("POST", KEYS, {"master_key": new.key(), "self_signing_key": resigned, "auth": CONFIRMED})
    answer = await alice.query(alice.user_id)
    assert answer["master_keys"] == {alice.user_id: new.key()}
    assert answer["self_signing_keys"] == {alice.user_id: resigned}
    assert answer["user_signing_keys"] == {}


async def test_keys_need_a_master_key_and_its_signature(alice: Device) -> None:
    identity = Identity(alice.user_id)
    without_master = {"self_signing_key": identity.self_signing.key(identity.master)}
    assert await alice.fail("POST", KEYS, without_master, status=400) == "M_MISSING_PARAM"
    for self_signing_key in (identity.self_signing.key(), identity.self_signing.key(Identity(alice.user_id).master)):
        body = {**identity.body(), "self_signing_key": self_signing_key}
        assert await alice.fail("POST", KEYS, body, status=400) == "M_INVALID_SIGNATURE"
    assert (await alice.query(alice.user_id))["master_keys"] == {}


async def test_key_named_like_a_device_is_refused_and_the_other_way_round(world: World, alice: Device) -> None:
    identity = Identity(alice.user_id)
    world.device(alice.user_id, identity.self_signing.public)
    assert await alice.fail("POST", KEYS, identity.body(), status=403) == "M_FORBIDDEN"
    other = Identity(alice.user_id)
    await upload(alice, other)
    taken = world.cross_signing.device_id_taken
    assert await taken(world.database, alice.user_id, other.master.public)
    assert not await taken(world.database, alice.user_id, "PHONE")
    assert not await taken(world.database, "@bob:test.local", other.master.public)


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"user_id": "@mallory:test.local"}, "M_INVALID_PARAM"),
        ({"usage": ["self_signing"]}, "M_INVALID_PARAM"),
        ({"keys": {}}, "M_INVALID_PARAM"),
        ({"keys": {"ed25519:A": "A"}}, "M_INVALID_PARAM"),
        ({"keys": {"ed25519:\0": "\0"}}, "M_BAD_JSON"),
        ({"keys": "A"}, "M_BAD_JSON"),
        ({"usage": None}, "M_BAD_JSON"),
        ({"signatures": {"a": "b"}}, "M_BAD_JSON"),
    ],
)
async def test_bad_keys(alice: Device, change: dict[str, Any], errcode: str) -> None:
    key = {**Signer(alice.user_id, "master").key(), **change}
    assert await alice.fail("POST", KEYS, {"master_key": key}, status=400) == errcode


async def test_self_signing_signature_on_a_device_is_seen_by_all(alice: Device, bob: Device) -> None:
    identity = Identity(alice.user_id)
    await upload(alice, identity)
    keys = alice.keys()
    await alice.upload(device_keys=keys)
    signed = identity.self_signing.sign(keys)
    assert await sign(alice, alice.user_id, alice.device_id, signed) is None
    expected = keys["signatures"][alice.user_id] | signed["signatures"][alice.user_id]
    for viewer in (alice, bob):
        seen = (await viewer.query(alice.user_id))["device_keys"][alice.user_id][alice.device_id]
        assert seen["signatures"] == {alice.user_id: expected}


async def test_device_signature_on_the_master_key_is_seen_by_all(alice: Device, bob: Device) -> None:
    identity = Identity(alice.user_id)
    await upload(alice, identity)
    await alice.upload(device_keys=alice.keys())
    signed = alice.sign(identity.master.key())
    assert await sign(alice, alice.user_id, identity.master.public, signed) is None
    assert (await bob.query(alice.user_id))["master_keys"] == {alice.user_id: signed}


async def test_user_signing_signature_is_seen_by_the_signer_alone(alice: Device, bob: Device) -> None:
    alices, bobs = Identity(alice.user_id), Identity(bob.user_id)
    await upload(alice, alices)
    await upload(bob, bobs)
    signed = alices.user_signing.sign(bobs.master.key())
    assert await sign(alice, bob.user_id, bobs.master.public, signed) is None
    assert (await alice.query(bob.user_id))["master_keys"] == {bob.user_id: signed}
    assert (await bob.query(bob.user_id))["master_keys"] == {bob.user_id: bobs.master.key()}


async def test_signatures_that_are_refused(alice: Device, bob: Device) -> None:
    alices, bobs = Identity(alice.user_id), Identity(bob.user_id)
    await upload(alice, alices)
    await upload(bob, bobs)
    for device in (alice, bob):
        await device.upload(device_keys=device.keys())
    device_keys, master = alice.keys(), alices.master.public

    async def refused(user_id: str, target: str, signed: dict[str, Any]) -> Any:
        failure = await sign(alice, user_id, target, signed)
        return failure and failure["errcode"]

    good = alices.self_signing.sign(device_keys)
    key_id = f"ed25519:{alices.self_signing.public}"
    forged = {**good, "signatures": {alice.user_id: {key_id: "A" * 86}}}
    assert await refused(alice.user_id, alice.device_id, forged) == "M_INVALID_SIGNATURE"
    not_base64 = {**good, "signatures": {alice.user_id: {key_id: "\u00b7é"}}}
    assert await refused(alice.user_id, alice.device_id, not_base64) == "M_INVALID_SIGNATURE"
    changed = alices.self_signing.sign({**device_keys, "algorithms": []})
    assert await refused(alice.user_id, alice.device_id, changed) == "M_INVALID_PARAM"
    by_master = alices.master.sign(device_keys)
    assert await refused(alice.user_id, alice.device_id, by_master) == "M_INVALID_SIGNATURE"
    assert await refused(alice.user_id, alice.device_id, {"signatures": 3}) == "M_INVALID_PARAM"
    assert await refused(alice.user_id, "NO DEVICE", good) == "M_NOT_FOUND"
    others_device = alices.user_signing.sign(bob.keys())
    assert await refused(bob.user_id, bob.device_id, others_device) == "M_NOT_FOUND"
    by_self_signing = alices.self_signing.sign(bobs.master.key())
    assert await refused(bob.user_id, bobs.master.public, by_self_signing) == "M_INVALID_SIGNATURE"
    as_bob = bobs.user_signing.sign(alices.master.key())
    assert await refused(alice.user_id, master, as_bob) == "M_INVALID_SIGNATURE"
    own = (await alice.query(alice.user_id))["device_keys"][alice.user_id][alice.device_id]
    assert own["signatures"] == device_keys["signatures"]


async def test_one_bad_signature_does_not_stop_the_others(alice: Device) -> None:
    identity = Identity(alice.user_id)
    await upload(alice, identity)
    keys = alice.keys()
    await alice.upload(device_keys=keys)
    body = {alice.user_id: {alice.device_id: identity.self_signing.sign(keys), "NOBODY": {}}}
    failures = (await alice.call("POST", SIGNATURES, body))["failures"]
    assert [*failures[alice.user_id]] == ["NOBODY"]
    own = (await alice.query(alice.user_id))["device_keys"][alice.user_id][alice.device_id]
    assert len(own["signatures"][alice.user_id]) == 2


async def test_signatures_go_with_the_keys_that_made_them(world: World, alice: Device, bob: Device) -> None:
    first, second = Identity(alice.user_id), Identity(alice.user_id)
    await upload(alice, first)
    keys = alice.keys()
    await alice.upload(device_keys=keys)
    await sign(alice, alice.user_id, alice.device_id, first.self_signing.sign(keys))
    await upload(alice, second, auth=CONFIRMED)
    seen = (await bob.query(alice.user_id))["device_keys"][alice.user_id][alice.device_id]
    assert seen["signatures"] == keys["signatures"]
    await sign(alice, alice.user_id, second.master.public, alice.sign(second.master.key()))
    await world.delete_device(alice.user_id, alice.device_id)
    assert (await bob.query(alice.user_id))["master_keys"] == {alice.user_id: second.master.key()}


async def test_deactivated_person_leaves_nothing(world: World, alice: Device, bob: Device) -> None:
    identity = Identity(alice.user_id)
    await upload(alice, identity)
    await world.database.write(lambda tx: world.cross_signing.on_deactivated(tx, alice.user_id, True))
    answer = await bob.query(alice.user_id)
    assert answer["master_keys"] == answer["self_signing_keys"] == {}


@pytest.mark.parametrize("body", [[], {"@a:b": []}, {"@a:b": {"D": 3}}, {"no user": {"D": {}}}])
async def test_bad_bodies_of_signatures(alice: Device, body: Any) -> None:
    assert await alice.fail("POST", SIGNATURES, body, status=400) in ("M_BAD_JSON", "M_INVALID_PARAM")
