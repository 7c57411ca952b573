"""`/account/…`: deactivation, phone numbers, and what operators see."""

from pathlib import Path

import pytest

from ..api import PASSWORD, Homeserver, Http, User
from .steps import is_signed_in, new_number, password_auth, register_by_phone, verified_creds


@pytest.fixture
def operator(client: Homeserver, data_dir: Path) -> Http:
    return Http(client.http, (data_dir / "operator.token").read_text().strip())


async def test_whoami(client: Homeserver) -> None:
    user = await client.register("ada")
    expected = {"user_id": user.user_id, "device_id": user.device_id, "is_guest": False}
    assert await user.call("GET", "/account/whoami") == expected


async def test_deactivation(client: Homeserver) -> None:
    user = await client.register("ada")
    other = await client.log_in(user)
    wrong = {"auth": password_auth(user, "wrong")}
    assert (await user.call("POST", "/account/deactivate", wrong, status=401))["errcode"] == "M_FORBIDDEN"
    done = await user.call("POST", "/account/deactivate", {"auth": password_auth(user)})
    assert done == {"id_server_unbind_result": "success"}
    assert not await is_signed_in(user)
    assert not await is_signed_in(other)
    login = {"type": "m.login.password", "user": user.user_id, "password": PASSWORD}
    assert await client.fail("POST", "/login", login, status=403) == "M_FORBIDDEN"
    name = user.user_id[1:].partition(":")[0]
    taken = {"username": name, "auth": {"type": "m.login.dummy"}}
    assert await client.fail("POST", "/register", taken, status=400) == "M_USER_IN_USE"


@pytest.mark.parametrize("erase", [False, True])
async def test_erasure_takes_the_profile_and_frees_the_number(client: Homeserver, erase: bool) -> None:
    number = new_number()
    user = await register_by_phone(client, number, password=PASSWORD)
    await user.call("PUT", f"/profile/{user.user_id}/displayname", {"displayname": "Ada"})
    await user.call("POST", "/account/deactivate", {"auth": password_auth(user), "erase": erase})
    profile = await client.request("GET", f"/profile/{user.user_id}")
    assert profile.status_code == (404 if erase else 200)
    assert (await register_by_phone(client, number)).user_id != user.user_id


async def test_adding_and_removing_numbers(client: Homeserver) -> None:
    first, second = new_number(), new_number()
    user = await register_by_phone(client, first, password=PASSWORD)
    creds = await verified_creds(client, second, "/account/3pid/msisdn/requestToken")
    await user.call("POST", "/account/3pid/add", creds, status=401)
    await user.call("POST", "/account/3pid/add", {**creds, "auth": password_auth(user)})
    numbers = (await user.call("GET", "/account/3pid"))["threepids"]
    assert [number["address"] for number in numbers] == [first[1:], second[1:]]
    for number in (first, second):
        body = {"medium": "msisdn", "address": number[1:]}
        gone = await user.call("POST", "/account/3pid/delete", body)
        assert gone == {"id_server_unbind_result": "no-support"}
    assert (await user.call("GET", "/account/3pid"))["threepids"] == []
    body = {"medium": "msisdn", "address": first[1:]}
    assert await user.fail("POST", "/account/3pid/delete", body, status=404) == "M_THREEPID_NOT_FOUND"


async def test_nobody_removes_another_persons_number(client: Homeserver) -> None:
    number = new_number()
    user = await register_by_phone(client, number)
    eve = await client.register("eve")
    body = {"medium": "msisdn", "address": number[1:]}
    assert await eve.fail("POST", "/account/3pid/delete", body, status=404) == "M_THREEPID_NOT_FOUND"
    assert len((await user.call("GET", "/account/3pid"))["threepids"]) == 1


async def test_the_only_way_in_stays(client: Homeserver) -> None:
    number = new_number()
    user = await register_by_phone(client, number)
    body = {"medium": "msisdn", "address": number[1:]}
    assert await user.fail("POST", "/account/3pid/delete", body, status=403) == "M_FORBIDDEN"


