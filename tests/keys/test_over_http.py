"""What clients see of keys through the whole server."""

from ..api import Homeserver
from ..rooms.helpers import people, room_of
from .world import Identity


async def test_others_hear_of_a_new_device(client: Homeserver) -> None:
    ada, bob = await people(client, "ada", "bob")
    await room_of(ada, bob)
    since = {user: (await user.sync())["next_batch"] for user in (ada, bob)}
    await client.log_in(bob)
    for user in (ada, bob):
        answer = await user.sync(since[user], timeout=5000, set_presence="offline")
        assert answer["device_lists"] == {"changed": [bob.user_id]}


async def test_cross_signing_by_the_names_it_had_before_it_was_in_the_specification(client: Homeserver) -> None:
    ada = await client.register("ada")
    unstable = "/_matrix/client/unstable/keys"
    identity = Identity(ada.user_id)
    await ada.call("POST", f"{unstable}/device_signing/upload", identity.body())
    queried = await ada.call("POST", "/keys/query", {"device_keys": {ada.user_id: []}})
    assert queried["master_keys"][ada.user_id]["keys"] == identity.body()["master_key"]["keys"]
    other = Identity(ada.user_id)
    await ada.call("POST", f"{unstable}/device_signing/upload", other.body(), status=401)
    assert await ada.call("POST", f"{unstable}/signatures/upload", {}) == {"failures": {}}
