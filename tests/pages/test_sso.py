"""`m.login.sso`, from the redirect to the session."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from ..api import Homeserver
from .browser import Browser

START = "/_matrix/client/v3/login/sso/redirect"
TARGET = "https://app.example.org/?hs=test#/home"


def start(url: str, provider: str = "") -> str:
    return START + provider + "?" + urlencode({"redirectUrl": url})


async def test_the_server_offers_it(client: Homeserver) -> None:
    flows = (await client.call("GET", "/login"))["flows"]
    assert "m.login.sso" in {flow["type"] for flow in flows}


@pytest.mark.parametrize("target", [TARGET, "element://vector/?x=1", "http://localhost:3000/", "com.example:/sso"])
async def test_a_person_signs_an_app_in(browser: Browser, client: Homeserver, target: str) -> None:
    answer = await client.http.get(start(target))
    assert answer.status_code == 302
    await browser.open(start(target))
    await browser.sign_up("Awa")
    assert (urlsplit(target).hostname or urlsplit(target).scheme) in browser.page.text
    assert "Awa" in browser.page.text
    await browser.submit(answer="allow")
    assert browser.left_to is not None
    left, wanted = urlsplit(browser.left_to), urlsplit(target)
    assert (left.scheme, left.netloc, left.path, left.fragment) == (*wanted[:3], wanted.fragment)
    query = dict(parse_qsl(left.query))
    token = query.pop("loginToken")
    assert query == dict(parse_qsl(wanted.query))
    login = {"type": "m.login.token", "token": token}
    session = await client.call("POST", "/login", login)
    assert session["user_id"].startswith("@")
    await client.fail("POST", "/login", login, status=403)


async def test_an_old_login_token_in_the_address_is_replaced(browser: Browser) -> None:
    await browser.open(start("https://app.example.org/?loginToken=old&a=b&loginToken=older"))
    await browser.sign_up()
    await browser.submit(answer="allow")
    query = parse_qsl(urlsplit(browser.left_to or "").query)
    assert [name for name, _ in query] == ["a", "loginToken"]
    assert query[1][1] not in ("old", "older")


async def test_nothing_happens_without_consent(browser: Browser) -> None:
    await browser.sign_up()
    page = await browser.open(start(TARGET))
    assert browser.left_to is None
    assert page.path.startswith("/account/sso")
    page = await browser.post(page.path, {**page.forms[0], "answer": "allow"}, "https://evil.example")
    assert (page.status, browser.left_to) == (403, None)
    await browser.open(start(TARGET))
    page = await browser.submit(answer="deny")
    assert (page.path, browser.left_to) == ("/account", None)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/local",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https:///x",
        "https://user:pw@example.org/",
        "https://example.org:port/",
        "https://exa mple.org/",
        "x\ny:z",
        "\x00",
    ],
)
async def test_addresses_that_nobody_is_sent_to(browser: Browser, url: str) -> None:
    for path in (start(url), "/account/sso?" + urlencode({"redirectUrl": url})):
        page = await browser.open(path)
        assert (page.status, browser.left_to) == (400, None)


async def test_identity_providers(browser: Browser) -> None:
    page = await browser.open(start(TARGET, "/palabre"))
    assert page.path.startswith("/account/sign-in")
    page = await browser.open(start(TARGET, "/someone-else"))
    assert page.status == 404
    page = await browser.open(START)
    assert page.status == 400
