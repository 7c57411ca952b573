"""The console in a real Chromium: what only a browser can tell about contrast, names, width and print."""

import os
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page

from ..pages.test_browser import PHONE, SMALL, chromium, watched
from .console import ACTOR, decided, furnish, people
from .on_a_socket import desk, site
from .operator import Operator, day
from .papers import SECOND

__all__ = ["chromium", "desk", "site"]

VERSION = "/console/policies/privacy/2031"
ROLLOUT = "/console/rollouts/privacy.2031.1"
DESKTOP = {"width": 1280, "height": 900}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def backend() -> str:
    """One is enough: what the pages ask of the database, `test_console` asks of both."""
    return "sqlite"


@pytest.fixture
async def busy(desk: Operator) -> Operator:
    """A roll-out that three hundred people have come a way with, and a draft that is not started."""
    await furnish(desk)
    others = {region: await people(desk, region, count) for region, count in (("DE", 160), ("SN", 90), ("BR", 50))}
    plan = {"announce": day(0), "deadline": day(40), "ladder": LADDER, "waves": [{"percent": 100}]}
    body = {"policy": "privacy", "version": "2031", "plan": plan, "actor": ACTOR, "reason": "Ready."}
    await desk.call("POST", "/_palabre/admin/v1/rollouts", body, status=201)
    await desk.operate("privacy.2031.1", "start")
    for region, names in others.items():
        for number, name in enumerate(names):
            kind = ("accept", "accept", "decline", "later", "")[number % 5]
            if kind:
                await decided(desk, [name], kind, SECOND, region, 1 + number % 37)
    await desk.clock(12)
    await desk.operate("privacy.2031.1", "extend", deadline=day(45), edition="europe")
    await desk.clock(58)
    return desk


LADDER = [
    {"step": "notice"},
    {"step": "reminder", "before_deadline": "P7D"},
    {"step": "limited"},
    {"step": "locked", "after_deadline": "P10D"},
    {"step": "deletion_scheduled", "after_deadline": "P30D"},
    {"step": "deleted", "after_deadline": "P60D"},
]


async def sign_in(page: Page, site: str, token: str | None) -> None:
    await page.goto(f"{site}/console")
    await page.fill("#token", token or "")
    await page.fill("#actor", ACTOR)
    await page.click("main button")


async def picture(page: Page, name: str) -> None:
    """Keeps what was looked at in the folder that `PALABRE_PICTURES` names, for people."""
    folder = os.environ.get("PALABRE_PICTURES")
    if folder:
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("language", "scheme", "viewport"),
    [("en-US", "dark", PHONE), ("fr-FR", "light", DESKTOP)],
    ids=["english-dark-phone", "french-light-desktop"],
)
async def test_every_page_is_accessible(
    chromium: Chromium, site: str, busy: Operator, language: str, scheme: Any, viewport: Any
) -> None:
    # Axe is put into the page by the test; the pages' own policy forbids scripts.
    context = await chromium.new_context(viewport=viewport, color_scheme=scheme, locale=language, bypass_csp=True)
    async with watched(context) as page:

        async def check(name: str) -> None:
            """No violation of WCAG that can be found without a person, nothing beyond the edge of the screen."""
            await picture(page, f"console-{name}-{language[:2]}-{scheme}-{viewport['width']}")
            found = await Axe().run(page, options={"runOnly": RULES})
            assert found.response["violations"] == [], (name, found.generate_report())
            assert await page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], name
            assert await page.get_attribute("html", "lang") == language[:2]
            assert await page.evaluate(SMALL) == []

        await page.goto(f"{site}/console")
        await check("sign-in")
        await page.fill("#token", "wrong")
        await page.fill("#actor", ACTOR)
        await page.click("main button")
        await check("wrong-token")
        await sign_in(page, site, busy.token)
        await check("overview")
        for path, name in (
            ("/console/policies", "policies"),
            (VERSION, "version"),
            ("/console/rollouts", "rollouts"),
            (ROLLOUT, "rollout"),
            ("/console/rollouts/none", "missing"),
            ("/console/policies/privacy/2030/plan", "plan"),
        ):
            await page.goto(site + path)
            await page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
            await check(name)
        await page.fill("#deadline", "")
        await page.evaluate("document.querySelectorAll('[required]').forEach(e => e.required = false)")
        await page.click("form.sheet button")
        await check("plan-refused")
        await page.fill("#deadline", "2031-06-01T00:00")
        await page.fill("#reason", "A first version.")
        await page.click("form.sheet button")
        await check("preview")
        for operation in ("extend", "hold", "drop", "roll_back"):
            await page.goto(f"{site}{ROLLOUT}/{operation}")
            await check(operation)
            if operation == "extend":
                await page.fill("#deadline", "2031-06-01T00:00")
            await page.fill("#reason", "To see what it would do.")
            await page.click("form.sheet button")
            await check(f"{operation}-confirm")
        await page.goto(f"{site}{ROLLOUT}/start")
        await check("impossible")


async def test_an_operation_from_end_to_end_without_javascript(chromium: Chromium, site: str, busy: Operator) -> None:
    context = await chromium.new_context(java_script_enabled=False, locale="en-US")
    async with watched(context) as page:
        await sign_in(page, site, busy.token)
        await page.goto(site + ROLLOUT)
        await page.click("text=Hold")
        await page.fill("#reason", "The page had a wrong date.")
        await page.click("text=See what it would do")
        assert "can do everything again at once." in await page.inner_text("main")
        await page.click("text=Yes, hold it")
        assert page.url.endswith("?done=hold")
        assert "The roll-out is on hold." in await page.inner_text("[role=status]")
        assert "The page had a wrong date." in await page.inner_text(".log")
        cookies = {cookie["name"]: cookie for cookie in await context.cookies()}
        assert cookies["palabre_console"]["httpOnly"]
        assert cookies["palabre_console"]["sameSite"] == "Strict"


async def test_charts_fit_the_screen_and_print_with_their_numbers(
    chromium: Chromium, site: str, busy: Operator
) -> None:
    context = await chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    async with watched(context) as page:
        await sign_in(page, site, busy.token)
        await page.goto(site + ROLLOUT)
        shown = "[...document.querySelectorAll('svg.chart-wide')].map(e => getComputedStyle(e).display)"
        assert set(await page.evaluate(shown)) == {"block"}
        assert not await page.locator(".chart-data table").first.is_visible()
        await page.set_viewport_size({"width": 375, "height": 800})
        assert set(await page.evaluate(shown)) == {"none"}
        await page.emulate_media(media="print")
        assert set(await page.evaluate(shown)) == {"block"}
        height = "document.querySelector('.chart-data table').getBoundingClientRect().height"
        assert await page.evaluate(height) > 50
        assert await page.locator(".desk").is_hidden()
