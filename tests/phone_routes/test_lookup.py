"""`/_palabre/v1/contacts/lookup`: which of my numbers are here, and nothing else."""

from typing import Any

import pytest

from ..api import Homeserver, User
from .conftest import Phone, new_number

LOOKUP = "/_palabre/v1/contacts/lookup"


@pytest.fixture
async def anna(client: Homeserver) -> User:
    return await Phone(client).sign_in(display_name="Anna")


async def look_up(user: User, *phones: str, **more: Any) -> dict[str, str]:
    answer = await user.call("POST", LOOKUP, {"phones": list(phones), **more})
    assert list(answer) == ["people"], "nothing but membership"
    people: dict[str, str] = answer["people"]
    return people


async def test_who_is_here_is_found_as_they_are_written(client: Homeserver, anna: User) -> None:
    phone = Phone(client)
    bruno = await phone.sign_in(display_name="Bruno")
    national = "0" + phone.number[3:]
    spaced = " ".join(national[i : i + 2] for i in range(0, 10, 2))
    expected = dict.fromkeys((phone.number, national, spaced), bruno.user_id)
    assert await look_up(anna, phone.number, national, spaced, new_number()) == expected
    assert await look_up(anna, national, region="US") == {}
    assert await look_up(anna, phone.number, region="US") == {phone.number: bruno.user_id}


async def test_what_is_no_number_is_nobody(anna: User) -> None:
    assert await look_up(anna, "", "abc", "112", "+999", "\u0661\u0662", "1" * 500) == {}
    assert await look_up(anna) == {}


async def test_who_left_is_not_found(client: Homeserver, anna: User, settings: Any) -> None:
    phone = Phone(client)
    bruno = await phone.sign_in()
    assert await look_up(anna, phone.number) == {phone.number: bruno.user_id}
    operator = Homeserver(client.http, (settings.data / "operator.token").read_text().strip())
    await operator.call("POST", f"/_palabre/admin/v1/accounts/{bruno.user_id}/deactivate", {"erase": False})
    assert await look_up(anna, phone.number) == {}


async def test_only_people_of_this_server_may_ask(client: Homeserver) -> None:
    assert await client.fail("POST", LOOKUP, {"phones": []}, status=401) == "M_MISSING_TOKEN"
    nobody = Homeserver(client.http, "made-up")
    assert await nobody.fail("POST", LOOKUP, {"phones": []}, status=401) == "M_UNKNOWN_TOKEN"


async def test_a_hundred_numbers_at_once(anna: User) -> None:
    assert await look_up(anna, *(new_number() for _ in range(100))) == {}
    body = {"phones": [new_number() for _ in range(101)]}
    assert await anna.fail("POST", LOOKUP, body, status=413) == "M_TOO_LARGE"


@pytest.mark.parametrize("body", [{}, {"phones": "+33612345678"}, {"phones": [1]}, {"phones": [], "region": 33}])
async def test_bodies_of_another_shape_are_refused(anna: User, body: dict[str, Any]) -> None:
    assert await anna.fail("POST", LOOKUP, body, status=400) == "M_BAD_JSON"
