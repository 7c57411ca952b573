"""The account pages."""

from datetime import timedelta

from ..api import Homeserver
from .browser import CODE, Browser
from .conftest import MoveClock


async def test_every_page_asks_for_sign_in_first(browser: Browser) -> None:
    for path in ("", "/profile", "/devices", "/devices/ABC", "/pin", "/delete", "/device"):
        page = await browser.open("/account" + path)
        assert page.path.startswith("/account/sign-in?continue=%2Faccount")
        page = await browser.post("/account" + path, {"name": "x", "sure": "yes"})
        assert page.path.startswith("/account/sign-in") or page.status == 405


async def test_the_name_can_be_changed(browser: Browser) -> None:
    await browser.sign_up("Awa")
    await browser.open("/account/profile")
    assert browser.page.forms[0]["name"] == "Awa"
    page = await browser.submit(name="Awa <b>Diallo</b>")
    assert "Saved" in page.text
    page = await browser.open("/account")
    assert "Awa <b>Diallo</b>" in page.text
    await browser.open("/account/profile")
    page = await browser.submit(name="")
    assert page.status == 400


async def test_signing_out_here(browser: Browser) -> None:
    await browser.sign_up()
    await browser.open("/account")
    cookie = browser.cookies["palabre_session"]
    page = await browser.submit()
    assert page.path == "/"
    browser.cookies.set("palabre_session", cookie, domain="test.local")
    page = await browser.open("/account")
    assert page.path.startswith("/account/sign-in")


async def test_a_browser_session_ends_after_a_month(browser: Browser, move_clock: MoveClock) -> None:
    await browser.sign_up()
    await move_clock(timedelta(days=29))
    assert (await browser.open("/account")).path == "/account"
    await move_clock(timedelta(days=31))
    assert (await browser.open("/account")).path.startswith("/account/sign-in")


async def test_the_session_cookie_is_kept_from_scripts_and_other_sites(browser: Browser) -> None:
    await browser.sign_up()
    for cookie in browser.cookies.jar:
        if cookie.name == "palabre_session":
            assert cookie.has_nonstandard_attr("HttpOnly")
            assert str(cookie.get_nonstandard_attr("SameSite")).lower() == "lax"
            break
    else:
        raise AssertionError("no session cookie")


async def test_a_pin_is_changed_and_removed_only_with_the_old_one(browser: Browser) -> None:
    await browser.sign_up()
    await browser.open("/account/pin")
    page = await browser.submit(pin="12")
    assert page.status == 400
    assert "4 to 20 digits" in page.text
    await browser.submit(pin="2468")
    page = await browser.submit(current="0000", pin="1357")
    assert page.status == 403
    assert "not your PIN" in page.text
    page = await browser.submit(current="2468", pin="1357")
    assert "PIN is set" in page.text
    page = await browser.submit(current="1357", remove="1")
    assert "removed" in page.text


async def test_a_new_pin_signs_other_browsers_out(browser: Browser, client: Homeserver) -> None:
    number = await browser.sign_up()
    other = Browser(client.http)
    await other.sign_up(number=number)
    await browser.open("/account/pin")
    await browser.submit(pin="2468")
    assert (await browser.open("/account")).path == "/account"
    assert (await other.open("/account")).path.startswith("/account/sign-in")


async def test_serious_things_ask_for_a_new_code_after_a_while(browser: Browser, move_clock: MoveClock) -> None:
    number = await browser.sign_up()
    await move_clock(timedelta(minutes=16))
    for path in ("/account/pin", "/account/delete"):
        page = await browser.post(path, {"pin": "2468", "sure": "yes"})
        assert page.path.startswith("/account/sign-in?")
    assert (await browser.open("/account")).path == "/account"
    await browser.open("/account/delete")
    await browser.submit(phone=number)
    assert (await browser.submit(code=CODE)).path == "/account/delete"


async def test_deleting_the_account(browser: Browser, client: Homeserver) -> None:
    number = await browser.sign_up("Awa")
    other = Browser(client.http)
    await other.sign_up(number=number)
    await browser.open("/account/delete")
    page = await browser.submit()
    assert page.status == 400
    assert "Tick this box" in page.text
    page = await browser.submit(sure="yes", erase="yes")
    assert "account is deleted" in page.text
    for signed_in in (browser, other):
        assert (await signed_in.open("/account")).path.startswith("/account/sign-in")
    await browser.sign_up("New", number)
    assert "New" in (await browser.open("/account")).text


async def test_deleting_needs_the_pin(browser: Browser) -> None:
    await browser.sign_up()
    await browser.open("/account/pin")
    await browser.submit(pin="2468")
    await browser.open("/account/delete")
    page = await browser.submit(sure="yes", current="1111")
    assert page.status == 403
    assert (await browser.open("/account")).path == "/account"


async def test_oauth_management_links_lead_somewhere(browser: Browser) -> None:
    await browser.sign_up()
    for action, path in {
        "org.matrix.profile": "/account/profile",
        "org.matrix.devices_list": "/account/devices",
        "org.matrix.sessions_list": "/account/devices",
        "org.matrix.device_view": "/account/devices",
        "org.matrix.account_deactivate": "/account/delete",
        "org.matrix.cross_signing_reset": "/account/identity",
        "something.else": "/account?action=something.else",
    }.items():
        page = await browser.open(f"/account?action={action}")
        assert page.path == path
    page = await browser.open("/account?action=org.matrix.device_view&device_id=..%2F..%2Fx")
    assert page.path == "/account/devices/..%2F..%2Fx"
    assert page.status == 404
