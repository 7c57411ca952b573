"""`/login`, `/logout`, login tokens, and the password."""

import pytest

from ..api import PASSWORD, Homeserver, User
from .steps import is_signed_in, new_number, password_auth, register_by_phone, verified_creds


async def test_flows(client: Homeserver) -> None:
    flows = {flow["type"]: flow for flow in (await client.call("GET", "/login"))["flows"]}
    assert set(flows) == {"m.login.password", "m.login.sso", "m.login.token"}
    assert flows["m.login.token"]["get_login_token"] is True


async def test_by_every_identifier(client: Homeserver) -> None:
    number = new_number()
    user = await register_by_phone(client, number, password=PASSWORD)
    localpart = user.user_id[1:].partition(":")[0]
    for named in (
        {"identifier": {"type": "m.id.user", "user": user.user_id}},
        {"identifier": {"type": "m.id.user", "user": localpart}},
        {"identifier": {"type": "m.id.phone", "country": "FR", "phone": "0" + number[3:]}},
        {"identifier": {"type": "m.id.thirdparty", "medium": "msisdn", "address": number[1:]}},
        {"user": localpart},
        {"medium": "msisdn", "address": number[1:]},
    ):
        body = {"type": "m.login.password", "password": PASSWORD, **named}
        assert (await client.call("POST", "/login", body))["user_id"] == user.user_id


async def test_wrong_password_and_unknown_account_look_the_same(client: Homeserver) -> None:
    user = await client.register("ada")
    answers = []
    for name, password in ((user.user_id, "wrong"), ("nobody", "wrong"), ("@ada:elsewhere", PASSWORD)):
        body = {"type": "m.login.password", "password": password, "user": name}
        answers.append(await client.call("POST", "/login", body, status=403))
    assert answers[0]["errcode"] == "M_FORBIDDEN"
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, "M_BAD_JSON"),
        ({"type": "m.login.magic"}, "M_UNKNOWN"),
        ({"type": "m.login.password"}, "M_MISSING_PARAM"),
        ({"type": "m.login.password", "password": "x"}, "M_MISSING_PARAM"),
        ({"type": "m.login.password", "password": "x", "identifier": {}}, "M_BAD_JSON"),
        ({"type": "m.login.password", "password": "x", "identifier": {"type": "m.id.x"}}, "M_INVALID_PARAM"),
        ({"type": "m.login.password", "password": "x", "user": "a\x00b"}, "M_BAD_JSON"),
        ({"type": "m.login.token"}, "M_MISSING_PARAM"),
    ],
)
async def test_bad_bodies(client: Homeserver, body: object, errcode: str) -> None:
    assert await client.fail("POST", "/login", body, status=400) == errcode


async def test_a_login_token_signs_in_once(client: Homeserver) -> None:
    user = await client.register("ada")
    path = "/_matrix/client/v1/login/get_token"
    assert "flows" in await user.call("POST", path, {}, status=401)
    given = await user.call("POST", path, {"auth": password_auth(user)})
    body = {"type": "m.login.token", "token": given["login_token"]}
    assert (await client.call("POST", "/login", body))["user_id"] == user.user_id
    assert await client.fail("POST", "/login", body, status=403) == "M_FORBIDDEN"


async def test_logout_ends_this_device(client: Homeserver) -> None:
    user = await client.register("ada")
    other = await client.log_in(user)
    await user.call("POST", "/logout")
    assert not await is_signed_in(user)
    devices = (await other.call("GET", "/devices"))["devices"]
    assert [device["device_id"] for device in devices] == [other.device_id]


async def test_logout_all_ends_every_device(client: Homeserver) -> None:
    user = await client.register("ada")
    other = await client.log_in(user)
    await user.call("POST", "/logout/all")
    assert not await is_signed_in(user)
    assert not await is_signed_in(other)


async def test_a_bad_token_is_refused(client: Homeserver) -> None:
    assert await client.fail("POST", "/logout", status=401) == "M_MISSING_TOKEN"
    assert await client.fail("POST", "/logout", status=401, access_token="x") == "M_UNKNOWN_TOKEN"


async def test_changing_the_password(client: Homeserver) -> None:
    user = await client.register("ada")
    other = await client.log_in(user)
    body = {"new_password": "new"}
    await user.call("POST", "/account/password", body, status=401)
    await user.call("POST", "/account/password", {**body, "auth": password_auth(user)})
    assert await is_signed_in(user)
    assert not await is_signed_in(other)
    login = {"type": "m.login.password", "user": user.user_id}
    await client.call("POST", "/login", {**login, "password": PASSWORD}, status=403)
    again = User(client.http, await client.call("POST", "/login", {**login, "password": "new"}))
    keep = {"new_password": "newer", "logout_devices": False, "auth": password_auth(user, "new")}
    await user.call("POST", "/account/password", keep)
    assert await is_signed_in(again)


async def test_a_forgotten_password_is_set_anew_by_phone(client: Homeserver) -> None:
    number = new_number()
    user = await register_by_phone(client, number, password=PASSWORD)
    path = "/account/password/msisdn/requestToken"
    creds = await verified_creds(client, number, path)
    auth = {"type": "m.login.msisdn", "threepid_creds": creds}
    await client.call("POST", "/account/password", {"new_password": "new", "auth": auth})
    assert not await is_signed_in(user)
    login = {"type": "m.login.password", "user": user.user_id, "password": "new"}
    await client.call("POST", "/login", login)
    unknown = {"client_secret": "x", "country": "FR", "phone_number": new_number(), "send_attempt": 1}
    assert await client.fail("POST", path, unknown, status=400) == "M_THREEPID_NOT_FOUND"
