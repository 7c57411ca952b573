"""`/devices`, and interactive authentication as it is met there."""

from ..api import Homeserver
from .steps import is_signed_in, new_number, password_auth, register_by_phone, verified_creds


async def test_list_get_and_rename(client: Homeserver) -> None:
    user = await client.register("ada", device_id="A", initial_device_display_name="first")
    await client.log_in(user, device_id="B")
    devices = {device["device_id"]: device for device in (await user.call("GET", "/devices"))["devices"]}
    assert set(devices) == {"A", "B"}
    assert devices["A"]["display_name"] == "first"
    assert devices["A"]["last_seen_ts"] > 0
    await user.call("PUT", "/devices/B", {"display_name": "second"})
    assert (await user.call("GET", "/devices/B"))["display_name"] == "second"
    assert await user.fail("GET", "/devices/C", status=404) == "M_NOT_FOUND"
    for body in ({}, {"display_name": "x"}):
        assert await user.fail("PUT", "/devices/C", body, status=404) == "M_NOT_FOUND"


async def test_nobody_sees_another_persons_devices(client: Homeserver) -> None:
    await client.register("ada", device_id="ADAS")
    eve = await client.register("eve")
    assert await eve.fail("GET", "/devices/ADAS", status=404) == "M_NOT_FOUND"


async def test_deleting_needs_the_password(client: Homeserver) -> None:
    user = await client.register("ada")
    other = await client.log_in(user, device_id="B")
    challenge = await user.call("DELETE", "/devices/B", {}, status=401)
    assert "errcode" not in challenge
    assert (await user.request("DELETE", "/devices/B")).status_code == 401
    wrong = await user.call("DELETE", "/devices/B", {"auth": password_auth(user, "wrong")}, status=401)
    assert wrong["errcode"] == "M_FORBIDDEN"
    assert {"session", "params", "flows", "completed"} <= set(wrong)
    await user.call("DELETE", "/devices/B", {"auth": password_auth(user, session=challenge["session"])})
    assert not await is_signed_in(other)
    assert await user.fail("GET", "/devices/B", status=404) == "M_NOT_FOUND"


async def test_somebody_elses_password_does_not_do(client: Homeserver) -> None:
    user, eve = await client.register("ada"), await client.register("eve")
    await client.log_in(user, device_id="B")
    body = {"auth": password_auth(eve)}
    assert await user.fail("DELETE", "/devices/B", body, status=403) == "M_FORBIDDEN"


async def test_an_authentication_serves_one_operation_once(client: Homeserver) -> None:
    user = await client.register("ada")
    for device_id in "BC":
        await client.log_in(user, device_id=device_id)
    session = (await user.call("DELETE", "/devices/B", {}, status=401))["session"]
    body = {"auth": password_auth(user, session=session)}
    assert await user.fail("DELETE", "/devices/C", body, status=403) == "M_FORBIDDEN"
    await user.call("DELETE", "/devices/B", body)
    again = await user.call("DELETE", "/devices/B", {"auth": {"session": session}}, status=401)
    assert again["session"] != session


async def test_without_a_password_the_phone_number_does(client: Homeserver) -> None:
    number = new_number()
    user = await register_by_phone(client, number)
    challenge = await user.call("POST", "/delete_devices", {"devices": ["X"]}, status=401)
    stages = [flow["stages"] for flow in challenge["flows"]]
    assert ["m.login.msisdn"] in stages
    assert ["m.login.sso"] in stages
    assert ["m.login.password"] not in stages
    creds = await verified_creds(client, number, "/account/password/msisdn/requestToken")
    auth = {"type": "m.login.msisdn", "threepid_creds": creds, "session": challenge["session"]}
    stolen = {**auth, "threepid_creds": {**creds, "client_secret": "guessed"}}
    refused = await user.call("POST", "/delete_devices", {"auth": stolen, "devices": ["X"]}, status=401)
    assert refused["errcode"] == "M_THREEPID_AUTH_FAILED"
    other = {"auth": auth, "devices": [user.device_id]}
    assert await user.fail("POST", "/delete_devices", other, status=403) == "M_FORBIDDEN"
    await user.call("POST", "/delete_devices", {"auth": auth, "devices": ["X"]})
    assert await is_signed_in(user)
    challenge = await user.call("POST", "/delete_devices", {"devices": ["Y"]}, status=401)
    auth["session"] = challenge["session"]
    used = await user.call("POST", "/delete_devices", {"auth": auth, "devices": ["Y"]}, status=401)
    assert used["errcode"] == "M_THREEPID_AUTH_FAILED"


async def test_somebody_elses_number_does_not_do(client: Homeserver) -> None:
    number = new_number()
    await register_by_phone(client, number)
    ada = await register_by_phone(client, new_number())
    creds = await verified_creds(client, number, "/account/password/msisdn/requestToken")
    body = {"auth": {"type": "m.login.msisdn", "threepid_creds": creds}}
    assert await ada.fail("DELETE", "/devices/B", body, status=403) == "M_FORBIDDEN"
