"""The hosted pages about terms, as a person without JavaScript goes through them."""

import json
import re
from typing import Any

import pytest

from palabre.policy.documents.models import Version

from ..api import Homeserver, User
from ..pages.browser import CODE, Browser, Page, new_number
from ..phone_routes.conftest import Phone, accepting
from .operator import Operator
from .papers import BROADER, FIRST, REWORDED, SECOND, THIRD, start

TERMS = "/account/terms"


class Person(Browser):
    """Signs in again when that is needed, and may send Global Privacy Control."""

    number: str | None = None

    def send_gpc(self) -> None:
        self._http.headers["sec-gpc"] = "1"

    async def open(self, address: str) -> Page:
        page = await super().open(address)
        if self.number and self._at("/account/sign-in"):
            await self.submit(phone=self.number)
            page = await self.submit(code=CODE)
        return page

    async def answer(self, kind: str, **ticked: str) -> Page:
        return await self.submit(answer=kind, **ticked)

    async def arrive(self, number: str | None = None) -> str:
        """Sign up, with the terms if there are any."""
        number = await self.sign_up(number=number)
        if self._at("/account/sign-in/terms"):
            await self.answer("accept")
        assert self.page.path == "/account"
        self.number = number
        return number


@pytest.fixture
async def person(client: Homeserver, operator: Operator) -> Person:
    """Somebody from France who was here before any terms, and is asked for the second version on day 0."""
    await operator.clock(-10)
    browser = Person(client.http)
    await browser.arrive()
    return browser


@pytest.fixture
async def told(person: Person, operator: Operator) -> Person:
    """The same, told of their first terms, on the day after."""
    await operator.publish(FIRST)
    await operator.roll_out(SECOND)
    await operator.clock(1)
    return person


def shown(page: Page) -> str:
    return " ".join(page.text.replace("\u00a0", " ").replace("\u202f", " ").split())


# what is asked


async def test_nothing_is_published(person: Person) -> None:
    page = await person.open(TERMS)
    assert "has not published any terms yet" in shown(page)
    for path in (f"{TERMS}/choices", f"{TERMS}/history"):
        assert (await person.open(path)).status == 200
    assert (await person.open(f"{TERMS}/privacy/2031")).status == 404
    assert (await person.open(f"{TERMS}/en")).status == 404


async def test_the_page_says_what_until_when_and_what_changes(told: Person) -> None:
    page = await told.open(TERMS)
    text = shown(page)
    assert "Privacy policy" in text
    assert "Version 2031" in text
    assert "European Union" in text
    assert "You have until 8 February 2031 to decide" in text
    assert "On 1 February 2031 we remind you" in text
    assert "From 8 February 2031 you can still read and receive, but not write" in text
    assert "From 18 February 2031 your chats are locked" in text
    assert "On 9 April 2031 your account and what is in it are deleted" in text
    assert "What you would agree to" in text
    assert "Your phone number goes to our sister companies, so that they recognise you. part of the terms" in text
    assert "We never read your messages" in text
    assert page.links["Read the whole text"] == f"{TERMS}/privacy/2031#text"
    assert page.links["Delete my account"] == "/account/delete"


async def test_who_accepted_before_sees_only_what_changes(person: Person, operator: Operator) -> None:
    await operator.roll_out(FIRST)
    await operator.clock(1)
    await person.open(TERMS)
    page = await person.answer("accept")
    assert "You have accepted" in page.text
    await operator.publish(SECOND)
    assert "You have nothing to decide" in shown(await person.open(TERMS))
    await operator.call("PUT", "/_palabre/admin/v1/clock", {"now": "2030-12-01T00:00:00Z"})
    await start(operator, SECOND)
    await operator.clock(2)
    text = shown(await person.open(TERMS))
    assert "What changes for you" in text
    assert "Compared with version 2030, which you accepted on 7 January 2031:" in text
    assert "Lobi and Sankofa" in text
    assert "your internet address" not in text.partition("What changes")[2].partition("In short")[0]


async def test_each_level_is_said(told: Person, operator: Operator) -> None:
    for number, words in (
        (34, "Since 8 February 2031 you can read and receive, but not write"),
        (44, "Since 18 February 2031 your chats are locked"),
        (54, "Since 28 February 2031 your account is set to be deleted"),
    ):
        await operator.clock(number)
        page = await told.open(TERMS)
        assert words in shown(page)
        assert "You have until" not in page.text
        assert page.links["Delete my account"] == "/account/delete"
        assert page.links["Download my data"] == "/account/export"
        assert page.links["privacy@palabre.example"] == "mailto:privacy@palabre.example"


