"""One-time keys: each given out once, whatever is repeated, at the same time or on another process."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from palabre.bus.local import LocalBus
from palabre.storage.database import Database
from palabre.storage.open import open_database

from .world import Device, World, running


def names(claimed: dict[str, Any], device: Device) -> list[str]:
    return list(claimed.get(device.user_id, {}).get(device.device_id, {}))


async def test_claimed_key_is_the_uploaded_one_in_order_of_upload(alice: Device, bob: Device) -> None:
    first, second = alice.one_time_keys(1), alice.one_time_keys(1)
    assert await alice.upload(one_time_keys=first) == {"signed_curve25519": 1}
    assert await alice.upload(one_time_keys=second) == {"signed_curve25519": 2}
    assert await bob.claim(alice) == {alice.user_id: {alice.device_id: first}}
    assert await alice.supply() == ({"signed_curve25519": 1}, [])
    assert await bob.claim(alice) == {alice.user_id: {alice.device_id: second}}
    assert await bob.claim(alice) == {}
    assert await alice.supply() == ({}, [])


async def test_concurrent_claims_get_different_keys(alice: Device, bob: Device) -> None:
    keys = alice.one_time_keys(50)
    await alice.upload(one_time_keys=keys)
    answers = await asyncio.gather(*[bob.claim(alice) for _ in range(60)])
    given = [name for answer in answers for name in names(answer, alice)]
    assert sorted(given) == sorted(keys)
    assert sum(answer == {} for answer in answers) == 10


async def test_claims_of_two_processes_get_different_keys(postgres_url: str, tmp_path: Path) -> None:
    bus = LocalBus()
    databases = [open_database(postgres_url, tmp_path, bus) for _ in range(2)]
    for database in databases:
        await database.start()
    async with running(*databases) as (here, there):
        alice = here.device("@alice:test.local")
        keys = alice.one_time_keys(40)
        await alice.upload(one_time_keys=keys)
        claimers = [world.device("@bob:test.local") for world in (here, there)]
        answers = await asyncio.gather(*[claimers[n % 2].claim(alice) for n in range(50)])
        given = [name for answer in answers for name in names(answer, alice)]
        assert sorted(given) == sorted(keys)
        for world in (here, there):
            await world.database.catch_up()
            assert await world.one_time.supply(alice.user_id, alice.device_id) == await here.one_time.supply("@n", "n")
    for database in databases:
        await database.close()


async def test_other_process_sees_new_counts(postgres_url: str, tmp_path: Path) -> None:
    bus = LocalBus()
    databases = [open_database(postgres_url, tmp_path, bus) for _ in range(2)]
    for database in databases:
        await database.start()
    async with running(*databases) as (here, there):
        alice = here.device("@alice:test.local")
        assert (await there.one_time.supply(alice.user_id, alice.device_id)).counts == {}
        await alice.upload(one_time_keys=alice.one_time_keys(3))
        await there.database.catch_up()
        assert (await there.one_time.supply(alice.user_id, alice.device_id)).counts == {"signed_curve25519": 3}
    for database in databases:
        await database.close()


async def test_repeated_upload_changes_nothing(alice: Device, bob: Device) -> None:
    keys = alice.one_time_keys(2)
    assert await alice.upload(one_time_keys=keys) == {"signed_curve25519": 2}
    assert await alice.upload(one_time_keys=keys) == {"signed_curve25519": 2}
    given = names(await bob.claim(alice), alice)
    # The answer of the first upload got lost, and the client repeats it after a key was claimed.
    assert await alice.upload(one_time_keys=keys) == {"signed_curve25519": 1}
    given += names(await bob.claim(alice), alice)
    assert sorted(given) == sorted(keys)
    assert await bob.claim(alice) == {}


async def test_same_id_with_another_key_is_refused_and_nothing_of_the_request_stored(alice: Device) -> None:
    await alice.upload(one_time_keys={"signed_curve25519:A": {"key": "one"}})
    body = {"one_time_keys": {"signed_curve25519:B": {"key": "x"}, "signed_curve25519:A": {"key": "two"}}}
    assert await alice.fail("POST", "/keys/upload", body, status=400) == "M_INVALID_PARAM"
    assert await alice.supply() == ({"signed_curve25519": 1}, [])


async def test_key_order_of_members_does_not_make_another_key(alice: Device) -> None:
    await alice.upload(one_time_keys={"signed_curve25519:A": {"key": "one", "x": 1}})
    assert await alice.upload(one_time_keys={"signed_curve25519:A": {"x": 1, "key": "one"}}) == {"signed_curve25519": 1}


async def test_fallback_key_when_exhausted(alice: Device, bob: Device) -> None:
    one_time, fallback = alice.one_time_keys(1), alice.fallback_key()
    await alice.upload(one_time_keys=one_time, fallback_keys=fallback)
    assert await alice.supply() == ({"signed_curve25519": 1}, ["signed_curve25519"])
    assert names(await bob.claim(alice), alice) == list(one_time)
    assert await alice.supply() == ({}, ["signed_curve25519"])
    for _ in range(3):
        assert await bob.claim(alice) == {alice.user_id: {alice.device_id: fallback}}
        assert await alice.supply() == ({}, [])
    await alice.upload(fallback_keys=fallback)
    assert await alice.supply() == ({}, []), "the same key is as used as before"
    newer = alice.fallback_key()
    await alice.upload(fallback_keys=newer)
    assert await alice.supply() == ({}, ["signed_curve25519"])
    assert names(await bob.claim(alice), alice) == list(newer)


async def test_one_request_claims_for_many_devices(world: World, bob: Device) -> None:
    devices = [world.device(f"@carol{n % 5}:test.local") for n in range(20)]
    for number, device in enumerate(devices):
        if number % 4 == 3:
            await device.upload(fallback_keys=device.fallback_key())
        elif number % 4:
            await device.upload(one_time_keys=device.one_time_keys(2), fallback_keys=device.fallback_key())
    claimed = await bob.claim(*devices)
    for number, device in enumerate(devices):
        counts, fallbacks = await device.supply()
        if number % 4 == 0:
            assert names(claimed, device) == []
        elif number % 4 == 3:
            assert len(names(claimed, device)) == 1
            assert (counts, fallbacks) == ({}, [])
        else:
            assert len(names(claimed, device)) == 1
            assert (counts, fallbacks) == ({"signed_curve25519": 1}, ["signed_curve25519"])


async def test_string_keys_and_unknown_algorithms(alice: Device, bob: Device) -> None:
    await alice.upload(one_time_keys={"my_algorithm:1": "base64"})
    assert await bob.claim(alice) == {}
    assert await bob.claim(alice, algorithm="my_algorithm") == {
        alice.user_id: {alice.device_id: {"my_algorithm:1": "base64"}}
    }


async def test_deleted_device_leaves_no_keys(world: World, alice: Device, bob: Device) -> None:
    await alice.upload(one_time_keys=alice.one_time_keys(5), fallback_keys=alice.fallback_key())
    await world.delete_device(alice.user_id, alice.device_id)
    assert await bob.claim(alice) == {}
    assert await alice.supply() == ({}, [])


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"one_time_keys": []}, "M_BAD_JSON"),
        ({"one_time_keys": {"a:b": 3}}, "M_BAD_JSON"),
        ({"one_time_keys": {"no-colon": "x"}}, "M_INVALID_PARAM"),
        ({"one_time_keys": {"a:": "x"}}, "M_INVALID_PARAM"),
        ({"one_time_keys": {"a:\0": "x"}}, "M_BAD_JSON"),
        ({"one_time_keys": {"a:" + "x" * 5000: "x"}}, "M_INVALID_PARAM"),
        ({"one_time_keys": {f"a:{n}": "x" for n in range(1001)}}, "M_INVALID_PARAM"),
        ({"fallback_keys": {"no-colon": "x"}}, "M_INVALID_PARAM"),
    ],
)
async def test_bad_uploads(alice: Device, body: Any, errcode: str) -> None:
    assert await alice.fail("POST", "/keys/upload", body, status=400) == errcode


@pytest.mark.parametrize(
    ("wanted", "errcode"),
    [
        ("x", "M_BAD_JSON"),
        ({"@alice:test.local": {"D": 1}}, "M_BAD_JSON"),
        ({"alice": {"D": "a"}}, "M_INVALID_PARAM"),
        ({"@\0": {"D": "a"}}, "M_BAD_JSON"),
    ],
)
async def test_bad_claims(alice: Device, wanted: Any, errcode: str) -> None:
    assert await alice.fail("POST", "/keys/claim", {"one_time_keys": wanted}, status=400) == errcode


async def test_strange_names_in_a_claim_find_nothing(alice: Device) -> None:
    wanted = {"@alice:test.local": {"\t": "a", "D": "\t", "E": ""}}
    assert await alice.call("POST", "/keys/claim", {"one_time_keys": wanted}) == {"one_time_keys": {}, "failures": {}}


async def test_supply_is_not_read_again_until_it_changes(
    world: World, database: Database, alice: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.upload(one_time_keys=alice.one_time_keys(3))
    before = await alice.supply()

    async def fail(*_: object) -> list[Any]:
        raise AssertionError("a query on the hot path")

    with monkeypatch.context() as patch:
        patch.setattr(database, "fetch", fail)
        assert await alice.supply() == before
    await alice.upload(one_time_keys=alice.one_time_keys(1))
    assert await alice.supply() == ({"signed_curve25519": 4}, [])
