"""The pages about terms in a real Chromium: what only a browser can tell."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, ViewportSize, async_playwright

from ..pages.browser import CODE, new_number
from ..pages.test_browser import CHROMIUM, FLAGS, PHONE, watched
from ..services import missing
from .on_a_socket import desk, site
from .operator import Operator
from .papers import FIRST, SECOND

TERMS = "/account/terms"
LOOK = """
button => {
  const style = getComputedStyle(button), box = button.getBoundingClientRect();
  const wanted = ['color', 'backgroundColor', 'borderTopColor', 'borderTopWidth', 'fontSize', 'fontWeight',
                  'fontFamily', 'textDecorationLine', 'opacity', 'boxShadow', 'cursor'];
  return {width: box.width, height: box.height, top: box.top, left: box.left,
          style: Object.fromEntries(wanted.map(name => [name, style[name]]))};
}
"""


__all__ = ["desk", "site"]

Pictures = Callable[[Page, str], Awaitable[None]]
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def pictures() -> Pictures:
    """Keeps what was looked at in the folder that `PALABRE_PICTURES` names, for people."""
    folder = os.environ.get("PALABRE_PICTURES")

    async def take(page: Page, name: str) -> None:
        if folder:
            await page.screenshot(path=f"{folder}/{name}.png", full_page=True)

    return take


@pytest.fixture
def backend() -> str:
    """One is enough: what the pages ask of the database, `test_terms_pages` asks of both."""
    return "sqlite"


@pytest.fixture
async def chromium() -> AsyncIterator[Chromium]:
    if shutil.which(CHROMIUM) is None:
        missing(f"{CHROMIUM} is needed for tests in a real browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        await browser.close()


async def sign_in(page: Page, site: str, number: str) -> None:
    """Up to the account, or up to the terms of a new one."""
    await page.goto(f"{site}/account/sign-in?again=1")
    await page.fill("#phone", number)
    await page.click("main button")
    await page.fill("#code", CODE)
    await page.locator("main button").first.click()
    if await page.locator("#name").count():
        await page.fill("#name", "Awa Diallo")
        await page.click("main button")


@pytest.mark.parametrize(
    ("language", "scheme", "viewport"),
    [("en-US", "light", DESKTOP), ("fr-FR", "light", PHONE), ("en-US", "dark", PHONE), ("fr-FR", "dark", DESKTOP)],
    ids=["english-light-desktop", "french-light-phone", "english-dark-phone", "french-dark-desktop"],
)
async def test_every_page_is_accessible(
    chromium: Chromium, site: str, desk: Operator, language: str, scheme: Any, viewport: Any, pictures: Pictures
) -> None:
    # Axe is put into the page by the test; the pages' own policy forbids scripts.
    context = await chromium.new_context(viewport=viewport, color_scheme=scheme, locale=language, bypass_csp=True)
    number = new_number()
    async with watched(context) as page:

        async def check(name: str) -> None:
            """No violation of WCAG that can be found without a person, nothing beyond the edge of the screen."""
            await pictures(page, f"{name}-{language[:2]}-{scheme}-{viewport['width']}")
            found = await Axe().run(page, options={"runOnly": RULES})
            assert found.response["violations"] == [], (name, found.generate_report())
            assert await page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], name
            assert await page.get_attribute("html", "lang") == language[:2]

        await sign_in(page, site, number)
        await page.goto(site + TERMS)
        await check("nothing")
        await desk.publish(FIRST)
        await desk.roll_out(SECOND)
        await desk.clock(1)
        await page.goto(site + TERMS)
        await check("asked")
        await page.click("button[value=decline]")
        await check("declined")
        await desk.clock(34)
        await sign_in(page, site, number)
        for day, name in ((34, "limited"), (44, "locked"), (54, "deletion")):
            await desk.clock(day)
            await page.goto(site + TERMS)
            await check(name)
        await page.check("[name='choice.suggestions']")
        await page.click("button[value=accept]")
        await check("accepted")
        for path, name in (
            ("", "current"),
            ("/choices", "choices"),
            ("/history", "history"),
            ("/privacy/2031", "document"),
            ("/privacy/2030?edition=world", "other-edition"),
        ):
            await page.goto(site + TERMS + path)
            await check(name)
        await context.clear_cookies()
        await sign_in(page, site, new_number())
        await check("sign-up")
        for summary in await page.locator("summary").all():
            await summary.click()
        await check("sign-up-open")
        await page.click("button[value=decline]")
        await check("left")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("where", ["asked", "sign-up"])
async def test_accept_and_decline_are_equals(
    chromium: Chromium, site: str, desk: Operator, viewport: Any, where: str
) -> None:
    """The same size, weight, colours and distance, one click each; and later is there too."""
    context = await chromium.new_context(viewport=viewport, java_script_enabled=True)
    async with watched(context) as page:
        if where == "asked":
            await sign_in(page, site, new_number())
            await desk.roll_out(SECOND)
            await desk.clock(1)
            await page.goto(site + TERMS)
        else:
            await desk.roll_out(SECOND)
            await desk.clock(1)
            await sign_in(page, site, new_number())
        accept = await page.locator("button[value=accept]").evaluate(LOOK)
        decline = await page.locator("button[value=decline]").evaluate(LOOK)
        assert accept["style"] == decline["style"]
        assert accept["width"] == pytest.approx(decline["width"], abs=1)
        assert accept["height"] == pytest.approx(decline["height"], abs=1)
        assert accept["height"] >= 44
        assert accept["top"] == pytest.approx(decline["top"], abs=1) or accept["left"] == decline["left"]
        before = page.url
        await page.click("button[value=decline]")
        declined = page.url if where == "asked" else await page.title()
        assert declined != before
        if where == "asked":
            assert await page.locator("h1").inner_text() == "You have declined"
            await page.goto(site + TERMS)
            assert await page.locator("button[value=later]").is_visible()
            await page.click("button[value=accept]")
            assert await page.locator("h1").inner_text() == "You have accepted"
            # Taking it back: the page, and one click.
            await page.goto(f"{site}{TERMS}/history")
            await page.click(".withdraw button")
            assert await page.locator("h1").inner_text() == "You have taken it back"
        else:
            assert await page.locator("h1").inner_text() == "No account was made"


async def test_the_keyboard_is_enough_and_scripts_are_not_needed(chromium: Chromium, site: str, desk: Operator) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    async with watched(context) as page:
        await sign_in(page, site, new_number())
        await desk.roll_out(SECOND)
        await desk.clock(1)
        await page.goto(site + TERMS)
        await tab_to(page, "[name='choice.advertising']")
        await page.keyboard.press("Space")
        await tab_to(page, "button[value=accept]")
        await tab_to(page, "button[value=decline]")
        await page.keyboard.press("Shift+Tab")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        assert await page.locator("h1").inner_text() == "You have accepted"
        assert "Yes: Lobi shows you advertising" in await page.locator(".chosen").inner_text()


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, which must be visible."""
    focused = page.locator(f"{selector}:focus")
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await focused.count():
            return
    raise AssertionError(f"{selector} cannot be reached with the keyboard")


async def test_paper_has_the_whole_text_and_no_buttons(chromium: Chromium, site: str, desk: Operator) -> None:
    context = await chromium.new_context(viewport=DESKTOP)
    async with watched(context) as page:
        await sign_in(page, site, new_number())
        await desk.roll_out(SECOND)
        await desk.clock(1)
        await page.goto(f"{site}{TERMS}/privacy/2031")
        await page.emulate_media(media="print")
        for hidden in (".onward", ".others", "header nav", "footer"):
            assert not await page.locator(hidden).is_visible(), hidden
        for there in ("h1", ".ledger", ".text", ".help"):
            assert await page.locator(there).is_visible(), there
        assert await page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
        assert len(await page.pdf()) > 5000
        await page.goto(site + TERMS)
        assert not await page.locator("button[value=accept]").is_visible()
        assert await page.locator(".steps").is_visible()
