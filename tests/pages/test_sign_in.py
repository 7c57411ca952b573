"""The hosted sign-in as a person without JavaScript goes through it."""

import re
from datetime import timedelta

import pytest

from ..api import Homeserver
from .browser import CODE, Browser, new_number
from .conftest import MoveClock


async def test_a_new_person_signs_up_and_lands_on_their_account(browser: Browser) -> None:
    number = new_number()
    page = await browser.open("/account")
    assert page.path.startswith("/account/sign-in?")
    page = await browser.submit(phone=number)
    assert page.path == "/account/sign-in/code"
    assert number[-2:] in page.text
    page = await browser.submit(code=CODE)
    assert page.path == "/account/sign-in/name"
    page = await browser.submit(name="Awa Diallo")
    assert page.path == "/account"
    assert "Awa Diallo" in page.text


async def test_somebody_who_has_an_account_needs_only_the_code(browser: Browser, client: Homeserver) -> None:
    number = await browser.sign_up("Awa")
    user_id = _user_id(browser)
    other = Browser(client.http)
    await other.open("/account/sign-in")
    await other.submit(phone=number)
    page = await other.submit(code=CODE)
    assert page.path == "/account"
    assert _user_id(other) == user_id


async def test_numbers_are_read_as_dialled_in_the_chosen_country(browser: Browser) -> None:
    await browser.open("/account/sign-in")
    assert browser.page.forms[0]["country"] == "FR"
    page = await browser.submit(phone="06 12 34 56 78")
    assert "+33 6 12 34 56 78" in page.text.replace("\u00a0", " ")
    await browser.open("/account/sign-in")
    page = await browser.submit(country="SN", phone="77 123 45 67")
    assert "+221 77 123 45 67" in page.text.replace("\u00a0", " ")


async def test_a_bad_number_is_said_so_and_kept(browser: Browser) -> None:
    await browser.open("/account/sign-in?continue=/account/devices")
    page = await browser.submit(phone="1", country="DE")
    assert page.status == 400
    assert "not a number we can send a code to" in page.text
    assert page.title.startswith("Error")
    assert page.forms[0] == {"continue": "/account/devices", "country": "DE", "phone": "1"}


async def test_wrong_codes_are_counted_down_and_then_end_the_code(browser: Browser) -> None:
    await browser.open("/account/sign-in")
    await browser.submit(phone=new_number())
    for left in (4, 3, 2, 1):
        page = await browser.submit(code="111111")
        assert f"{left} attempt" in page.text
        assert page.forms[0]["code"] == "111111"
    await browser.submit(code="111111")
    page = await browser.submit(code=CODE)
    assert page.status == 400
    assert "no longer valid" in page.text
    page = await browser.submit(1, resend="1")
    assert "Another code is on its way" in page.text
    page = await browser.submit(code=CODE)
    assert page.path == "/account/sign-in/name"


async def test_the_page_says_where_the_code_is_when_no_sms_is_sent(browser: Browser) -> None:
    await browser.open("/account/sign-in")
    page = await browser.submit(phone=new_number())
    assert "test mode: the code is always 000000" in page.text


async def test_codes_may_be_typed_with_spaces(browser: Browser) -> None:
    await browser.open("/account/sign-in")
    await browser.submit(phone=new_number())
    assert (await browser.submit(code=" 000 000 ")).path == "/account/sign-in/name"


async def test_a_name_is_needed(browser: Browser) -> None:
    await browser.open("/account/sign-in")
    await browser.submit(phone=new_number())
    await browser.submit(code=CODE)
    page = await browser.submit(name="   ")
    assert page.status == 400
    assert "Type a name" in page.text
    page = await browser.submit(name="x" * 101)
    assert page.forms[0]["name"] == "x" * 101


