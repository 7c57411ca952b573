"""`/_palabre/v1/sign-in`: number, code, PIN."""

from datetime import timedelta
from typing import Any

import pytest

from ..api import Homeserver, User
from ..pages.browser import Browser
from .conftest import SECRET, SIGN_IN, MoveClock, Phone


async def with_pin(client: Homeserver, pin: str) -> tuple[Phone, str]:
    """Somebody whose account has a PIN; where a person sets it."""
    phone = Phone(client)
    user = await phone.sign_in(display_name="Anna")
    browser = Browser(client.http)
    await browser.sign_up(number=phone.number)
    await browser.open("/account/pin")
    await browser.submit(pin=pin)
    return phone, user.user_id


async def test_a_new_number_makes_an_account(phone: Phone) -> None:
    sent = await phone.ask()
    assert 0 < sent["expires_ms"] <= 600_000
    assert await phone.verify() == {"is_new": True, "needs_pin": False, "can_start_fresh": False, "terms": []}
    made = await phone.complete(display_name="Anna", device_id="TERMINAL", initial_device_display_name="terminal")
    assert made["device_id"] == "TERMINAL"
    assert phone.number[4:] not in made["user_id"]
    anna = User(phone.client.http, made)
    assert (await anna.call("GET", "/account/whoami"))["user_id"] == anna.user_id
    assert (await anna.call("GET", f"/profile/{anna.user_id}"))["displayname"] == "Anna"
    devices = (await anna.call("GET", "/devices"))["devices"]
    assert [device["display_name"] for device in devices] == ["terminal"]


async def test_a_known_number_opens_its_account(phone: Phone) -> None:
    first = await phone.sign_in(display_name="Anna")
    await phone.ask()
    assert (await phone.verify())["is_new"] is False
    second = await phone.complete(display_name="Somebody else")
    assert second["user_id"] == first.user_id
    assert second["device_id"] != first.device_id
    assert (await first.call("GET", f"/profile/{first.user_id}"))["displayname"] == "Anna"


async def test_a_number_without_country_code_is_read_where_the_client_says(client: Homeserver) -> None:
    phone = Phone(client)
    french = await phone.sign_in()
    phone.number = "0" + phone.number[3:]
    assert (await phone.sign_in()).user_id == french.user_id
    sent = {"phone": phone.number, "client_secret": SECRET, "region": "ZZ"}
    assert await client.fail("POST", f"{SIGN_IN}/code", sent, status=400) == "M_INVALID_PARAM"


async def test_a_wrong_code_may_be_corrected(phone: Phone) -> None:
    await phone.ask()
    refused = await phone.verify("123456", status=400)
    assert refused["code"] == "M_TOKEN_INCORRECT"
    assert refused["attempts_left"] == 4
    assert (await phone.verify())["is_new"]


async def test_a_code_cannot_be_guessed_for_long(phone: Phone) -> None:
    await phone.ask()
    for left in (4, 3, 2, 1, 0):
        assert (await phone.verify("123456", status=400))["attempts_left"] == left
    assert (await phone.verify(status=400))["code"] == "M_SESSION_EXPIRED"
    assert (await phone.complete(status=400))["code"] == "M_THREEPID_AUTH_FAILED"


async def test_a_code_expires(phone: Phone, move_clock: MoveClock) -> None:
    await phone.ask()
    await move_clock(timedelta(minutes=10, seconds=1))
    assert (await phone.verify(status=400))["code"] == "M_SESSION_EXPIRED"


async def test_a_verification_expires_and_is_used_once(phone: Phone, move_clock: MoveClock) -> None:
    await phone.sign_in()
    assert (await phone.complete(status=400))["code"] == "M_THREEPID_AUTH_FAILED"
    await phone.ask()
    await phone.verify()
    await move_clock(timedelta(minutes=61))
    assert (await phone.complete(status=400))["code"] == "M_THREEPID_AUTH_FAILED"


async def test_nothing_without_the_code(phone: Phone) -> None:
    await phone.ask()
    assert (await phone.complete(display_name="Eve", status=400))["code"] == "M_THREEPID_AUTH_FAILED"