async def test_held_extended_rolled_back(person: Person, operator: Operator) -> None:
    rollout_id = await operator.roll_out(SECOND)
    await operator.clock(1)
    await operator.operate(rollout_id, "hold")
    assert "no date is running" in shown(await person.open(TERMS))
    await operator.operate(rollout_id, "resume")
    await operator.operate(rollout_id, "extend", deadline="2031-05-15T00:00:00Z")
    assert "You have until 15 May 2031" in shown(await person.open(TERMS))
    await operator.operate(rollout_id, "roll_back")
    page = await person.answer("accept")
    assert page.status == 409
    assert "not asked any more" in page.text
    assert "not decided anything" in (await person.open(f"{TERMS}/history")).text


# deciding


async def test_accepting_with_a_choice(told: Person) -> None:
    await told.open(TERMS)
    page = await told.answer("accept", **{"choice.advertising": "on"})
    assert page.path.startswith(f"{TERMS}/done?decision=")
    text = shown(page)
    assert "Yes: Lobi shows you advertising" in text
    assert "No: We suggest people" in text
    page = await told.open(TERMS)
    assert "You have nothing to decide" in page.text
    assert "You accepted it on 7 January 2031" in shown(page)
    page = await told.open(f"{TERMS}/choices")
    assert 'name="choice.advertising" value="on" checked' in page.html
    assert 'name="choice.suggestions" value="on" checked' not in page.html


async def test_declining_and_changing_ones_mind(told: Person) -> None:
    await told.open(TERMS)
    page = await told.answer("decline")
    assert "You have declined" in page.text
    assert "From 8 February 2031" in shown(page)
    page = await told.open(TERMS)
    assert "You declined this version on 7 January 2031" in shown(page)
    assert "You have accepted" in (await told.answer("accept")).text


async def test_later(told: Person) -> None:
    await told.open(TERMS)
    assert "Decide when it suits you" in (await told.answer("later")).text
    assert "You put this off on 7 January 2031" in shown(await told.open(TERMS))


async def test_sending_the_same_form_twice_is_one_decision(told: Person) -> None:
    await told.open(TERMS)
    action, fields = TERMS, {**told.page.forms[0], "answer": "accept"}
    first = await told.post(action, fields)
    assert (await told.post(action, fields)).path == first.path


async def test_a_stale_page_records_nothing(told: Person, operator: Operator) -> None:
    old = (await told.open(TERMS)).forms[0]
    await operator.call("PUT", "/_palabre/admin/v1/clock", {"now": "2030-12-01T00:00:00Z"})
    await operator.roll_out(THIRD)
    await operator.clock(1)
    page = await told.post(TERMS, {**old, "answer": "accept"})
    assert page.status == 409
    assert "out of date, so nothing was recorded" in page.text
    assert page.forms[0]["version"] == "2032"
    assert "not decided anything" in (await told.open(f"{TERMS}/history")).text


@pytest.mark.parametrize("field", ["hash", "edition", "version", "policy", "locale"])
async def test_what_names_something_else_records_nothing(told: Person, field: str) -> None:
    await told.open(TERMS)
    page = await told.submit(answer="accept", **{field: "2030" if field == "version" else "something-else"})
    assert page.status == 409
    assert "not decided anything" in (await told.open(f"{TERMS}/history")).text


async def test_answers_that_do_not_exist(told: Person) -> None:
    await told.open(TERMS)
    assert (await told.answer("perhaps")).status == 400
    await told.open(TERMS)
    assert (await told.submit(answer="accept", **{"offered.number": "1"})).status == 400
    await told.open(TERMS)
    await told.answer("accept")
    await told.open(f"{TERMS}/choices")
    assert (await told.submit(**{"offered.unknown": "1"})).status == 400


async def test_somebody_else_signed_in_meanwhile(told: Person, client: Homeserver) -> None:
    await told.open(TERMS)
    fields = told.page.forms[0]
    other = Person(client.http)
    await other.arrive()
    page = await other.post(TERMS, {**fields, "answer": "decline"})
    assert page.path == TERMS
    assert len(receipts(await other.open(f"{TERMS}/history"))) == 1