async def test_a_pin_is_asked_for_and_opens_the_account(browser: Browser, client: Homeserver) -> None:
    number = await browser.sign_up()
    await browser.open("/account/pin")
    page = await browser.submit(pin="2468")
    assert "PIN is set" in page.text
    other = Browser(client.http)
    await other.open("/account/sign-in")
    await other.submit(phone=number)
    page = await other.submit(code=CODE)
    assert page.path == "/account/sign-in/pin"
    assert "seven days" in page.text
    page = await other.submit(pin="1357")
    assert page.status == 403
    assert "not the PIN" in page.text
    page = await other.submit(pin="2468")
    assert page.path == "/account"


async def test_too_many_wrong_pins_close_the_door_for_a_while(browser: Browser, client: Homeserver) -> None:
    number = await browser.sign_up()
    await browser.open("/account/pin")
    await browser.submit(pin="2468")
    other = Browser(client.http)
    await other.open("/account/sign-in")
    await other.submit(phone=number)
    await other.submit(code=CODE)
    for _ in range(5):
        await other.submit(pin="0000")
    page = await other.submit(pin="2468")
    assert page.status == 429
    assert "Wait" in page.text


async def test_starting_fresh_is_possible_once_the_old_account_is_quiet(
    browser: Browser, client: Homeserver, move_clock: MoveClock
) -> None:
    number = await browser.sign_up("Old owner")
    old = _user_id(browser)
    await browser.open("/account/pin")
    await browser.submit(pin="2468")
    await move_clock(timedelta(days=8))
    other = Browser(client.http)
    await other.open("/account/sign-in")
    await other.submit(phone=number)
    page = await other.submit(code=CODE)
    assert "Start with a new account" in page.text
    page = await other.submit(1, fresh="1")
    assert page.path == "/account/sign-in/name"
    page = await other.submit(name="New owner")
    assert page.path == "/account"
    assert _user_id(other) != old
    await browser.open("/account")
    assert _user_id(browser) == old
    assert "None" in browser.page.text


async def test_no_step_can_be_skipped(browser: Browser) -> None:
    for step in ("code", "pin", "name"):
        page = await browser.open(f"/account/sign-in/{step}")
        assert page.path == "/account/sign-in"
        page = await browser.post(f"/account/sign-in/{step}", {"name": "x", "pin": "1", "fresh": "1"})
        assert page.path == "/account/sign-in"
    await browser.submit(phone=new_number())
    for step in ("pin", "name"):
        page = await browser.post(f"/account/sign-in/{step}", {"name": "x", "pin": "1", "fresh": "1"})
        assert page.path == "/account/sign-in"


async def test_signing_in_leads_back_to_where_it_began(browser: Browser) -> None:
    await browser.open("/account/devices")
    await browser.sign_up()
    assert browser.page.path == "/account/devices"
    page = await browser.open("/account/sign-in?continue=/account/profile")
    assert page.path == "/account/profile"
    page = await browser.open("/account/sign-in?continue=/account/profile&again=1")
    assert page.path.startswith("/account/sign-in")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/ /x", ""]
)
async def test_nobody_is_sent_to_another_site(browser: Browser, target: str) -> None:
    await browser.sign_up()
    await browser.open("/")
    page = await browser._follow(await browser._http.get("/account/sign-in", params={"continue": target}))
    assert browser.left_to is None
    assert page.path == "/account"
    page = await browser._follow(await browser._http.get("/account/language", params={"to": "fr", "back": target}))
    assert browser.left_to is None
    assert page.path == "/"


async def test_a_failing_sms_service_is_told(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from palabre.accounts.codes import providers

    async def fail(*_: object) -> None:
        raise providers.ProviderError

    monkeypatch.setattr(providers.QuietProvider, "send", fail)
    await browser.open("/account/sign-in")
    page = await browser.submit(phone="+33612345678")
    assert 400 <= page.status < 500
    assert "could not send the SMS" in page.text
    assert page.forms[0]["phone"] == "+33612345678"


def _user_id(browser: Browser) -> str:
    found = re.search(r"@[a-z0-9]{16}:\S+", browser.page.text)
    assert found is not None
    return found[0]
