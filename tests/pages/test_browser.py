"""The pages in a real Chromium: what only a browser can tell about redirects, policies, layout and contrast."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Page, async_playwright

from ..api import Homeserver
from ..oauth.app import DEVICE, App, new_app
from ..services import missing
from .browser import CODE, new_number

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PHONE = {"width": 360, "height": 740}

CONTRAST = """
() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m.slice(0, 3), 1] : m; };
  const luminance = c => {
    const [r, g, b] = c.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c[3] === 1) return c;
    }
    return [255, 255, 255, 1];
  };
  const bad = [];
  for (const e of document.querySelectorAll('body *')) {
    const text = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!text || e.closest('.skip') || e.closest('option')) continue;
    const [a, b] = [luminance(parse(getComputedStyle(e).color).slice(0, 3)), luminance(background(e).slice(0, 3))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(`${e.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return bad;
}
"""
"""Texts whose contrast is below 4.5 to 1 (WCAG 2.2, 1.4.3)."""

LABELS = """
() => [...document.querySelectorAll('input:not([type=hidden]), select')]
  .filter(e => !e.labels.length).map(e => e.outerHTML)
"""

SMALL = """
() => [...document.querySelectorAll('button, input:not([type=hidden]), select, header a, footer a')]
  .filter(e => { const r = e.getBoundingClientRect(); return r.width && (r.width < 24 || r.height < 24); })
  .map(e => e.outerHTML)
"""
"""Controls below 24 by 24 pixels (WCAG 2.2, 2.5.8)."""


@pytest.fixture
async def chromium() -> AsyncIterator[Chromium]:
    if shutil.which(CHROMIUM) is None:
        missing(f"{CHROMIUM} is needed for tests in a real browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def watched(context: BrowserContext) -> AsyncIterator[Page]:
    """A page on which the browser must find nothing to complain about."""
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    # Answers that say no (400, 403, …) are reported by Chromium as failed loads; those are the point of some tests.
    assert [text for text in complaints if "Failed to load resource" not in text] == []


async def sign_up(page: Page, name: str = "Awa Diallo", number: str | None = None) -> None:
    await page.fill("#phone", number or new_number())
    await page.click("main button")
    await page.fill("#code", CODE)
    await page.locator("main button").first.click()
    await page.fill("#name", name)
    await page.click("main button")


@pytest.fixture
async def callback() -> AsyncIterator[tuple[str, "asyncio.Future[str]"]]:
    """An app that listens on the loopback interface; the future becomes the address it was called with."""
    called: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode()
        if not called.done() and "/cb" in line:
            called.set_result(line.split(" ")[1])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\ndone")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/cb", called
    server.close()


async def test_an_app_signs_somebody_in_without_javascript(
    chromium: Chromium, server: Homeserver, app_url: str, callback: tuple[str, "asyncio.Future[str]"]
) -> None:
    redirect_uri, called = callback
    app = await new_app(server, application_type="native", redirect_uris=["http://127.0.0.1/cb"])
    app.redirect_uri = redirect_uri
    context = await chromium.new_context(java_script_enabled=False)
    async with watched(context) as page:
        await page.goto(app_url + app.authorization())
        await sign_up(page)
        assert "Example app" in await page.title()
        await page.click("button[value=allow]")
        address = await asyncio.wait_for(called, 10)
    code = address.partition("code=")[2].partition("&")[0]
    assert (await app.redeem(code)).status_code == 200


async def test_form_action_lets_an_apps_own_scheme_through(
    chromium: Chromium, server: Homeserver, app_url: str
) -> None:
    app = await new_app(server, application_type="native", redirect_uris=["com.example.app:/callback"])
    context = await chromium.new_context()
    async with watched(context) as page:
        await page.goto(app_url + app.authorization())
        await sign_up(page)
        async with page.expect_request(lambda request: request.url.startswith("com.example.app:/callback?code=")):
            await page.click("button[value=allow]", no_wait_after=True)


async def test_a_popup_of_a_web_app_learns_that_the_step_is_done(
    chromium: Chromium, server: Homeserver, app_url: str
) -> None:
    app = await new_app(server)
    tokens = await app.sign_in()
    server.token = tokens["access_token"]
    challenge = await server.call("DELETE", f"/devices/{app.device_id}", status=401)
    server.token = None
    context = await chromium.new_context()
    cookies = [{"name": name, "value": value, "url": app_url} for name, value in app.browser.cookies.items()]
    await context.add_cookies(cookies)  # type: ignore[arg-type]  # Playwright's own TypedDict
    async with watched(context) as page:
        # The app's page: not ours, because ours forbid the script that a web app would run.
        await page.route("http://app.test/", lambda route: route.fulfill(body="<p>app</p>", content_type="text/html"))
        await page.goto("http://app.test/")
        await page.evaluate("addEventListener('message', e => { window.heard = e.data })")
        address = f"{app_url}/_matrix/client/v3/auth/m.login.sso/fallback/web?session={challenge['session']}"
        async with page.expect_popup() as opened:
            await page.evaluate("address => { window.open(address) }", address)
        popup = await opened.value
        await popup.click("button[value=allow]")
        await page.wait_for_function("window.heard === 'authDone'")


@pytest.mark.parametrize("language", ["en-US", "fr-FR"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_is_readable_on_a_small_phone(
    chromium: Chromium, server: Homeserver, app_url: str, scheme: str, language: str
) -> None:
    context = await chromium.new_context(viewport=PHONE, color_scheme=scheme, locale=language)  # type: ignore[arg-type]  # parametrized
    app = await new_app(server)
    waiting = await _waiting_device(app)
    async with watched(context) as page:

        async def check() -> None:
            assert await page.get_attribute("html", "lang") == language[:2]
            assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url
            assert await page.evaluate(CONTRAST) == [], page.url
            assert await page.evaluate(LABELS) == [], page.url
            assert await page.evaluate(SMALL) == [], page.url
            assert await page.locator("h1").count() == 1

        await page.goto(app_url + "/")
        await check()
        await page.goto(app_url + "/account/sign-in")
        await check()
        await page.fill("#phone", "1")
        await page.click("main button")
        await check()
        assert await page.evaluate("document.activeElement.id") == "phone"
        assert await page.get_attribute("#phone", "aria-describedby") == "phone-hint phone-error"
        await page.fill("#phone", new_number())
        await page.click("main button")
        await check()
        await page.fill("#code", "111111")
        await page.locator("main button").first.click()
        await check()
        await page.fill("#code", CODE)
        await page.locator("main button").first.click()
        await check()
        await page.fill("#name", "Anne-Marie-Louise-Charlotte de la Rochefoucauld-Liancourt-Montmorency")
        await page.click("main button")
        for path in (
            "/account",
            "/account/profile",
            "/account/devices",
            "/account/devices/unknown",
            "/account/pin",
            "/account/delete",
            "/account/identity",
            "/account/terms",
            "/account/device",
            waiting,
            app.authorization(),
            "/_matrix/client/v3/login/sso/redirect?redirectUrl=https://a-rather-long-name.of-an-app.example.org/",
        ):
            await page.goto(app_url + path)
            await check()


async def _waiting_device(app: App) -> str:
    form = {"client_id": app.client_id, "scope": f"urn:matrix:client:api:* {DEVICE}{app.device_id}"}
    answer = await app.http.post("/_palabre/oauth/device", data=form)
    address: str = answer.json()["verification_uri_complete"]
    return "/account/device" + address.partition("/account/device")[2]