def receipts(page: Page) -> list[str]:
    return re.findall(r"/receipt\"", page.html)


async def test_an_editorial_version_has_only_to_be_seen(told: Person, operator: Operator) -> None:
    await told.open(TERMS)
    await told.answer("accept")
    await operator.call("PUT", "/_palabre/admin/v1/clock", {"now": "2030-12-01T00:00:00Z"})
    await operator.publish(REWORDED)
    await start(operator, REWORDED)
    await operator.clock(2)
    page = await told.open(TERMS)
    assert "Same terms, clearer words" in page.text
    assert "Only the wording is different" in page.text
    assert "Decline" not in page.text
    assert "Thank you" in (await told.answer("later")).text
    assert "You have nothing to decide" in (await told.open(TERMS)).text
    assert "Seen" in (await told.open(f"{TERMS}/history")).text


# choices


async def test_choices_are_given_and_taken_back_in_one_click_each(told: Person) -> None:
    await told.open(TERMS)
    await told.answer("accept")
    await told.open(f"{TERMS}/choices")
    page = await told.submit(**{"choice.suggestions": "on"})
    assert "Saved" in page.text
    assert 'name="choice.suggestions" value="on" checked' in page.html
    page = await told.submit()
    assert 'name="choice.suggestions" value="on" checked' not in page.html
    assert "Choices changed" in (await told.open(f"{TERMS}/history")).text


async def test_global_privacy_control_keeps_what_is_optional_off(told: Person) -> None:
    told.send_gpc()
    page = await told.open(TERMS)
    assert "Global Privacy Control" in page.text
    assert page.html.count("disabled") == 2
    page = await told.answer("accept", **{"choice.advertising": "on"})
    assert "Yes:" not in page.text
    assert "asked for everything optional to be off" in page.text
    page = await told.open(f"{TERMS}/choices")
    assert "Global Privacy Control" in page.text
    page = await told.submit(**{"choice.advertising": "on"})
    assert "checked" not in page.html


async def test_what_was_refused_is_not_asked_again_within_a_year(person: Person, operator: Operator) -> None:
    await operator.roll_out(FIRST)
    await operator.clock(1)
    await person.open(TERMS)
    await person.answer("accept")
    await operator.call("PUT", "/_palabre/admin/v1/clock", {"now": "2030-12-01T00:00:00Z"})
    await operator.roll_out(SECOND)
    await operator.clock(2)
    page = await person.open(TERMS)
    assert "choice.suggestions" not in page.html
    assert "choice.advertising" in page.html
    assert "we do not ask again" in page.text
    assert page.links["My choices"] == f"{TERMS}/choices"
    await person.answer("accept")
    assert "choice.suggestions" in (await person.open(f"{TERMS}/choices")).html


@pytest.mark.parametrize(("version", "kept"), [(SECOND, True), (BROADER, False)], ids=["the same", "broader"])
async def test_a_choice_is_kept_only_while_it_means_the_same(
    person: Person, operator: Operator, version: Version, kept: bool
) -> None:
    await operator.roll_out(FIRST)
    await operator.clock(1)
    await person.open(TERMS)
    await person.answer("accept", **{"choice.suggestions": "on"})
    await operator.call("PUT", "/_palabre/admin/v1/clock", {"now": "2030-12-01T00:00:00Z"})
    await operator.roll_out(version)
    await operator.clock(2)
    page = await person.open(TERMS)
    assert ('name="choice.suggestions" value="on" checked' in page.html) is kept


# history


async def test_history_has_record_and_receipt_and_can_be_taken_back(told: Person) -> None:
    await told.open(TERMS)
    await told.answer("accept")
    page = await told.open(f"{TERMS}/history")
    record = await told._http.get(page.links["Record"])
    assert record.headers["content-type"].startswith("application/ld+json")
    assert "attachment" in record.headers["content-disposition"]
    assert json.loads(record.content)["@type"] == "dpv:ConsentRecord"
    receipt = await told._http.get(page.links["Receipt"])
    assert receipt.text.count(".") == 2
    assert "You are asked again, with the whole notice period" in shown(page)
    again = page.forms[0]
    page = await told.submit()
    assert "You have taken it back" in page.text
    page = await told.open(TERMS)
    assert "You took back your acceptance on 7 January 2031" in shown(page)
    assert "Take back my acceptance" not in (await told.open(f"{TERMS}/history")).text
    assert "You have taken it back" in (await told.post(f"{TERMS}/history", again)).text
    assert len(receipts(await told.open(f"{TERMS}/history"))) == 2
    await told.open(TERMS)
    await told.answer("accept")
    page = await told.post(f"{TERMS}/history", again)
    assert page.status == 409
    assert "taken back already" in page.text


