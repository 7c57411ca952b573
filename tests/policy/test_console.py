"""The console over HTTP: who gets in, what each page says, and every operation from the form to the deed."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from palabre.app import Parts, compose
from palabre.settings import Settings
from palabre.storage.database import Transaction

from ..api import Homeserver, in_process
from ..pages.browser import new_number
from .console import ACTOR, PLAN, Console, decided, furnish, insert, people, shown
from .operator import Operator, day
from .papers import REWORDED, SECOND
from .rollout_world import account

VERSION = "/console/policies/privacy/2031"
ROLLOUT = "privacy.2031.1"
ROLLOUTS = "/_palabre/admin/v1/rollouts"


@pytest.fixture
async def furnished(operator: Operator) -> Operator:
    await furnish(operator)
    return operator


@pytest.fixture
async def console(client: Homeserver, furnished: Operator) -> Console:
    browser = Console(client.http)
    await browser.sign_in(furnished)
    assert browser.page.path == "/console"
    return browser


@pytest.fixture
async def drafted(console: Console) -> Console:
    """A draft: the announcement on day 0, the deadline on day 40, steps until day 90."""
    await console.open(VERSION + "/plan")
    await console.send(VERSION + "/plan", create="yes", **PLAN)
    assert console.page.path == f"/console/rollouts/{ROLLOUT}?done=create"
    return console


@pytest.fixture
async def running(drafted: Console, furnished: Operator) -> Console:
    """On day 1; two of the six in France have accepted, and one has declined."""
    await furnished.operate(ROLLOUT, "start")
    await drafted.wait(furnished, 1)
    names = [f"@fr{number:05}:test.local" for number in range(3)]
    await decided(furnished, names[:2], "accept", SECOND, "FR", 0.5)
    await decided(furnished, names[2:], "decline", SECOND, "FR", 0.6)
    return drafted


async def state(operator: Operator) -> tuple[str, int, int]:
    """(state, deadline, number of operations)."""
    rollout = await operator.call("GET", f"{ROLLOUTS}/{ROLLOUT}")
    history = await operator.call("GET", f"{ROLLOUTS}/{ROLLOUT}/operations")
    return rollout["state"], rollout["deadline"], len(history["operations"])


def at(number: float) -> int:
    """Milliseconds since 1970 of so many days after the announcement."""
    return 1_925_424_000_000 + int(number * 86_400_000)


# the door


async def test_nobody_without_a_session_gets_anything(running: Console, parts: Parts, furnished: Operator) -> None:
    before = await state(furnished)
    visited = 0
    for cookie in (None, "", "x" * 43):
        stranger = Console(running._http)
        if cookie is not None:
            stranger.cookies.set("palabre_console", cookie)
        for endpoint in parts.server.router.endpoints:
            if not endpoint.path.startswith("/console") or endpoint.path == "/console/sign-in":
                continue
            for operation in ("start", "hold", "resume", "extend", "drop", "roll_back"):
                path = endpoint.path.format(policy="privacy", version="2031", rollout_id=ROLLOUT, operation=operation)
                if endpoint.method == "GET":
                    page = await stranger.open(path)
                else:
                    page = await stranger.send(path, seen="1", create="yes", **PLAN)
                assert urlsplit(page.path).path == "/console/sign-in", path
                assert "Privacy policy" not in page.html
                assert ROLLOUT not in page.text
                visited += 1
    assert visited >= 3 * 6 * 10
    assert await state(furnished) == before


async def test_a_wrong_token_opens_nothing(client: Homeserver, furnished: Operator) -> None:
    browser = Console(client.http)
    for token in ("wrong", "é" * 20, f"{furnished.token}x"):
        await browser.open("/console")
        page = await browser.submit(token=token, actor=ACTOR)
        assert page.status == 403
        assert "This is not the operator token." in page.text
        assert token not in page.html
        assert "palabre_console" not in browser.cookies
    await browser.open("/console")
    assert browser.page.path.startswith("/console/sign-in")


async def test_a_name_is_needed(client: Homeserver, furnished: Operator) -> None:
    browser = Console(client.http)
    for actor in ("", "x" * 81, "a\u202eb"):
        page = await browser.sign_in(furnished, actor)
        assert page.status == 400
        assert "Type a name of 1 to 80 characters." in page.text
        assert str(furnished.token) not in page.html


async def test_the_cookie_is_kept_from_scripts_and_other_sites_and_only_its_hash_is_stored(
    client: Homeserver, furnished: Operator, parts: Parts
) -> None:
    answer = await client.http.post(
        "/console/sign-in",
        data={"token": furnished.token, "actor": ACTOR},
        headers={"origin": str(client.http.base_url).rstrip("/")},
    )
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    for attribute in ("HttpOnly", "SameSite=strict", "Max-Age=43200", "Path=/"):
        assert attribute in cookie
    value = cookie.partition("=")[2].partition(";")[0]
    rows = await parts.database.fetch("SELECT hash, actor, user_id FROM console_sessions")
    assert [(actor, user_id) for _, actor, user_id in rows] == [(ACTOR, None)]
    assert value.encode() not in bytes(rows[0][0])


async def test_a_session_ends_after_twelve_hours_and_when_signing_out(console: Console, furnished: Operator) -> None:
    await furnished.clock(-4.51)
    await console.open("/console/policies")
    assert console.page.path == "/console/policies"
    kept = console.cookies["palabre_console"]
    await console.submit(0)
    assert console.page.path == "/console/sign-in"
    console.cookies.set("palabre_console", kept)
    await console.open("/console/policies")
    assert console.page.path.startswith("/console/sign-in")
    await console.sign_in(furnished)
    await furnished.clock(-3.99)
    await console.open("/console/policies")
    assert console.page.path.startswith("/console/sign-in")


async def test_the_sign_in_leads_back_within_the_console_only(client: Homeserver, furnished: Operator) -> None:
    browser = Console(client.http)
    await browser.open(VERSION)
    assert furnished.token
    await browser.submit(token=furnished.token, actor=ACTOR)
    assert browser.page.path == VERSION
    for target in ("https://evil.example/console", "//evil.example/console", "/account", "/\\evil.example"):
        other = Console(client.http)
        await other.open("/console/sign-in")
        await other.send(f"/console/sign-in?continue={target}", token=furnished.token, actor=ACTOR)
        assert other.page.path == "/console"
        assert other.left_to is None


async def test_tries_are_limited(data_dir: Path, settings: Settings) -> None:
    public = Settings(server_name="test.local", data=data_dir, database=settings.database)
    async with in_process(compose(public).server) as homeserver:
        browser = Console(homeserver.http)
        for _ in range(10):
            assert (await browser.send("/console/sign-in", token="guess", actor=ACTOR)).status == 403
        token = (data_dir / "operator.token").read_text().strip()
        page = await browser.send("/console/sign-in", token=token, actor=ACTOR)
        assert page.status == 429
        assert "Too many tries" in page.text


async def test_an_operators_account_opens_it_and_nobody_elses(
    client: Homeserver, furnished: Operator, parts: Parts
) -> None:
    browser = Console(client.http)
    await browser.sign_up(number=new_number())
    page = await browser.send("/console/sign-in", actor="Awa")
    assert page.status == 403
    assert "This account is not an operator’s." in page.text
    user_id = await parts.database.fetchval("SELECT user_id FROM browser_sessions")
    await parts.accounts.people.set_operator(user_id, True)
    await browser.open("/console")
    assert user_id in browser.page.text
    await browser.submit(actor="Awa")
    assert browser.page.path == "/console"
    assert f"Awa ({user_id})" in browser.page.text
    await parts.accounts.people.set_operator(user_id, False)
    await browser.open("/console")
    assert browser.page.path.startswith("/console/sign-in")


async def test_forms_of_other_sites_are_refused(running: Console, furnished: Operator) -> None:
    page = await running.operate(ROLLOUT, "roll_back")
    fields = {**page.forms[-1]}
    before = await state(furnished)
    for origin in ("https://evil.example", "null", None):
        await running.post(f"/console/rollouts/{ROLLOUT}/roll_back", fields, origin)
        assert running.page.status == 403
    assert await state(furnished) == before


# what is published


async def test_policies_say_what_is_published(console: Console) -> None:
    page = await console.open("/console/policies")
    assert page.status == 200
    assert SECOND.hash in page.text
    assert "Material: people are asked" in page.text
    assert page.links["Version 2031"] == VERSION
    assert "/_palabre/v1/policies/privacy/2031/en" in page.html
    assert "/_palabre/v1/policies/privacy/diff/2030/2031" in page.html


async def test_a_version_says_what_it_changes(console: Console) -> None:
    page = await console.open(VERSION)
    text = shown(page)
    assert "Your phone number goes to our sister companies" in text
    assert "What it changes for people who had 2030" in text
    assert text.count("wider New, and a condition of the service") == 2
    assert "Condition of the service" in text
    assert "Plan a roll-out" in page.links
    first = await console.open("/console/policies/privacy/2030")
    assert "What it changes" not in first.text


async def test_findings_of_the_linter_are_shown_with_their_reason(console: Console, furnished: Operator) -> None:
    findings = (
        '[{"code":"X1","severity":"warning","duty":"GDPR 7(4)","place":"here","message":"Tied.","mend":"Untie.",'
        '"acknowledged":"We know <b>that</b>.","edition":"europe"}]'
    )

    async def work(tx: Transaction) -> None:
        await tx.execute("UPDATE policy_versions SET findings = $1 WHERE version = '2031'", findings)

    await furnished.parts.database.write(work)
    text = shown(await console.open(VERSION))
    for part in ("X1", "acknowledged", "GDPR 7(4)", "European Union:", "Tied.", "Untie.", "We know <b>that</b>."):
        assert part in text
    assert "1 acknowledged warning" in shown(await console.open("/console/policies"))
    assert "Published with 1 acknowledged warning" in shown(await console.open("/console"))


async def test_what_is_not_there_says_so(console: Console) -> None:
    for path in (
        "/console/policies/privacy/1999",
        "/console/policies/none/2031",
        "/console/policies/none/2031/plan",
        "/console/rollouts/none",
        "/console/rollouts/none/start",
        f"/console/rollouts/{ROLLOUT}/explode",
    ):
        page = await console.open(path)
        assert page.status == 404
        assert "There is no such policy, version, roll-out or operation." in page.text


# planning


async def test_a_plan_is_previewed_before_a_draft_is_made(console: Console, furnished: Operator) -> None:
    await decided(furnished, ["@fr00000:test.local"], "accept", SECOND, "FR", -6)
    await console.open(VERSION + "/plan")
    page = await console.go_on(**PLAN, wave_1_countries="fr", wave_2_countries="in", wave_2_days="7")
    text = shown(page)
    assert "8 people would be asked, of 10." in text
    assert "1 accepted already" in text
    assert "1 reached by no wave" in text
    assert "6 Jan 2031 Notice 5 France 5" in text
    assert "13 Jan 2031 Notice 3 India 3" in text
    assert "25 Feb 2031 Limited" not in text
    assert "15 Feb 2031 Limited 8 France 5, India 3" in text
    assert (await furnished.call("GET", ROLLOUTS))["rollouts"] == []
    assert "7" in (await console.go_on(back="yes")).forms[-1]["wave_2_days"]
    await console.go_on(**PLAN, wave_1_countries="fr", wave_2_countries="in", wave_2_days="7")
    await console.go_on(create="yes")
    assert "The draft is made." in console.page.text
    (rollout,) = (await furnished.call("GET", ROLLOUTS))["rollouts"]
    assert (rollout["announce"], rollout["deadline"]) == (at(0), at(40))
    assert [step["step"] for step in rollout["steps"]] == [
        "notice",
        "reminder",
        "limited",
        "locked",
        "deletion_scheduled",
        "deleted",
    ]
    assert ACTOR in console.page.text
    assert "The new terms are ready." in console.page.text


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("deadline", "", "Type a date and a time."),
        ("deadline", "tomorrow", "such as 2021-02-08T00:00"),
        ("deadline", "2031-13-01T00:00", "such as 2021-02-08T00:00"),
        ("announce", "2031-1-1", "such as 2021-02-08T00:00"),
        ("limited", "-1", "Type a whole number from 0 to 3650."),
        ("limited", "٣", "Type a whole number from 0 to 3650."),
        ("wave_1_percent", "0", "Type a number from 1 to 100."),
        ("wave_1_countries", "France", "Type codes of two letters"),
        ("reason", " ", "Type why you do this."),
        ("deadline", "2031-01-20T00:00", "leaves less than the notice period"),
    ],
)
async def test_a_plan_that_does_not_hold_is_refused_in_words(
    console: Console, furnished: Operator, field: str, value: str, message: str
) -> None:
    page = await console.send(VERSION + "/plan", **{**PLAN, field: value}, create="yes")
    assert page.status == 400
    assert message in page.text
    assert page.forms[-1]["notice"] == "30"
    assert (await furnished.call("GET", ROLLOUTS))["rollouts"] == []


async def test_a_version_has_one_roll_out_at_a_time(drafted: Console) -> None:
    page = await drafted.send(VERSION + "/plan", create="yes", **PLAN)
    assert page.status == 409
    assert "has a roll-out already" in page.text
    assert "Plan a roll-out" not in (await drafted.open(VERSION)).links


# operating


async def test_starting(drafted: Console, furnished: Operator) -> None:
    page = await drafted.operate(ROLLOUT, "start")
    text = shown(page)
    assert "This touches 10 people." in text
    assert "Notice 10, Reminder 10, Limited 10, Locked 10, Deletion announced 10, Deleted 10." in text
    assert "Because of start." in text
    assert (await state(furnished))[0] == "draft"
    await drafted.go_on()
    assert drafted.page.path == f"/console/rollouts/{ROLLOUT}?done=start"
    assert "The roll-out is started." in drafted.page.text
    assert (await state(furnished))[0] == "scheduled"


async def test_extending_says_who_is_freed(running: Console, furnished: Operator) -> None:
    await running.wait(furnished, 41)
    page = await running.operate(ROLLOUT, "extend", deadline=day(60)[:16])
    text = shown(page)
    assert "This touches 8 people." in text
    assert "8 people can do everything again at once." in text
    assert "2 people have accepted already" in text
    assert "Limited Notice 8" in text
    assert "Deadline 15 Feb 2031, 00:00 UTC 7 Mar 2031, 00:00 UTC" in text
    assert (await state(furnished))[1] == at(40)
    await running.go_on()
    assert "The deadline is extended." in running.page.text
    assert (await state(furnished))[1] == at(60)


async def test_extending_for_one_edition_touches_only_its_people(running: Console, furnished: Operator) -> None:
    text = shown(await running.operate(ROLLOUT, "extend", deadline=day(60)[:16], edition="europe"))
    assert "This touches 4 people." in text
    assert "At once, nothing is taken from anybody" in text
    assert "Deadline (European Union) 15 Feb 2031, 00:00 UTC 7 Mar 2031, 00:00 UTC" in text
    await running.go_on()
    rollout = await furnished.call("GET", f"{ROLLOUTS}/{ROLLOUT}")
    assert rollout["editions"]["europe"]["deadline"] == at(60)
    assert rollout["editions"]["world"]["deadline"] == at(40)
    assert "European Union" in running.page.text


async def test_holding_and_resuming(running: Console, furnished: Operator) -> None:
    await running.wait(furnished, 51)
    text = shown(await running.operate(ROLLOUT, "hold"))
    assert "This touches 8 people." in text
    assert "8 people can do everything again at once." in text
    await running.go_on()
    assert "on hold" in running.page.text
    assert (await state(furnished))[0] == "held"
    assert "Hold" not in running.page.links
    await running.wait(furnished, 58)
    assert "On hold since" in shown(await running.open("/console"))
    text = shown(await running.operate(ROLLOUT, "resume"))
    assert "8 people are restricted at once." in text
    assert re.search(r"Deadline 15 Feb 2031, 00:00 UTC 2[12] Feb 2031", text)
    await running.go_on()
    phase, deadline, _ = await state(furnished)
    assert phase == "running"
    assert deadline == pytest.approx(at(47), abs=120_000)  # the clock goes on between two clicks


async def test_dropping_a_step(running: Console, furnished: Operator) -> None:
    page = await running.operate(ROLLOUT, "drop", step="deletion_scheduled")
    assert page.status == 409
    assert "Drop deleted first." in page.text
    assert "This cannot be done to the roll-out as it is." in page.text
    text = shown(await running.operate(ROLLOUT, "drop", step="deleted"))
    assert "This touches 8 people." in text
    assert "Deleted 6 Apr 2031, 00:00 UTC gone" in text
    await running.go_on()
    rollout = await furnished.call("GET", f"{ROLLOUTS}/{ROLLOUT}")
    assert "deleted" not in [step["step"] for step in rollout["steps"]]


async def test_rolling_back(running: Console, furnished: Operator) -> None:
    await running.wait(furnished, 55)
    text = shown(await running.operate(ROLLOUT, "roll_back"))
    assert "This touches 8 people." in text
    assert "Locked Nothing asked 8" in text
    await running.go_on()
    assert (await state(furnished))[0] == "rolled_back"
    page = await running.open(f"/console/rollouts/{ROLLOUT}")
    assert not any(name in page.links for name in ("Hold", "Extend", "Roll back"))
    page = (
        await running.operate(ROLLOUT, "hold")
        if page.actions.count(page.path)
        else await running.open(f"/console/rollouts/{ROLLOUT}/hold")
    )
    assert "This cannot be done to the roll-out as it is now." in page.text


async def test_who_comes_late_keeps_their_own_dates(running: Console, furnished: Operator) -> None:
    """Somebody who joined on day 20 has thirty days: an extension by five leaves them where they are."""
    await insert(furnished, "accounts", [account("@late:test.local", "FR", at(20))])
    await running.wait(furnished, 21)
    text = shown(await running.operate(ROLLOUT, "extend", deadline=day(45)[:16]))
    assert "This touches 8 people." in text


async def test_nothing_is_done_without_a_reason_or_unseen(running: Console, furnished: Operator) -> None:
    before = await state(furnished)
    path = f"/console/rollouts/{ROLLOUT}/hold"
    page = await running.send(path, reason="  ")
    assert page.status == 400
    assert "Type why you do this." in page.text
    page = await running.send(path, reason="Because.", seen="0123")
    assert page.status == 409
    assert "The roll-out has changed since you looked." in page.text
    assert await state(furnished) == before


async def test_a_confirmation_does_not_outlive_what_it_was_about(running: Console, furnished: Operator) -> None:
    await running.operate(ROLLOUT, "roll_back")
    await furnished.operate(ROLLOUT, "extend", deadline=day(70))
    page = await running.go_on()
    assert page.status == 409
    assert (await state(furnished))[0] == "running"
    assert "Because of roll_back." in page.text


async def test_errors_of_the_service_are_said(running: Console) -> None:
    page = await running.operate(ROLLOUT, "extend", deadline=day(30)[:16])
    assert page.status == 400
    assert "an extension can only make it later" in page.text
    page = await running.operate(ROLLOUT, "extend", deadline="")
    assert "Type a date and a time." in page.text
    page = await running.operate(ROLLOUT, "extend", deadline=day(60)[:16], edition="mars")
    assert page.status == 400
    page = await running.operate(ROLLOUT, "drop", step="nothing")
    assert page.status == 400
    assert "This cannot be done" in (await running.open(f"/console/rollouts/{ROLLOUT}/resume")).text
    page = await running.send(f"/console/rollouts/{ROLLOUT}/resume", reason="Because.")
    assert page.status == 409
    assert "there is nothing to resume" in page.text


async def test_the_history_says_who_did_what_and_why(running: Console, furnished: Operator) -> None:
    await running.operate(ROLLOUT, "extend", deadline=day(60)[:16], reason="More time, <b>please</b>.")
    await running.go_on()
    text = shown(running.page)
    assert text.index("Deadline extended") < text.index("Started") < text.rindex("Drafted")
    assert "by Awa" in text
    assert f"by {ACTOR}" in text
    assert "More time, <b>please</b>." in text
    assert "<b>please" not in running.page.html
    assert "15 Feb 2031, 00:00 UTC 7 Mar 2031, 00:00 UTC" in text


async def test_the_funnel_is_drawn(running: Console, furnished: Operator) -> None:
    await running.wait(furnished, 55)
    page = await running.open(f"/console/rollouts/{ROLLOUT}")
    text = shown(page)
    assert "2 Accepted" in text
    assert "1 Declined" in text
    assert "8 Limited" in text
    assert "8 Locked" in text
    assert page.html.count("<figure") == 5
    assert re.search(r"France</th>.*?<td>2</td>", page.html, re.DOTALL)
    assert "style=" not in page.html


async def test_an_editorial_version_has_no_deadline_to_extend(console: Console, furnished: Operator) -> None:
    await furnished.publish(REWORDED)
    plan = {"announce": day(0), "deadline": day(40), "ladder": [{"step": "notice"}]}
    body = {"policy": "privacy", "version": "2032", "plan": plan, "actor": "Awa", "reason": "typos"}
    await furnished.call("POST", ROLLOUTS, body, status=201)
    await furnished.operate("privacy.2032.1", "start")
    page = await console.open("/console/rollouts/privacy.2032.1")
    assert {"Hold", "Roll back"} <= set(page.links)
    assert not {"Extend", "Drop a step"} & set(page.links)
    assert (await console.open("/console/rollouts/privacy.2032.1/extend")).status == 200
    assert "This cannot be done" in console.page.text


# the overview, and the other language


async def test_the_overview_says_what_needs_the_operator(running: Console, furnished: Operator) -> None:
    text = shown(await running.open("/console"))
    assert "Next: Reminder, 5 Feb 2031" in text
    assert "in less than a week" not in text
    await running.wait(furnished, 36)
    text = shown(await running.open("/console"))
    assert "Limited begins on 15 Feb 2031, 00:00 UTC, in less than a week." in text
    await furnished.publish(REWORDED)
    assert "Published, but no roll-out brings it to people." in shown(await running.open("/console"))


async def test_a_draft_whose_day_is_past_is_pointed_out(drafted: Console, furnished: Operator) -> None:
    assert "A draft that has not been started." in shown(await drafted.open("/console"))
    await drafted.wait(furnished, 2)
    assert "whose announcement is past" in shown(await drafted.open("/console"))
    page = await drafted.operate(ROLLOUT, "start")
    assert page.status == 400
    assert "which is past" in page.text


async def test_everything_is_there_in_french(running: Console, furnished: Operator) -> None:
    french = Console(running._http, "fr")
    await french.wait(furnished, 55)
    for path in ("/console", "/console/policies", VERSION, VERSION + "/plan", "/console/rollouts"):
        page = await french.open(path)
        assert page.language == "fr"
        assert not re.search(r"\b(the|your|people|roll-outs?)\b", shown(page), re.IGNORECASE), path
    page = await french.operate(ROLLOUT, "extend", deadline=day(60)[:16], reason="Pour laisser du temps.")
    text = shown(page)
    assert "Cela touche 8 personnes." in text
    assert "8 personnes peuvent de nouveau tout faire immédiatement." in text
    assert "15 févr. 2031" in text


async def test_people_are_counted_page_by_page(drafted: Console, furnished: Operator) -> None:
    await people(furnished, "SN", 1200)
    assert "This touches 1,210 people." in shown(await drafted.operate(ROLLOUT, "start"))
