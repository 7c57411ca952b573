"""Every published version, and every difference, as a page that anybody can read."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from msgspec.structs import replace
from playwright.async_api import Browser as Chromium
from playwright.async_api import async_playwright

from palabre.policy.documents.models import Acknowledgement, Document
from palabre.policy.documents.reading import read_folder
from tests.api import Homeserver, Http
from tests.services import Palabre, missing

from ..pages.browser import Browser
from .operator import Operator
from .papers import FIRST, SECOND, THIRD

STARTER = Path(__file__).parents[2] / "policies" / "palabre"
POLICIES = "/_palabre/v1/policies"
ADMIN = "/_palabre/admin/v1/policies"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture
async def browser(operator: Operator, client: Homeserver) -> Browser:
    """Somebody who is signed in nowhere, where three versions are published."""
    for version in (FIRST, SECOND, THIRD):
        await operator.publish(version)
    return Browser(client.http)


def warned(policy: str = "palabre") -> Document:
    """With a warning that the operator acknowledged."""
    document = read_folder(STARTER).document
    known = Acknowledgement(code="GDPR-13-1-B-OFFICER", reason="We are looking for <one>.")
    return replace(
        document, policy=replace(document.policy, id=policy, data_protection_officer=None, acknowledgements=[known])
    )


async def publish(operator: Http, document: Document) -> None:
    body = {
        "policy": msgspec.to_builtins(document.policy),
        "wording": msgspec.to_builtins(document.wording),
        "actor": "Awa",
    }
    await operator.call("POST", ADMIN, body)


async def test_a_version_as_a_page(browser: Browser) -> None:
    page = await browser.open(POLICIES + "/privacy/2031/en?edition=europe")
    assert page.status == 200
    assert page.language == "en"
    assert "Privacy policy" in page.title
    for text in (
        "Version 2031, in force from 8 February 2031",
        "This edition is for people with a phone number of: France and Germany.",
        "We never read your messages",
        "Your phone number goes to our sister companies, so that they recognise you.",
        "Your phone number, to adapt the service to you",
        "Lobi and Sankofa",
        "No, it is a condition of the service",
        "Yes, it is off unless you turn it on",
        "United States, protected by standard contractual clauses of the European Commission",
        "90 days",
        "have your data erased",
        "Mariam Traoré",
        "You can complain to the CNIL",
        SECOND.hash,
    ):
        assert text in page.text, text
    assert "Published although" not in page.text


async def test_the_same_in_french(browser: Browser) -> None:
    page = await browser.open(POLICIES + "/privacy/2031/fr")
    assert page.language == "fr"
    assert "Version 2031, en vigueur à partir du 8 février 2031" in page.text
    assert "Votre numéro de téléphone va à nos sociétés sœurs" in page.text
    assert "tous ceux dont aucune autre édition ne nomme le pays" in page.text
    assert "Union européenne" in page.links


async def test_the_browsers_way_from_the_plain_address(browser: Browser) -> None:
    browser._http.headers["accept"] = "text/html"
    page = await browser.open(POLICIES + "/privacy/2031?edition=world")
    assert page.path == POLICIES + "/privacy/2031/en?edition=world"
    page = await browser.click("European Union")
    assert page.path == POLICIES + "/privacy/2031/en?edition=europe"
    page = await browser.click("Français")
    assert page.path == POLICIES + "/privacy/2031/fr?edition=europe"
    page = await browser.click("Différences avec la version 2030")
    assert page.path == POLICIES + "/privacy/diff/2030/2031/fr"
    page = await browser.click("English")
    assert page.path == POLICIES + "/privacy/diff/2030/2031/en"


async def test_former_versions_stay_in_reach(browser: Browser) -> None:
    page = await browser.open(POLICIES + "/privacy/2031/en")
    assert page.links["Version 2030"].startswith(POLICIES + "/privacy/2030/en")
    assert page.links["What differs from version 2032"] == POLICIES + "/privacy/diff/2031/2032/en"
    assert page.links["What differs from version 2030"] == POLICIES + "/privacy/diff/2030/2031/en"
    page = await browser.click("Version 2030")
    assert "Version 2030, in force from" in page.text
    assert "sister companies" not in page.text
    for name, kind in (
        ("The document (canonical JSON)", "application/json"),
        ("In terms of the Data Privacy Vocabulary (JSON-LD)", "application/ld+json"),
    ):
        answer = await browser._http.get(page.links[name])
        assert answer.headers["content-type"].startswith(kind)


async def test_current_is_marked(operator: Operator, client: Homeserver) -> None:
    await operator.clock(-1)
    await operator.roll_out(FIRST)
    await operator.publish(SECOND)
    await operator.clock(1)
    page = await Browser(client.http).open(POLICIES + "/privacy/2030/en")
    assert page.html.count('<span class="tag">current</span>') == 1
    await operator.clock(-1)
    assert "current</span>" not in (await Browser(client.http).open(POLICIES + "/privacy/2030/en")).html


async def test_the_difference_as_a_page(browser: Browser) -> None:
    page = await browser.open(POLICIES + "/privacy/diff/2030/2031/en?country=FR")
    assert "What changes from version 2030 to version 2031" in page.text
    assert "More may be done with your data than before." in page.text
    assert "New, and a condition of the service: your phone number" in page.text
    assert "New, and your choice" in page.text
    page = await browser.click("The same comparison, the other way round")
    assert "Nothing more may be done with your data than before." in page.text
    assert "No longer: your phone number" in page.text


async def test_what_the_operator_knew_is_published_with_it(operator: Operator, client: Homeserver) -> None:
    await publish(operator, warned())
    page = await Browser(client.http).open(POLICIES + "/palabre/1/en")
    assert "Published although" in page.text
    assert "No data protection officer is named." in page.text
    assert "GDPR-13-1-B-OFFICER" in page.text
    assert "We are looking for <one>." in page.text
    assert "<one>" not in page.html
    page = await Browser(client.http).open(POLICIES + "/palabre/1/fr")
    assert "L’opérateur le savait et l’a publiée malgré" in page.text


async def test_a_text_in_one_language_only_says_which(operator: Operator, client: Homeserver) -> None:
    words = {edition: {"fr": locales["fr"]} for edition, locales in FIRST.document.wording.items()}
    await operator.publish(replace(FIRST, document=replace(FIRST.document, wording=words)))
    page = await Browser(client.http).open(POLICIES + "/privacy/2030/en")
    assert page.language == "en"
    assert '<div class="prose" lang="fr">' in page.html
    assert "What is done with your data" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/privacy/2031/xx",
        "/privacy/2040/en",
        "/terms/2031/en",
        "/privacy/2031/en?edition=asia",
        "/privacy/diff/2030/2040/en",
        "/privacy/diff/2030/2031/xx",
        "/privacy/diff/2030/2031/en?edition=asia",
    ],
)
async def test_what_does_not_exist_is_not_found(browser: Browser, path: str) -> None:
    page = await browser.open(POLICIES + path)
    assert page.status == 404
    assert "is not here" in page.text


# in a real browser


@pytest.fixture
async def chromium() -> AsyncIterator[Chromium]:
    if shutil.which(CHROMIUM) is None:
        missing(f"{CHROMIUM} is needed for tests in a real browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        await browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_pages_are_accessible(
    chromium: Chromium, process: Palabre, server: Homeserver, language: str, scheme: str
) -> None:
    token = (await asyncio.to_thread((process.data / "operator.token").read_text)).strip()
    operator = Http(server.http, token)
    first = warned("accessible")
    second = replace(
        first,
        policy=replace(
            first.policy,
            version="2",
            editions=[replace(one, processing=one.processing[1:]) for one in first.policy.editions],
        ),
    )
    await publish(operator, first)
    await publish(operator, second)
    context = await chromium.new_context(viewport={"width": 360, "height": 740}, color_scheme=scheme)  # type: ignore[arg-type]  # parametrized
    page = await context.new_page()
    for path in (
        f"/accessible/1/{language}",
        f"/accessible/2/{language}?edition=europe",
        f"/accessible/diff/2/1/{language}",
    ):
        await page.goto(process.url + POLICIES + path)
        assert await page.get_attribute("html", "lang") == language
        found = await Axe().run(page)
        assert found.response["violations"] == [], found.generate_report()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert await page.locator("script").count() == 0
        await page.emulate_media(media="print")
        assert not await page.locator("nav").first.is_visible()
        assert await page.locator("h1").is_visible()
        await page.emulate_media(media="screen")
    await context.close()
