"""`/register`: stages, remembered parameters, names, guests."""

import asyncio

import pytest

from palabre.settings import Settings

from ..api import PASSWORD, Homeserver, User
from .steps import is_signed_in, new_number, register_by_phone, verified_creds

DUMMY = {"type": "m.login.dummy"}


async def test_by_phone_number(client: Homeserver) -> None:
    number = new_number()
    user = await register_by_phone(client, number, device_id="PHONE", initial_device_display_name="my phone")
    assert number[1:] not in user.user_id
    assert user.device_id == "PHONE"
    device = await user.call("GET", "/devices/PHONE")
    assert device["display_name"] == "my phone"
    [threepid] = (await user.call("GET", "/account/3pid"))["threepids"]
    assert (threepid["medium"], threepid["address"]) == ("msisdn", number[1:])


async def test_a_number_makes_one_account(client: Homeserver) -> None:
    number = new_number()
    await register_by_phone(client, number)
    body = {"client_secret": "x", "country": "FR", "phone_number": number, "send_attempt": 1}
    assert await client.fail("POST", "/register/msisdn/requestToken", body, status=400) == "M_THREEPID_IN_USE"


async def test_two_registrations_of_one_number_at_once_make_one_account(client: Homeserver) -> None:
    number = new_number()

    async def register(secret: str) -> int:
        creds = await verified_creds(client, number, secret=secret)
        begun = await client.call("POST", "/register", {}, status=401)
        stage = {"type": "m.login.msisdn", "threepid_creds": creds, "session": begun["session"]}
        return (await client.request("POST", "/register", {"auth": stage})).status_code

    assert sorted(await asyncio.gather(register("a"), register("b"))) == [200, 400]


async def test_an_unverified_number_is_not_enough(client: Homeserver) -> None:
    begun = await client.call("POST", "/register", {}, status=401)
    sent = await client.call(
        "POST",
        "/register/msisdn/requestToken",
        {"client_secret": "x", "country": "FR", "phone_number": new_number(), "send_attempt": 1},
    )
    creds = {"sid": sent["sid"], "client_secret": "x"}
    auth = {"type": "m.login.msisdn", "threepid_creds": creds, "session": begun["session"]}
    answer = await client.call("POST", "/register", {"auth": auth}, status=401)
    assert (answer["errcode"], answer["completed"]) == ("M_THREEPID_AUTH_FAILED", [])
    assert await client.fail("POST", "/register", {"auth": {**auth, "threepid_creds": 3}}, status=400)


async def test_parameters_are_remembered_and_the_answer_can_be_had_again(client: Homeserver) -> None:
    begun = await client.call("POST", "/register", {"username": "Ada", "password": PASSWORD}, status=401)
    auth = {**DUMMY, "session": begun["session"]}
    first = await client.call("POST", "/register", {"auth": auth})
    assert first["user_id"] == "@ada:test.local"
    again = await client.call("POST", "/register", {"auth": auth})
    assert again["user_id"] == first["user_id"]
    assert await is_signed_in(User(client.http, again))


async def test_names(client: Homeserver) -> None:
    await client.call("POST", "/register", {"username": "taken", "auth": DUMMY})
    for username, errcode in (("taken", "M_USER_IN_USE"), ("a b", "M_INVALID_USERNAME"), ("é", "M_INVALID_USERNAME")):
        body = {"username": username, "auth": DUMMY}
        assert await client.fail("POST", "/register", body, status=400) == errcode
        assert await client.fail("GET", "/register/available", status=400, username=username) == errcode
    assert await client.call("GET", "/register/available", username="free") == {"available": True}


async def test_inhibited_login_gives_no_tokens(client: Homeserver) -> None:
    answer = await client.call("POST", "/register", {"inhibit_login": True, "auth": DUMMY})
    assert set(answer) == {"user_id", "home_server"}


async def test_tokens_that_refresh(client: Homeserver) -> None:
    user = await client.register("ada", refresh_token=True)
    assert user.login["expires_in_ms"] > 0
    fresh = await client.call("POST", "/refresh", {"refresh_token": user.login["refresh_token"]})
    assert fresh["access_token"] != user.token
    assert await client.fail("POST", "/refresh", {"refresh_token": "x"}, status=401) == "M_UNKNOWN_TOKEN"