async def test_another_clients_secret_is_refused(phone: Phone) -> None:
    await phone.ask()
    assert (await phone.verify(client_secret="other", status=400))["code"] == "M_NO_VALID_SESSION"
    assert (await phone.verify(sid="unknown", status=400))["code"] == "M_NO_VALID_SESSION"
    await phone.verify()
    assert (await phone.complete(client_secret="other", status=400))["code"] == "M_THREEPID_AUTH_FAILED"
    assert (await phone.complete(status=200))["user_id"]


async def test_two_clients_of_one_number_do_not_meet(client: Homeserver) -> None:
    mine = Phone(client)
    theirs = Phone(client, mine.number)
    await mine.ask("mine")
    await theirs.ask("theirs")
    await theirs.verify()
    assert (await mine.complete(status=400))["code"] == "M_THREEPID_AUTH_FAILED"


async def test_a_pin_is_required(client: Homeserver) -> None:
    phone, user_id = await with_pin(client, "2468")
    await phone.ask()
    assert await phone.verify() == {"is_new": False, "needs_pin": True, "can_start_fresh": False, "terms": []}
    assert (await phone.complete(status=403))["code"] == "PALABRE_PIN_REQUIRED"
    assert (await phone.complete(pin="0000", status=403))["code"] == "M_FORBIDDEN"
    assert (await phone.complete(start_fresh=True, status=403))["code"] == "PALABRE_PIN_REQUIRED"
    assert (await phone.complete(pin="2468"))["user_id"] == user_id


async def test_pins_cannot_be_guessed_for_long(client: Homeserver) -> None:
    phone, _ = await with_pin(client, "2468")
    await phone.ask()
    await phone.verify()
    for _ in range(5):
        assert (await phone.complete(pin="0000", status=403))["code"] == "M_FORBIDDEN"
    assert (await phone.complete(pin="2468", status=429))["code"] == "M_LIMIT_EXCEEDED"


async def test_who_has_the_number_now_starts_fresh_after_a_week(client: Homeserver, move_clock: MoveClock) -> None:
    phone, old = await with_pin(client, "2468")
    await move_clock(timedelta(days=8))
    await phone.ask()
    assert await phone.verify() == {"is_new": False, "needs_pin": True, "can_start_fresh": True, "terms": []}
    assert (await phone.complete(display_name="Bruno", status=403))["code"] == "PALABRE_PIN_REQUIRED"
    new = await phone.complete(start_fresh=True, display_name="Bruno")
    assert new["user_id"] != old
    assert (await phone.sign_in()).user_id == new["user_id"]


@pytest.mark.parametrize("bad", ["", "abc", "12", "+33", "+" + "1" * 39, "06 12 34 56 78 90 12 34 56 78 90 12 34 56"])
async def test_what_is_no_number_is_refused(client: Homeserver, bad: str) -> None:
    sent = {"phone": bad, "client_secret": SECRET}
    assert await client.fail("POST", f"{SIGN_IN}/code", sent, status=400) == "M_INVALID_PARAM"


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("code", {"phone": "+33612345678"}),
        ("code", {"phone": 33612345678, "client_secret": SECRET}),
        ("code", {"phone": "+33612345678", "client_secret": ""}),
        ("code", {"phone": "+33612345678", "client_secret": "x" * 256}),
        ("verify", {"sid": "x", "client_secret": SECRET, "code": 123456}),
        ("complete", {"sid": None, "client_secret": SECRET}),
        ("complete", {"sid": "x", "client_secret": SECRET, "start_fresh": "yes"}),
    ],
)
async def test_bodies_of_another_shape_are_refused(client: Homeserver, step: str, body: dict[str, Any]) -> None:
    assert await client.fail("POST", f"{SIGN_IN}/{step}", body, status=400) == "M_BAD_JSON"


@pytest.mark.parametrize("field", ["display_name", "device_id", "initial_device_display_name"])
async def test_a_refused_answer_uses_nothing_up(phone: Phone, field: str) -> None:
    await phone.ask()
    await phone.verify()
    refused = await phone.complete(**{field: "x" * 10_000}, status=400)
    assert refused["code"].startswith("M_")
    assert (await phone.complete())["user_id"]


async def test_refusals_are_problems(phone: Phone) -> None:
    """RFC 9457, as everything under `/_palabre`."""
    await phone.ask()
    answer = await phone.client.request("POST", f"{SIGN_IN}/verify", {**phone.known, "code": "1"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "title": "The code is wrong. Attempts left: 4.",
        "status": 400,
        "code": "M_TOKEN_INCORRECT",
        "attempts_left": 4,
    }