async def test_another_persons_number_cannot_be_taken(client: Homeserver) -> None:
    number = new_number()
    await register_by_phone(client, number)
    eve = await client.register("eve")
    body = {"client_secret": "x", "country": "FR", "phone_number": number, "send_attempt": 1}
    path = "/account/3pid/msisdn/requestToken"
    assert await eve.fail("POST", path, body, status=400) == "M_THREEPID_IN_USE"
    creds = await verified_creds(client, number, "/account/password/msisdn/requestToken")
    add = {**creds, "auth": password_auth(eve)}
    assert await eve.fail("POST", "/account/3pid/add", add, status=400) == "M_THREEPID_IN_USE"


async def test_what_this_server_does_not_do(client: Homeserver) -> None:
    user = await client.register("ada")
    email = {"client_secret": "x", "email": "a@example.org", "send_attempt": 1}
    for path in ("/register", "/account/3pid", "/account/password"):
        errcode = await client.fail("POST", f"{path}/email/requestToken", email, status=400)
        assert errcode == "M_THREEPID_MEDIUM_NOT_SUPPORTED"
    assert await user.fail("POST", "/account/3pid/bind", {}, status=400) == "M_SERVER_NOT_TRUSTED"
    body = {"medium": "msisdn", "address": "33612345678"}
    unbound = await user.call("POST", "/account/3pid/unbind", body)
    assert unbound == {"id_server_unbind_result": "no-support"}


async def test_submitting_codes(client: Homeserver) -> None:
    body = {"client_secret": "x", "country": "FR", "phone_number": new_number(), "send_attempt": 1}
    sid = (await client.call("POST", "/register/msisdn/requestToken", body))["sid"]
    path = "/account/3pid/msisdn/submitToken"
    wrong = {"sid": sid, "client_secret": "x", "token": "111111"}
    assert await client.fail("POST", path, wrong, status=400) == "M_TOKEN_INCORRECT"
    assert await client.fail("POST", path, {**wrong, "sid": "no"}, status=400) == "M_NO_VALID_SESSION"
    assert await client.fail("POST", path, {**wrong, "client_secret": "ö"}, status=400) == "M_INVALID_PARAM"
    form = f"sid={sid}&client_secret=x&token=000000".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.request("POST", path, form, headers=headers)
    assert answer.json() == {"success": True}


async def test_operators_see_and_close_accounts(client: Homeserver, operator: Http) -> None:
    user = await register_by_phone(client, new_number(), password=PASSWORD)
    path = f"/_palabre/admin/v1/accounts/{user.user_id}"
    account = await operator.call("GET", path)
    assert (account["status"], account["region"], account["devices"]) == ("active", "FR", [user.device_id])
    assert "hash" not in str(account)
    assert (await user.request("GET", path)).status_code == 401
    await operator.call("POST", f"{path}/deactivate", {"erase": True})
    assert (await operator.call("GET", path))["status"] == "erased"
    assert not await is_signed_in(user)
    assert await operator.fail("GET", "/_palabre/admin/v1/accounts/@no:test.local", status=404)


async def test_the_clock_can_be_moved(client: Homeserver, operator: Http) -> None:
    user = User(client.http, (await client.register("ada", refresh_token=True)).login)
    moved = await operator.call("PUT", "/_palabre/admin/v1/clock", {"now": "2121-02-08T00:00:00Z"})
    assert moved["now"].startswith("2121-02-08")
    answer = await user.call("GET", "/account/whoami", status=401)
    assert answer["soft_logout"] is True
    await operator.call("PUT", "/_palabre/admin/v1/clock", {"now": None})
    assert await is_signed_in(user)
    assert await operator.fail("PUT", "/_palabre/admin/v1/clock", {"now": "soon"}, status=400)
