"""Confirming on a page what an app asks for."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from ..api import Homeserver, Http
from ..oauth.app import App, new_app
from .browser import CODE, Browser, new_number
from .conftest import MoveClock


class Doing:
    """Somebody deletes a device in their app, which must be confirmed first."""

    def __init__(self, app: App, tokens: dict[str, Any], http: Http) -> None:
        self.browser = app.browser
        self.path = f"/devices/{app.device_id}"
        self.http = http
        self.challenge: dict[str, Any] = {}

    async def attempt(self, *, status: int = 401) -> dict[str, Any]:
        auth = {"auth": {"session": self.challenge["session"]}} if self.challenge else {}
        answer: dict[str, Any] = await self.http.call("DELETE", self.path, auth, status=status)
        return answer

    def oauth_page(self) -> str:
        parts = urlsplit(self.challenge["params"]["m.oauth"]["url"])
        return f"{parts.path}?{parts.query}"

    def fallback(self, stage: str) -> str:
        return f"/_matrix/client/v3/auth/{stage}/fallback/web?session={self.challenge['session']}"


@pytest.fixture
async def doing(client: Homeserver) -> Doing:
    app = await new_app(client)
    tokens = await app.sign_in()
    doing = Doing(app, tokens, Http(client.http, tokens["access_token"]))
    doing.challenge = await doing.attempt()
    return doing


async def test_what_an_oauth_app_asks_is_confirmed_on_a_page(doing: Doing) -> None:
    page = await doing.browser.open(doing.oauth_page())
    assert "sign out one of your devices" in page.text
    await doing.attempt()
    page = await doing.browser.submit(answer="allow")
    assert "Go back to your app" in page.text
    await doing.attempt(status=200)


@pytest.mark.parametrize("stage", ["m.login.sso", "m.login.msisdn"])
async def test_the_fallback_pages_tell_the_app_by_script(doing: Doing, stage: str, client: Homeserver) -> None:
    page = await doing.browser.open(doing.fallback(stage))
    assert "script-src" not in page.headers["content-security-policy"]
    page = await doing.browser.submit(answer="allow")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    script = page.html.partition('<script src="')[2].partition('"')[0]
    code = (await client.http.get(script)).text
    assert "window.onAuthDone()" in code
    assert 'postMessage("authDone", "*")' in code
    await doing.attempt(status=200)


async def test_a_no_leaves_everything_as_it_is(doing: Doing) -> None:
    await doing.browser.open(doing.oauth_page())
    page = await doing.browser.submit(answer="deny")
    assert "Nothing was changed" in page.text
    await doing.attempt()


async def test_an_old_sign_in_does_not_confirm(doing: Doing, move_clock: MoveClock) -> None:
    await move_clock(timedelta(minutes=20))
    page = await doing.browser.open(doing.oauth_page())
    assert page.path.startswith("/account/sign-in?")


async def test_somebody_else_cannot_confirm(doing: Doing, client: Homeserver) -> None:
    other = Browser(client.http)
    await other.open(doing.oauth_page())
    await other.sign_up("Other")
    assert "another account" in other.page.text
    assert other.page.forms == []
    own = await doing.browser.open(doing.oauth_page())
    form = {**own.forms[0], "answer": "allow"}
    await other.post(doing.oauth_page(), form)
    await doing.attempt()
    signed_in = await other.open("/account")
    user_id = next(word for word in signed_in.text.split() if word.endswith(":test.local")).lstrip("ID")
    page = await other.post(doing.oauth_page(), {"user": user_id, "answer": "allow"})
    assert page.status == 403
    await doing.attempt()


async def test_a_confirmation_serves_only_what_it_was_for(doing: Doing) -> None:
    await doing.browser.open(doing.oauth_page())
    await doing.browser.submit(answer="allow")
    auth = {"auth": {"session": doing.challenge["session"]}, "devices": ["ABC"]}
    await doing.http.fail("POST", "/delete_devices", auth, status=403)


async def test_unknown_sessions_and_stages(doing: Doing) -> None:
    for address in (
        "/account/confirm?session=unknown",
        "/_matrix/client/v3/auth/m.login.sso/fallback/web",
        doing.fallback("m.login.password"),
        doing.fallback("m.login.terms"),
    ):
        page = await doing.browser.open(address)
        assert page.status == 404
        assert "did not work" in page.text
    page = await doing.browser.open("/account/confirm?session=%00")
    assert page.status == 400


async def test_registering_through_the_fallback_pages(client: Homeserver) -> None:
    challenge = await client.call("POST", "/register", {}, status=401)
    auth = {"auth": {"session": challenge["session"]}}
    page_of = "/_matrix/client/v3/auth/{}/fallback/web?session=" + challenge["session"]
    browser = Browser(client.http)
    page = await browser.open(page_of.format("m.login.msisdn"))
    page = await browser.submit(phone="1")
    assert page.status == 400
    await browser.submit(phone=new_number())
    page = await browser.submit(code="111111")
    assert page.status == 400
    page = await browser.submit(code=CODE)
    assert "Go back to your app" in page.text
    account = await client.call("POST", "/register", auth)
    assert account["user_id"].startswith("@")


async def test_the_page_for_a_lost_identity_says_how_to_begin(browser: Browser) -> None:
    page = await browser.open("/account/identity")
    assert "Begin in your app" in page.text