async def test_records_are_ones_own(told: Person, client: Homeserver) -> None:
    await told.open(TERMS)
    await told.answer("accept")
    page = await told.open(f"{TERMS}/history")
    other = Person(client.http)
    await other.arrive()
    for link in (
        page.links["Record"],
        page.links["Receipt"],
        f"{TERMS}/done?decision=" + page.links["Record"].split("/")[-2],
    ):
        assert (await other.open(link)).status == 404


# re-reading


async def test_any_version_and_edition_can_be_read_again(told: Person) -> None:
    page = await told.open(f"{TERMS}/privacy/2030")
    text = shown(page)
    assert "This is the whole text." in text
    assert "90 days" in text
    assert page.links["2031"] == f"{TERMS}/privacy/2031"
    page = await told.click("Rest of the world")
    assert "This is not your edition" in page.text
    assert (await told.open(f"{TERMS}/privacy/2030?edition=mars")).status == 404


async def test_in_french(told: Person) -> None:
    await told.open(f"/account/language?to=fr&back={TERMS}")
    text = shown(told.page)
    assert told.page.language == "fr"
    assert "Vous avez jusqu’au 8 février 2031 pour décider" in text
    assert "À partir du 8 février 2031, vous pourrez encore lire" in text
    assert "Politique de confidentialité" in text
    assert "Nous ne lisons jamais vos messages" in text
    page = await told.answer("accept")
    assert "Vous avez accepté" in page.text
    assert "Retirer mon accord" in (await told.open(f"{TERMS}/history")).text
    assert "à votre choix" in (await told.open(f"{TERMS}/privacy/2031")).text


async def test_the_first_look_is_counted(told: Person, operator: Operator) -> None:
    async def views() -> list[Any]:
        found = await operator.parts.database.fetch("SELECT policy, version, at, region FROM policy_views")
        return [tuple(row) for row in found]

    assert await views() == []
    await told.open(TERMS)
    [first] = await views()
    assert (first[0], first[1], first[3]) == ("privacy", "2031", "FR")
    await operator.clock(2)
    await told.open(TERMS)
    assert await views() == [first]


# signing up


@pytest.fixture
async def published(operator: Operator) -> Operator:
    await operator.clock(-10)
    await operator.roll_out(FIRST)
    await operator.clock(1)
    return operator


async def test_a_new_person_accepts_before_there_is_an_account(published: Operator, client: Homeserver) -> None:
    browser = Person(client.http)
    await browser.sign_up()
    assert browser.page.path == "/account/sign-in/terms"
    text = shown(browser.page)
    assert "European Union" in text
    assert "Accept and create my account" in text
    assert "This is the whole text." in text
    assert "your phone number" in text
    assert await accounts(published) == 0
    page = await browser.submit(answer="accept", **{"privacy/choice.suggestions": "on"})
    assert page.path == "/account"
    assert await accounts(published) == 1
    page = await browser.open(f"{TERMS}/history")
    assert "Accepted" in page.text
    assert "Yes: We suggest" in shown(page)
    assert "You have nothing to decide" in (await browser.open(TERMS)).text


async def test_a_new_person_leaves_without_an_account(published: Operator, client: Homeserver) -> None:
    browser = Person(client.http)
    await browser.sign_up()
    page = await browser.submit(answer="decline")
    assert "No account was made" in page.text
    assert await accounts(published) == 0
    assert (await browser.open("/account/sign-in/terms")).path == "/account/sign-in"


async def test_terms_that_change_during_a_sign_up(published: Operator, client: Homeserver) -> None:
    browser = Person(client.http)
    await browser.sign_up()
    await published.call("PUT", "/_palabre/admin/v1/clock", {"now": "2030-12-01T00:00:00Z"})
    await published.roll_out(SECOND)
    await published.clock(1)
    # The clock went back and forth; the code that was checked is as old as it was.
    page = await browser.submit(answer="accept")
    assert "changed while you were reading" in page.text
    assert await accounts(published) == 0
    page = await browser.submit(answer="accept")
    assert page.path == "/account"


