"""`/profile`, and the search among people."""

import pytest

from ..api import Homeserver
from .conftest import World


async def test_setting_reading_and_deleting_fields(client: Homeserver) -> None:
    user = await client.register("ada")
    path = f"/profile/{user.user_id}"
    assert await client.call("GET", path) == {}
    fields = {"displayname": "Ada", "avatar_url": "mxc://test.local/a", "m.tz": "Europe/Paris", "org.x.y": [1, None]}
    for field, value in fields.items():
        await user.call("PUT", f"{path}/{field}", {field: value})
        assert await client.call("GET", f"{path}/{field}") == {field: value}
    assert await client.call("GET", path) == fields
    for field in fields:
        await user.call("DELETE", f"{path}/{field}")
        assert await client.fail("GET", f"{path}/{field}", status=404) == "M_NOT_FOUND"
    assert await client.call("GET", path) == {}


async def test_only_ones_own(client: Homeserver) -> None:
    user, eve = await client.register("ada"), await client.register("eve")
    path = f"/profile/{user.user_id}/displayname"
    assert await eve.fail("PUT", path, {"displayname": "x"}, status=403) == "M_FORBIDDEN"
    assert await eve.fail("DELETE", path, status=403) == "M_FORBIDDEN"
    assert await eve.fail("GET", "/profile/@nobody:test.local", status=404) == "M_NOT_FOUND"


@pytest.mark.parametrize(
    ("field", "body", "errcode"),
    [
        ("displayname", {}, "M_MISSING_PARAM"),
        ("displayname", {"displayname": 3}, "M_BAD_JSON"),
        ("displayname", {"displayname": "x" * 257}, "M_INVALID_PARAM"),
        ("m.tz", {"m.tz": {}}, "M_BAD_JSON"),
        ("Nonsense", {"Nonsense": 1}, "M_INVALID_PARAM"),
        ("a." + "x" * 255, {}, "M_KEY_TOO_LARGE"),
        ("org.large", {"org.large": "x" * 65536}, "M_PROFILE_TOO_LARGE"),
        ("org.nul", {"org.nul": "\x00"}, "M_BAD_JSON"),
    ],
)
async def test_what_is_refused(client: Homeserver, field: str, body: object, errcode: str) -> None:
    user = await client.register("ada")
    assert await user.fail("PUT", f"/profile/{user.user_id}/{field}", body, status=400) == errcode


async def test_profile_hooks_see_old_and_new(world: World) -> None:
    heard: list[tuple[object, ...]] = []

    async def hook(tx: object, *what: object) -> None:
        heard.append(what)

    world.accounts.hooks.on_profile_changed.append(hook)
    user_id = await world.join(name="Ada")
    await world.accounts.profiles.set(user_id, "displayname", "Ada L.")
    await world.accounts.profiles.set(user_id, "displayname", "Ada L.")
    await world.accounts.profiles.set(user_id, "displayname", None)
    field = "displayname"
    assert heard == [
        (user_id, field, None, "Ada"),
        (user_id, field, "Ada", "Ada L."),
        (user_id, field, "Ada L.", None),
    ]


async def test_the_directory_shows_who_is_visible(world: World) -> None:
    profiles = world.accounts.profiles
    numbers = [f"+3361234567{digit}" for digit in range(4)]
    ada, zoé, percent, hidden = [await world.join(number) for number in numbers]
    for user_id, name in ((ada, "Ada"), (zoé, "ZOÉ"), (percent, "100% x"), (hidden, "Zoé too")):
        await profiles.set(user_id, "displayname", name)
    assert await profiles.search(ada, "zoé", 10) == ([], False)

    async def findable(user_id: str, others: list[str]) -> list[str]:
        return [other for other in others if other != hidden]

    profiles.findable = findable
    found, limited = await profiles.search(ada, "zoé", 10)
    assert ([person.user_id for person in found], limited) == ([zoé], False)
    assert [person.user_id for person in (await profiles.search(ada, "%", 10))[0]] == [percent]
    assert [person.user_id for person in (await profiles.search(ada, percent, 10))[0]] == [percent]
    found, limited = await profiles.search(ada, ":test.local", 1)
    assert (len(found), limited) == (1, True)
    found, limited = await profiles.search(ada, ":test.local", 3)
    assert (len(found), limited) == (3, False)
    await world.accounts.lifecycle.deactivate(zoé, erase=False)
    assert await profiles.search(ada, "zoé", 10) == ([], False)


async def test_the_directory_over_http(client: Homeserver) -> None:
    user = await client.register("ada")
    assert await user.call("POST", "/user_directory/search", {"search_term": "a"}) == {"results": [], "limited": False}
    assert await user.fail("POST", "/user_directory/search", {"search_term": 1}, status=400) == "M_BAD_JSON"
