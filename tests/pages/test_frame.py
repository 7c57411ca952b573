"""What holds for every page: headers, languages, forms of other sites."""

import re

import pytest

from palabre.pages.frame import form_source

from ..api import Homeserver
from .browser import Browser


async def test_the_front_page_says_how_to_connect(browser: Browser) -> None:
    page = await browser.open("/")
    assert page.status == 200
    assert "http://127.0.0.1:8008" in page.text
    for app in ("Element", "Element X", "nheko"):
        assert app in page.links
    assert page.links["Sign in or sign up"] == "/account/sign-in"


async def test_pages_forbid_scripts_and_frames(browser: Browser) -> None:
    for path in ("/", "/account/sign-in", "/account/devices/x", "/account/terms"):
        page = await browser.open(path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", page.html)


async def test_the_style_sheet_is_cached_by_its_content(browser: Browser, client: Homeserver) -> None:
    page = await browser.open("/")
    match = re.search(r'href="(/account/assets/[0-9a-f]+/palabre.css)"', page.html)
    assert match is not None
    answer = await client.http.get(match[1])
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    answer = await client.http.get("/account/assets/older/palabre.css")
    assert answer.headers["cache-control"] == "no-cache"
    assert (await client.http.get("/account/assets/x/..%2Fframe.py")).status_code == 404


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("fr", "fr"),
        ("fr-CA,en;q=0.8", "fr"),
        ("de,fr;q=0.5,en;q=0.9", "en"),
        ("de", "en"),
        ("", "en"),
        ("*", "en"),
        ("fr;q=0,en", "en"),
        ("fr;q=x,;;,=,en-GB;q=0.1", "en"),
    ],
)
async def test_the_language_is_the_browsers(client: Homeserver, wish: str, language: str) -> None:
    page = await Browser(client.http, wish).open("/account/sign-in")
    assert page.language == language


async def test_an_app_can_ask_for_a_language(browser: Browser) -> None:
    assert (await browser.open("/account/sign-in?ui_locales=de+fr-CA+en")).language == "fr"


async def test_the_language_switch_is_remembered_and_stays_on_the_page(browser: Browser) -> None:
    await browser.open("/account/sign-in?continue=/account/devices&ui_locales=en")
    page = await browser.click("Français")
    assert page.path == "/account/sign-in?continue=/account/devices&ui_locales=en"
    assert page.language == "fr"
    assert (await browser.open("/")).language == "fr"
    await browser.click("English")
    assert (await browser.open("/")).language == "en"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://test.local.evil.example"},
        {"sec-fetch-site": "cross-site", "origin": "http://test.local"},
        {"sec-fetch-site": "same-site", "origin": "http://test.local"},
        {"referer": "http://test.local/account/sign-in"},
        {},
    ],
)
async def test_forms_of_other_sites_are_refused(client: Homeserver, headers: dict[str, str]) -> None:
    answer = await client.http.post("/account/sign-in", data={"phone": "+33612345678"}, headers=headers)
    assert answer.status_code == 403
    assert "did not come from this site" in answer.text


@pytest.mark.parametrize("body", [b"\xff", b"&".join(b"a=1" for _ in range(60)), b"phone=%00%ff%ed%a0%80", b"{}"])
async def test_garbage_is_answered_with_a_page(client: Homeserver, body: bytes) -> None:
    answer = await client.http.post("/account/sign-in", content=body, headers={"origin": "http://test.local"})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://app.example.com/callback?x=1", "https://app.example.com"),
        ("http://127.0.0.1:1234/", "http://127.0.0.1:1234"),
        ("http://[::1]:1234/", "http:"),
        ("com.example.app:/callback", "com.example.app:"),
        ("https://a;script-src *", "https:"),
        ("x'y:/", None),
    ],
)
def test_where_a_form_may_lead(uri: str, source: str | None) -> None:
    assert form_source(uri) == source
