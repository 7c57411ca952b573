"""The whole story, with clients that nobody here wrote: new terms are announced, people are limited, then locked out,
accept on the hosted page in a real browser, and have lost nothing.
"""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, async_playwright

from ..services import Palabre, missing, running
from .js_person import js_person
from .nio_person import nio_person

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
CODE = "000000"
BY = {"actor": "Awa", "reason": "the story of January 2021"}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def palabre(tmp_path: Path, database_url: str | None) -> Iterator[Palabre]:
    """In test mode, where the clock can be moved."""
    with running(Palabre(tmp_path / "server", database_url)) as process:
        yield process


class Story:
    """The operator, and people who sign up by phone number."""

    def __init__(self, palabre: Palabre, http: httpx.AsyncClient) -> None:
        self._http = http
        token = (palabre.data / "operator.token").read_text().strip()
        self._operator = {"authorization": f"Bearer {token}"}

    async def post(self, path: str, body: Any, **headers: str) -> Any:
        answer = await self._http.post(path, json=body, headers=headers)
        assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json()

    async def admin(self, path: str, body: Any) -> Any:
        return await self.post(f"/_palabre/admin/v1{path}", body, **self._operator)

    async def today(self, date: str) -> None:
        body = {"now": f"{date}T09:00:00Z"}
        answer = await self._http.put("/_palabre/admin/v1/clock", json=body, headers=self._operator)
        answer.raise_for_status()

    async def publish(self, folder: str) -> tuple[str, str]:
        """A policy of this repository, as it is, with all its acknowledged warnings."""
        from msgspec import to_builtins

        from palabre.policy.documents.reading import read_folder

        read = read_folder(ROOT / "policies" / folder)
        document = to_builtins(read.document)
        await self.admin("/policies", {**document, "actor": "Awa"})
        return read.document.policy.id, read.document.policy.version

    async def roll_out(self, policy: str, version: str, **plan: Any) -> str:
        made = await self.admin("/rollouts", {"policy": policy, "version": version, "plan": plan, **BY})
        rollout_id: str = made["rollout_id"]
        await self.operate(rollout_id, "start")
        return rollout_id

    async def operate(self, rollout_id: str, operation: str, **more: Any) -> None:
        await self.admin(f"/rollouts/{rollout_id}/{operation}", {**BY, **more})

    async def sign_up(self, number: str, name: str) -> dict[str, str]:
        """By number and code, accepting the terms of that day; gives a session."""
        secret = {"client_secret": f"secret-{name}"}
        sent = await self.post("/_palabre/v1/sign-in/code", {"phone": number, **secret})
        proof = {"sid": sent["sid"], "code": CODE, **secret}
        verified = await self.post("/_palabre/v1/sign-in/verify", proof)
        terms = [
            {"id": one["id"], "version": one["version"], "edition": one["edition"], "locale": "en"}
            | {"hash": one["locales"]["en"]["hash"]}
            for one in verified["terms"]
        ]
        login = await self.post("/_palabre/v1/sign-in/complete", {**proof, "display_name": name, "terms": terms})
        return {name: login[name] for name in ("user_id", "device_id", "access_token")}


@pytest.fixture
async def story(palabre: Palabre) -> AsyncIterator[Story]:
    async with httpx.AsyncClient(base_url=palabre.url, timeout=60, trust_env=False) as http:
        yield Story(palabre, http)


class Reader:
    """Somebody with a browser: signs in by number and code, reads the terms, and presses the button."""

    def __init__(self, page: Page, homeserver: str) -> None:
        self._page = page
        self._terms = f"{homeserver}/account/terms"

    async def accept(self, number: str) -> None:
        page = self._page
        await page.goto(self._terms)
        await page.get_by_label("Phone number").fill(number)
        await page.get_by_role("button", name="Send me a code").click()
        await page.get_by_label("6-digit code").fill(CODE)
        await page.get_by_role("button", name="Continue").click()
        await page.wait_for_url(self._terms)
        await page.get_by_role("button", name="Accept", exact=True).click()
        await page.wait_for_load_state()
        assert await page.get_by_role("button", name="Accept", exact=True).count() == 0


@pytest.fixture
async def readers(palabre: Palabre) -> AsyncIterator[list[Reader]]:
    """Three people, each with a Chromium of their own."""
    if shutil.which(CHROMIUM) is None:
        missing(f"{CHROMIUM} is needed for tests in a real browser")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=flags)
        contexts = [await browser.new_context(locale="en-GB") for _ in range(3)]
        yield [Reader(await context.new_page(), palabre.url) for context in contexts]
        await browser.close()


