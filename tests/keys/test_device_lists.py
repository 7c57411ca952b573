"""Who is told that whose devices changed."""

from typing import Any

import pytest

from palabre.messaging.keys.device_lists import service as device_lists

from .test_cross_signing import SIGNATURES, upload
from .world import CONFIRMED, Device, Identity, Signer, World


class Watcher:
    """A person's view of device lists, from one look to the next."""

    def __init__(self, world: World, device: Device) -> None:
        self.world = world
        self.device = device
        self.since = world.database.position

    async def look(self) -> tuple[list[str], list[str]]:
        since, self.since = self.since, self.world.database.position
        lists = await self.world.lists.changes(self.device.user_id, since, self.since)
        tokens: dict[str, Any] = {"from": since, "to": self.since}
        answer = await self.device.call("GET", "/keys/changes", **tokens)
        assert answer == {"changed": lists.changed, "left": lists.left}, "/keys/changes says the same as sync"
        return lists.changed, lists.left


@pytest.fixture(params=["recent", "long ago"])
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answered from memory, and from the database."""
    if request.param == "long ago":
        monkeypatch.setattr(device_lists, "MAX_RECENT", 0)


@pytest.fixture
def acquainted(world: World, alice: Device, bob: Device) -> None:
    world.rooms.shared = {alice.user_id: {alice.user_id, bob.user_id}, bob.user_id: {alice.user_id, bob.user_id}}


pytestmark = pytest.mark.usefixtures("window", "acquainted")


async def test_new_device_keys_are_told_to_those_who_share_a_room(world: World, alice: Device, bob: Device) -> None:
    stranger = world.device("@stranger:test.local")
    watchers = [Watcher(world, device) for device in (alice, bob, stranger)]
    keys = alice.keys()
    await alice.upload(device_keys=keys)
    assert [await watcher.look() for watcher in watchers] == [([alice.user_id], []), ([alice.user_id], []), ([], [])]
    await alice.upload(device_keys=keys, one_time_keys=alice.one_time_keys(1))
    await bob.claim(alice)
    assert [await watcher.look() for watcher in watchers] == [([], [])] * 3, "nothing new to fetch"
    await world.delete_device(alice.user_id, alice.device_id)
    assert await watchers[1].look() == ([alice.user_id], [])


async def test_cross_signing_keys_and_signatures(world: World, alice: Device, bob: Device) -> None:
    alices, bobs = Identity(alice.user_id), Identity(bob.user_id)
    seen_by_alice, seen_by_bob = Watcher(world, alice), Watcher(world, bob)

    async def look() -> tuple[Any, Any]:
        return (await seen_by_alice.look())[0], (await seen_by_bob.look())[0]

    await upload(alice, alices)
    assert await look() == ([alice.user_id], [alice.user_id])
    user_signing = Signer(alice.user_id, "user_signing")
    body = {"user_signing_key": user_signing.key(alices.master), "auth": CONFIRMED}
    await alice.call("POST", "/keys/device_signing/upload", body)
    assert await look() == ([alice.user_id], []), "a user-signing key is nobody else's business"
    await upload(bob, bobs)
    keys = alice.keys()
    await alice.upload(device_keys=keys)
    assert await look() == ([alice.user_id, bob.user_id],) * 2
    signatures = {alice.user_id: {alice.device_id: alices.self_signing.sign(keys)}}
    await alice.call("POST", SIGNATURES, signatures)
    assert await look() == ([alice.user_id], [alice.user_id])
    await alice.call("POST", SIGNATURES, signatures)
    assert await look() == ([], []), "the same signature again"
    await alice.call("POST", SIGNATURES, {bob.user_id: {bobs.master.public: user_signing.sign(bobs.master.key())}})
    assert await look() == ([bob.user_id], []), "who signed whom is the signer's secret"


async def test_who_comes_is_changed_and_who_goes_has_left(world: World, alice: Device, bob: Device) -> None:
    watcher = Watcher(world, alice)
    carol, dave = "@carol:test.local", "@dave:test.local"
    # Something has to move the log on.
    await bob.upload(one_time_keys={"a:b": "c"})
    position = world.database.position
    world.rooms.shared[alice.user_id] = {alice.user_id, bob.user_id, carol}
    world.rooms.came = [(position, alice.user_id, carol), (position, alice.user_id, dave)]
    world.rooms.went = [(position, alice.user_id, dave), (position, alice.user_id, bob.user_id)]
    assert await watcher.look() == ([carol], [dave]), "Dave is gone again; with Bob there is another room"
    assert await watcher.look() == ([], [])


async def test_an_earlier_change_is_not_hidden_by_a_later_one(world: World, alice: Device, bob: Device) -> None:
    start = world.database.position
    await alice.upload(device_keys=alice.keys())
    middle = world.database.position
    alice.olm = type(alice.olm)()
    await alice.upload(device_keys=alice.keys())
    assert (await world.lists.changes(bob.user_id, start, middle)).changed == [alice.user_id]
    assert await world.lists.changed_between(start, middle) == [alice.user_id]
    assert await world.lists.changed_between(world.database.position, world.database.position) == []


async def test_tokens_are_required(alice: Device) -> None:
    assert await alice.fail("GET", "/keys/changes", status=400) == "M_MISSING_PARAM"
    tokens: dict[str, Any] = {"from": 1}
    assert await alice.fail("GET", "/keys/changes", status=400, **tokens) == "M_MISSING_PARAM"