async def test_global_privacy_control_while_signing_up(published: Operator, client: Homeserver) -> None:
    browser = Person(client.http)
    browser.send_gpc()
    await browser.open("/account/sign-in")
    await browser.sign_up()
    assert "Global Privacy Control" in browser.page.text
    await browser.submit(answer="accept", **{"privacy/choice.suggestions": "on"})
    assert "Yes:" not in (await browser.open(f"{TERMS}/history")).text


async def accounts(operator: Operator) -> int:
    found: int = await operator.parts.database.fetchval("SELECT count(*) FROM accounts")
    return found


async def test_our_own_clients_name_what_was_accepted(published: Operator, client: Homeserver) -> None:
    phone = Phone(client)
    await phone.ask()
    [terms] = (await phone.verify())["terms"]
    assert terms["id"] == "privacy"
    assert terms["version"] == "2030"
    assert terms["edition"] == "europe"
    assert "never read your messages" in terms["locales"]["en"]["summary"]
    assert terms["locales"]["fr"]["url"].endswith("/_palabre/v1/policies/privacy/2030/fr?edition=europe")
    assert [row["id"] for row in terms["optional"]] == ["suggestions"]
    accepted = accepting(terms, "fr")
    for wrong in (
        [],
        [{**accepted, "hash": "sha256:0"}],
        [{**accepted, "version": "2029"}],
        [{**accepted, "locale": "xx"}],
    ):
        refused = await phone.complete(status=403, display_name="Awa", terms=wrong)
        assert refused["code"] == "M_CONSENT_NOT_GIVEN"
        assert refused["terms"] == [terms]
    assert await accounts(published) == 0
    made = await phone.complete(display_name="Awa", terms=[{**accepted, "choices": {"suggestions": True}}])
    browser = Person(client.http)
    await browser.sign_up(number=phone.number)
    assert "Yes: We suggest" in shown(await browser.open(f"{TERMS}/history"))
    assert made["access_token"]


async def test_an_account_that_exists_is_opened_without_terms(client: Homeserver, operator: Operator) -> None:
    await operator.clock(-10)
    phone = Phone(client)
    first = await phone.sign_in(display_name="Awa")
    await operator.roll_out(FIRST)
    await operator.clock(1)
    await phone.ask()
    assert (await phone.verify())["terms"] == []
    assert (await phone.complete())["user_id"] == first.user_id


async def test_registering_with_an_app(published: Operator, client: Homeserver) -> None:
    begun = await client.call("POST", "/register", {}, status=401)
    assert {"stages": ["m.login.msisdn", "m.login.terms"]} in begun["flows"]
    policy = begun["params"]["m.login.terms"]["policies"]["privacy"]
    assert policy["version"] == "2030"
    assert policy["fr"]["name"] == "Politique de confidentialité"
    address = policy["fr"]["url"].removeprefix("http://127.0.0.1:8008")
    assert address == "/_palabre/v1/policies/privacy/2030/fr"
    assert (await client.http.get(address)).status_code == 200

    auth = {"auth": {"session": begun["session"]}}
    page_of = "/_matrix/client/v3/auth/{}/fallback/web?session=" + begun["session"]
    browser = Browser(client.http)
    await browser.open(page_of.format("m.login.msisdn"))
    await browser.submit(phone=new_number())
    await browser.submit(code=CODE)
    assert (await client.call("POST", "/register", auth, status=401))["completed"] == ["m.login.msisdn"]
    page = await browser.open(page_of.format("m.login.terms"))
    assert page.links["Privacy policy"].endswith("/_palabre/v1/policies/privacy/2030/en")
    assert "Tick the box" in (await browser.submit()).text
    await browser.submit(agree="yes")
    account = User(client.http, await client.call("POST", "/register", auth))
    [decision] = (await account.call("GET", "/_palabre/v1/account/policy/decisions"))["decisions"]
    assert (decision["kind"], decision["version"], decision["edition"]) == ("accept", "2030", "europe")
    assert decision["choices"] == {"suggestions": False}