async def test_january_2021(palabre: Palabre, story: Story, readers: list[Reader], tmp_path: Path) -> None:
    await story.today("2020-12-20")
    before = await story.publish("whatsapp-2016")
    await story.roll_out(*before, deadline="2021-03-01T00:00:00Z", ladder=[{"step": "notice"}])
    await story.today("2020-12-21")
    async with (
        nio_person(palabre.url, tmp_path / "anna") as anna,
        nio_person(palabre.url, tmp_path / "chloe") as chloe,
        js_person(tmp_path / "bruno.log") as bruno,
    ):
        # India, where the terms of 2021 are a condition. Everybody accepted those of 2016 with signing up.
        anna.use_session(**await story.sign_up("+919812345601", "Anna"))
        chloe.use_session(**await story.sign_up("+919812345603", "Chloe"))
        session = await story.sign_up("+919812345602", "Bruno")
        bruno.user_id, bruno.device_id = session["user_id"], session["device_id"]
        await bruno(
            "useSession",
            homeserver=palabre.url,
            userId=session["user_id"],
            deviceId=session["device_id"],
            accessToken=session["access_token"],
        )
        await anna.start()
        await chloe.start()
        with_anna = await chloe.create_direct(anna.user_id)
        with_bruno = await chloe.create_direct(bruno.user_id)
        await anna.wait_for_room(with_anna, chloe.user_id)
        await bruno("waitForRoom", userId=chloe.user_id)
        await chloe.send(with_anna, "hello Anna")
        await chloe.send(with_bruno, "hello Bruno")
        await anna.wait_for_text(with_anna, "hello Anna")
        await bruno("waitForMessage", roomId=with_bruno, text="hello Bruno")
        assert anna.notices == [], "who has accepted is told nothing"

        # 6 January: everybody is told, and everything works.
        after = await story.publish("whatsapp-2021")
        rollout = await story.roll_out(
            *after,
            announce="2021-01-06T00:00:00Z",
            deadline="2021-02-08T00:00:00Z",
            ladder=[
                {"step": "notice"},
                {"step": "reminder", "before_deadline": "P7D"},
                {"step": "limited"},
                {"step": "locked", "after_deadline": "P14D"},
            ],
        )
        await story.today("2021-01-06")
        [notice] = await anna.wait_for_notices(1)
        assert f"{palabre.url}/account/terms" in notice
        assert "8 February 2021" in notice
        assert await bruno("waitForNotices", count=1) == [notice]
        await chloe.wait_for_level("notice")
        await readers[2].accept("+919812345603")
        await chloe.wait_for_level("none")
        await anna.send(with_anna, "have you read this?")
        await chloe.wait_for_text(with_anna, "have you read this?")

        # 15 January: the deadline moves. On 8 February nothing happens.
        await story.today("2021-01-15")
        await story.operate(rollout, "extend", deadline="2021-05-15T00:00:00Z")
        assert "15 May 2021" in (await anna.wait_for_notices(2))[1]
        await story.today("2021-02-09")
        await anna.send(with_anna, "still here")
        await bruno("send", roomId=with_bruno, text="me too")

        # 15 May: reading goes on, writing does not, and the client has the address to show.
        await story.today("2021-05-15")
        await anna.wait_for_level("limited")
        await bruno("waitForLevel", level="limited")
        errcode, sentence = await anna.send_refused(with_anna, "no")
        assert errcode == "M_CONSENT_NOT_GIVEN"
        assert f"{palabre.url}/account/terms" in sentence
        refused = await bruno("sendRefused", roomId=with_bruno, text="no")
        assert refused["errcode"] == "M_CONSENT_NOT_GIVEN"
        assert refused["consentUri"] == f"{palabre.url}/account/terms"
        assert f"{palabre.url}/account/terms" in refused["error"]
        await chloe.send(with_anna, "you can read this, Anna")
        await anna.wait_for_text(with_anna, "you can read this, Anna")
        await chloe.send(with_bruno, "and you this, Bruno")
        await bruno("waitForMessage", roomId=with_bruno, text="and you this, Bruno")

        # Two weeks later: locked. What is written meanwhile waits.
        await story.today("2021-05-29")
        await anna.wait_for_level("locked")
        await bruno("waitForLevel", level="locked")
        missed = [f"meanwhile {number}" for number in range(15)]
        for text in missed:
            await chloe.send(with_anna, text)
            await chloe.send(with_bruno, text)
        assert not set(missed) & set(anna.event_ids)
        assert not set(missed) & set(await bruno("messages", roomId=with_bruno))
        assert len(await bruno("waitForNotices", count=4)) == 4

        # They accept, and everything is there.
        await readers[0].accept("+919812345601")
        await readers[1].accept("+919812345602")
        await anna.wait_for_text(with_anna, missed[-1])
        await bruno("waitForMessage", roomId=with_bruno, text=missed[-1])
        assert [text for _, text in anna.texts[with_anna]][-len(missed) :] == missed
        assert (await bruno("messages", roomId=with_bruno))[-len(missed) :] == missed
        assert anna.unreadable == []
        await anna.send(with_anna, "back again")
        await bruno("send", roomId=with_bruno, text="so am I")
        await chloe.wait_for_text(with_anna, "back again")
        await chloe.wait_for_text(with_bruno, "so am I")
        assert chloe.unreadable == []