async def test_guests_reach_only_what_is_for_guests(client: Homeserver) -> None:
    guest = User(client.http, await client.call("POST", "/register", {}, kind="guest"))
    assert (await guest.call("GET", "/account/whoami"))["is_guest"] is True
    await guest.call("PUT", f"/profile/{guest.user_id}/displayname", {"displayname": "creeper"})
    avatar = {"avatar_url": "mxc://test.local/a"}
    for method, path, body in (
        ("PUT", f"/profile/{guest.user_id}/avatar_url", avatar),
        ("POST", "/account/deactivate", {}),
    ):
        assert await guest.fail(method, path, body, status=403) == "M_GUEST_ACCESS_FORBIDDEN"


async def test_a_guest_becomes_a_full_account(client: Homeserver) -> None:
    guest = User(client.http, await client.call("POST", "/register", {}, kind="guest"))
    other = User(client.http, await client.call("POST", "/register", {}, kind="guest"))
    body = {"username": guest.user_id[1:].partition(":")[0], "password": PASSWORD, "auth": DUMMY}
    for token in (other.token, (await client.register("ada")).token):
        await client.fail("POST", "/register", {**body, "guest_access_token": token}, status=403)
    full = User(client.http, await client.call("POST", "/register", {**body, "guest_access_token": guest.token}))
    assert full.user_id == guest.user_id
    assert (await full.call("GET", "/account/whoami"))["is_guest"] is False
    assert not await is_signed_in(guest)


@pytest.mark.parametrize(
    "body",
    [
        {"username": 3},
        {"password": []},
        {"auth": "x"},
        {"auth": {"type": 3}},
        {"auth": {"type": "m.login.unknown"}},
        {"auth": DUMMY, "device_id": "x" * 300},
        {"auth": DUMMY, "password": "x" * 600},
        {"username": "\x00", "auth": DUMMY},
    ],
)
async def test_bad_bodies_are_refused(client: Homeserver, body: object) -> None:
    assert (await client.request("POST", "/register", body)).status_code == 400


class TestOutsideTestMode:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return Settings(server_name="test.local", data=settings.data, database=settings.database)

    async def test_there_is_no_dummy_and_no_guest(self, client: Homeserver) -> None:
        begun = await client.call("POST", "/register", {}, status=401)
        assert begun["flows"] == [{"stages": ["m.login.msisdn", "m.login.terms"]}]
        policies = begun["params"]["m.login.terms"]["policies"]
        assert all({"version", "en", "fr"} <= set(policy) for policy in policies.values())
        assert (await client.request("POST", "/register", {"auth": DUMMY})).status_code == 400
        errcode = await client.fail("POST", "/register", {}, status=403, kind="guest")
        assert errcode == "M_GUEST_ACCESS_FORBIDDEN"

    async def test_the_username_is_opaque(self, client: Homeserver) -> None:
        number = "+33612345678"
        begun = await client.call("POST", "/register", {"username": "ada"}, status=401)
        body = {"client_secret": "x", "country": "FR", "phone_number": number, "send_attempt": 1}
        sid = (await client.call("POST", "/register/msisdn/requestToken", body))["sid"]
        [shown] = (await client.http.get("/dev/codes.json")).json()["codes"]
        assert shown["to"] == number
        creds = {"sid": sid, "client_secret": "x"}
        submit = "/account/3pid/msisdn/submitToken"
        await client.call("POST", submit, {**creds, "token": shown["code"]})
        auth = {"type": "m.login.msisdn", "threepid_creds": creds, "session": begun["session"]}
        await client.call("POST", "/register", {"auth": auth}, status=401)
        done = {"type": "m.login.terms", "session": begun["session"]}
        made = await client.call("POST", "/register", {"auth": done})
        assert made["user_id"] != "@ada:test.local"

    async def test_codes_are_shown_to_this_machine_only(self, client: Homeserver) -> None:
        page = await client.http.get("/dev/codes", headers={"Accept-Language": "fr"})
        assert "Codes à usage unique" in page.text
        assert (await client.http.get("/dev/codes", headers={"X-Forwarded-For": "192.0.2.1"})).status_code == 404

    async def test_the_clock_stays(self, client: Homeserver) -> None:
        assert (await client.request("PUT", "/_palabre/admin/v1/clock", {"now": None})).status_code == 404
