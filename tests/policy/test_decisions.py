"""Deciding: what is recorded, what is refused, and what the next process sees of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from palabre.bus.local import LocalBus
from palabre.policy.decisions.models import Decision
from palabre.policy.decisions.service import DecisionService
from palabre.policy.documents.hashing import shown_hash
from palabre.policy.documents.models import Recipient
from palabre.storage.database import Database, Transaction
from palabre.storage.open import open_database

from ..api import Homeserver, User, in_process
from . import made
from .deciding import ADS, CANADA, INDIA, RECIPIENTS, RESEARCH, SERVICE, WORLD, Town, refused, version

STALE = (409, "PALABRE_STALE_DOCUMENT")
BAD = (400, "M_INVALID_PARAM")
DECISIONS = "/_palabre/v1/account/policy/decisions"


@pytest.fixture
async def town(database: Database) -> Town:
    return Town(database)


async def test_each_person_is_shown_the_edition_of_their_country_in_their_language(town: Town) -> None:
    v1 = version(1)
    await town.publish(v1)
    french, indian, nobody = await town.person(), await town.person(INDIA, "en"), await town.person(None)
    shown = await town.decisions.shown(french, "terms", "v1", None)
    assert (shown.edition.id, shown.locale) == ("europe", "fr")
    assert shown.hash == shown_hash(v1.document, "europe", "fr")
    assert (await town.decisions.shown(french, "terms", "v1", "en-GB")).locale == "en"
    assert (await town.decisions.shown(french, "terms", "v1", "tlh")).locale == "en"
    assert (await town.decisions.shown(indian, "terms", "v1", None)).edition.id == "world"
    assert (await town.decisions.shown(nobody, "terms", "v1", None)).edition.id == "world"
    await refused(404, "M_NOT_FOUND", town.decisions.shown(french, "terms", "v2", None))


async def test_a_decision_says_everything_about_itself(town: Town) -> None:
    await town.publish(version(1), version(2))
    ana = await town.person()
    before = town.clock.ms()
    first = await town.decisions.decide(ana, await town.given(ana, "accept", choices={"ads": True}))
    second = await town.decisions.decide(ana, await town.given(ana, "decline", "v2", channel="page"))
    assert before <= first.at <= second.at <= town.clock.ms()
    assert (first.number, second.number) == (1, 2)
    assert first.decision_id != second.decision_id
    assert (first.user_id, first.policy, first.version, first.version_number) == (ana, "terms", "v1", 1)
    assert (first.edition, first.region, first.locale, first.channel, first.gpc) == ("europe", "FR", "fr", "api", False)
    assert first.choices == {"ads": True, "research": False}
    assert (second.kind, second.choices, second.channel) == ("decline", {}, "page")
    assert await town.decisions.history(ana) == [first, second]
    assert await town.decisions.get(ana, second.decision_id) == second
    answers = (await town.decisions.of(ana))["terms"]
    assert answers.latest == {"v1": first, "v2": second}
    assert [accepted.version for accepted in answers.acceptances] == ["v1"]


async def test_what_was_read_from_disk_is_what_was_in_memory(town: Town) -> None:
    await town.publish(version(1), version(2))
    ana, ben, cid = [await town.person() for _ in range(3)]
    for kind, number in (("accept", "v1"), ("later", "v2"), ("accept", "v2"), ("withdraw", "v2")):
        await town.decisions.decide(ana, await town.given(ana, kind, number))  # type: ignore[arg-type]  # a kind
    await town.decisions.decide(ben, await town.given(ben, "accept", choices={"ads": True}, gpc=True))
    anew = DecisionService(town.database, town.clock, town.people, town.catalogues)
    assert anew.at_hand(ana) is None
    for person in (ana, ben, cid):
        assert await anew.of(person) == await town.decisions.of(person)
        assert anew.at_hand(person) == await town.decisions.of(person)
    assert await anew.of(cid) == {}

    async def work(tx: Transaction) -> None:
        several = DecisionService(town.database, town.clock, town.people, town.catalogues)
        ready = await several.ready(tx, [ana, ben, cid])
        for person in (ana, ben, cid):
            assert ready[person].answers == await anew.of(person)

    await town.database.write(work)


@pytest.mark.parametrize(
    "wrong",
    [{"hash": "sha256:" + "0" * 64}, {"edition": "world"}, {"locale": "tlh"}, {"locale": "en"}],
    ids=lambda wrong: "-".join(wrong),
)
async def test_a_stale_page_records_nothing(town: Town, wrong: dict[str, str]) -> None:
    await town.publish(version(1))
    ana = await town.person()
    given = await town.given(ana, "accept")
    await refused(*STALE, town.decisions.decide(ana, msgspec.structs.replace(given, **wrong)))
    assert await town.decisions.history(ana) == []
    assert await town.decisions.of(ana) == {}


async def test_a_page_opened_in_another_country_is_stale(town: Town) -> None:
    await town.publish(version(1))
    ana = await town.person()
    given = await town.given(ana, "accept")
    await town.move(ana, CANADA)
    await refused(*STALE, town.decisions.decide(ana, given))
    decided = await town.decisions.decide(ana, await town.given(ana, "accept"))
    assert (decided.edition, decided.region) == ("world", "CA")


async def test_only_what_is_announced_is_decided(town: Town) -> None:
    v1, v2, v3 = version(1), version(2), version(3)
    ana = await town.person()
    (first,) = await town.publish(v1)
    (coming,) = await town.publish(v2, announce=town.clock.ms() + 3_600_000)
    await town.publish(v3, announced=False)
    for kind in ("accept", "decline", "later"):
        for number in ("v2", "v3"):
            await refused(*STALE, town.decisions.decide(ana, await town.given(ana, kind, number)))
    unknown = msgspec.structs.replace(await town.given(ana, "accept"), version="v9")
    await refused(404, "M_NOT_FOUND", town.decisions.decide(ana, unknown))
    town.clock.set(datetime.now(UTC) + timedelta(hours=2))
    await town.decisions.decide(ana, await town.given(ana, "accept", "v2"))
    await town.put(msgspec.structs.replace(coming, state="rolled_back"))
    await refused(*STALE, town.decisions.decide(ana, await town.given(ana, "accept", "v2")))
    await town.decisions.decide(ana, await town.given(ana, "withdraw", "v2"))
    await town.put(msgspec.structs.replace(first, held_since=town.clock.ms(), state="held"))
    assert (await town.decisions.decide(ana, await town.given(ana, "accept"))).kind == "accept"


async def test_where_nothing_is_rolled_out_the_newest_version_can_be_accepted(town: Town) -> None:
    await town.publish(version(1), version(2), announced=False)
    ana = await town.person()
    await refused(*STALE, town.decisions.decide(ana, await town.given(ana, "accept", "v1")))
    assert (await town.decisions.decide(ana, await town.given(ana, "accept", "v2"))).version == "v2"


async def test_the_same_again_is_the_same_decision(town: Town) -> None:
    await town.publish(version(1))
    ana = await town.person()
    for kind, choices in (("later", {}), ("decline", {}), ("accept", {"ads": True}), ("choose", {"ads": False})):
        given = await town.given(ana, kind, choices=choices)  # type: ignore[arg-type]  # a kind
        first = await town.decisions.decide(ana, given)
        position = town.database.position
        assert await town.decisions.decide(ana, given) == first
        assert town.database.position == position, "nothing is told to anybody"
    assert len(await town.decisions.history(ana)) == 4


async def test_two_identical_requests_at_once_are_one_decision(town: Town) -> None:
    await town.publish(version(1))
    ana = await town.person()
    given = await town.given(ana, "accept")
    decided = await asyncio.gather(*(town.decisions.decide(ana, given) for _ in range(8)))
    assert len({decision.decision_id for decision in decided}) == 1
    assert len(await town.decisions.history(ana)) == 1


async def test_withdrawing_needs_an_acceptance_and_undoes_it(town: Town) -> None:
    await town.publish(version(1), version(2))
    ana = await town.person()
    withdraw = await town.given(ana, "withdraw", "v2")
    await refused(409, "PALABRE_NOT_ACCEPTED", town.decisions.decide(ana, withdraw))
    for number in ("v1", "v2"):
        await town.decisions.decide(ana, await town.given(ana, "accept", number))
    withdrawn = await town.decisions.decide(ana, withdraw)
    assert withdrawn.choices == {}
    accepted = (await town.decisions.of(ana))["terms"].accepted
    assert accepted is not None
    assert accepted.version == "v1"
    assert await town.decisions.decide(ana, withdraw) == withdrawn
    again = await town.decisions.decide(ana, await town.given(ana, "accept", "v2"))
    assert again.number == 4


async def test_who_accepted_withdraws_and_does_not_decline(town: Town) -> None:
    await town.publish(version(1))
    ana = await town.person()
    await town.decisions.decide(ana, await town.given(ana, "accept"))
    for kind in ("decline", "later"):
        given = await town.given(ana, kind)
        await refused(409, "PALABRE_ALREADY_ACCEPTED", town.decisions.decide(ana, given))


async def test_choices_are_of_optional_rows(town: Town) -> None:
    await town.publish(version(1))
    ana = await town.person()
    for kind in ("accept", "choose"):
        if kind == "choose":
            choose = await town.given(ana, "choose", choices={"ads": True})
            await refused(409, "PALABRE_NOT_ACCEPTED", town.decisions.decide(ana, choose))
            await town.decisions.decide(ana, await town.given(ana, "accept"))
        for row_id in ("service", "nonsense"):
            given = await town.given(ana, kind, choices={row_id: False})
            await refused(*BAD, town.decisions.decide(ana, given))
    for kind in ("decline", "later", "withdraw"):
        given = await town.given(ana, kind, choices={"ads": False})  # type: ignore[arg-type]  # a kind
        await refused(*BAD, town.decisions.decide(ana, given))
    nothing = await town.given(ana, "choose")
    await refused(400, "M_MISSING_PARAM", town.decisions.decide(ana, nothing))
    chosen = await town.decisions.decide(ana, await town.given(ana, "choose", choices={"ads": True}))
    assert chosen.choices == {"ads": True, "research": False}
    both = await town.decisions.decide(ana, await town.given(ana, "choose", choices={"research": True}))
    assert both.choices == {"ads": True, "research": True}
    accepted = (await town.decisions.of(ana))["terms"].accepted
    assert accepted is not None
    assert accepted.choices == both.choices


async def test_global_privacy_control_turns_everything_optional_off(town: Town) -> None:
    await town.publish(version(1))
    ana = await town.person()
    accepted = await town.decisions.decide(ana, await town.given(ana, "accept", choices={"ads": True}, gpc=True))
    assert accepted.gpc
    assert accepted.choices == {"ads": False, "research": False}
    await town.decisions.decide(ana, await town.given(ana, "choose", choices={"ads": True}))
    chosen = await town.decisions.decide(ana, await town.given(ana, "choose", gpc=True))
    assert chosen.choices == {"ads": False, "research": False}


async def _accepts_after_choosing_ads(town: Town, new: Any, **answer: Any) -> Decision:
    """Somebody who chose `ads` in version 1 accepts version 2."""
    await town.publish(version(1), new)
    ana = await town.person()
    await town.decisions.decide(ana, await town.given(ana, "accept", choices={"ads": True}))
    return await town.decisions.decide(ana, await town.given(ana, "accept", "v2", **answer))


async def test_a_choice_lives_on_where_the_row_is_the_same(town: Town) -> None:
    reworded = msgspec.structs.replace(ADS, text=made.words("The same in clearer words."))
    new = made.edition("europe", ["FR"], SERVICE, reworded, RESEARCH)
    decided = await _accepts_after_choosing_ads(town, version(2, new, WORLD))
    assert decided.choices == {"ads": True, "research": False}


@pytest.mark.parametrize("answer", [{"choices": {"ads": False}}, {"gpc": True}], ids=["said", "gpc"])
async def test_what_the_person_says_counts_more_than_before(town: Town, answer: dict[str, Any]) -> None:
    decided = await _accepts_after_choosing_ads(town, version(2), **answer)
    assert decided.choices == {"ads": False, "research": False}


@pytest.mark.parametrize(
    "change",
    [
        {"recipients": ["affiliate", "us", "host"]},
        {"data": "pd:Transaction"},
        {"purpose": "dpv:Marketing"},
        {"retention": "P10Y"},
        {"covers_earlier": False},
    ],
    ids=lambda change: "-".join(change),
)
async def test_a_row_that_changed_is_off_until_chosen_again(town: Town, change: dict[str, Any]) -> None:
    new = made.edition("europe", ["FR"], SERVICE, msgspec.structs.replace(ADS, **change), RESEARCH)
    assert not (await _accepts_after_choosing_ads(town, version(2, new, WORLD))).choices["ads"]


async def test_a_recipient_that_became_somebody_else_is_a_change(town: Town) -> None:
    sold = {**RECIPIENTS, "affiliate": Recipient(name="Bought it", role="third-party", country="US")}
    assert not (await _accepts_after_choosing_ads(town, version(2, recipients=sold))).choices["ads"]


async def test_a_refused_purpose_is_not_asked_again_for_a_year(town: Town) -> None:
    renamed = msgspec.structs.replace(ADS, id="promotions", recipients=["affiliate", "us", "host"])
    v1, v2 = version(1), version(2, made.edition("europe", ["FR"], SERVICE, renamed, RESEARCH), WORLD)
    await town.publish(v1, v2)
    ana, ben = await town.person(), await town.person()

    async def asked(person: str, of: Any) -> list[str]:
        return [row.id for row in await town.decisions.asks(person, of)]

    assert await asked(ana, v1) == ["ads", "research"]
    await town.decisions.decide(ana, await town.given(ana, "accept", choices={"research": True}))
    assert await asked(ana, v1) == ["research"]
    assert await asked(ana, v2) == ["research"], "the same purpose under another name"
    assert await asked(ben, v2) == ["promotions", "research"]
    town.clock.set(datetime.now(UTC) + timedelta(days=364))
    assert await asked(ana, v2) == ["research"]
    town.clock.set(datetime.now(UTC) + timedelta(days=366))
    assert await asked(ana, v2) == ["promotions", "research"]


async def test_signing_up_accepts_with_everything_optional_off(town: Town) -> None:
    await town.publish(version(1), announced=False)
    ana = await town.person(INDIA, "en")

    async def work(tx: Transaction) -> None:
        await town.decisions.on_terms_accepted(
            tx, ana, {"terms": {"version": "v1", "en": {"name": "", "url": ""}}, "unpublished": {"version": "1"}}
        )

    await town.database.write(work)
    (decided,) = await town.decisions.history(ana)
    assert (decided.kind, decided.channel, decided.edition, decided.locale) == ("accept", "sign_up", "world", "en")
    assert decided.choices == {"ads": False}
    assert decided.hash == (await town.decisions.shown(ana, "terms", "v1", "en")).hash


async def test_decisions_outlive_the_account_as_proof(town: Town) -> None:
    await town.publish(version(1))
    ana = await town.person()
    decided = await town.decisions.decide(ana, await town.given(ana, "accept"))
    given = await town.given(ana, "withdraw")

    async def work(tx: Transaction) -> None:
        await town.people.end(tx, ana, erase=True)
        await town.decisions.on_deactivated(tx, ana, True)

    await town.database.write(work)
    assert town.decisions.at_hand(ana) is None
    assert await town.decisions.history(ana) == [decided]
    await refused(403, "M_USER_DEACTIVATED", town.decisions.decide(ana, given))


async def test_work_that_fails_leaves_no_decision(town: Town) -> None:
    await town.publish(version(1))
    ana = await town.person()
    given = await town.given(ana, "accept")

    async def work(tx: Transaction) -> None:
        await town.decisions.decide_in(tx, ana, given)
        assert (await town.decisions.of(ana, tx))["terms"].accepted is not None
        raise KeyError

    with pytest.raises(KeyError):
        await town.database.write(work)
    assert await town.decisions.of(ana) == {}
    assert await town.decisions.history(ana) == []


@pytest.fixture
async def elsewhere(database: Database, database_url: str | None, data_dir: Path) -> AsyncIterator[Town]:
    """The same town in another process."""
    if database_url is None:
        pytest.skip("several processes share PostgreSQL, never SQLite")
    other = open_database(database_url, data_dir, LocalBus())
    await other.start()
    yield Town(other)
    await other.close()


async def test_other_processes_see_a_decision(town: Town, elsewhere: Town) -> None:
    await town.publish(version(1))
    ana = await town.person()
    await elsewhere.database.catch_up()
    assert await elsewhere.decisions.of(ana) == {}
    await town.decisions.decide(ana, await town.given(ana, "accept"))
    await elsewhere.database.catch_up()
    assert await elsewhere.decisions.of(ana) == await town.decisions.of(ana)
    given = await town.given(ana, "choose", choices={"ads": True})
    here, there = await asyncio.gather(town.decisions.decide(ana, given), elsewhere.decisions.decide(ana, given))
    assert here == there
    assert len(await town.decisions.history(ana)) == 2


# over HTTP


@pytest.fixture
async def people(town: Town) -> AsyncIterator[list[User]]:
    """Two people in France, signed in."""
    await town.publish(version(1))
    async with in_process(town.app()) as server:
        yield [_signed_in(server, await town.person()) for _ in range(2)]


def _signed_in(server: Homeserver, user_id: str) -> User:
    return User(server.http, {"access_token": user_id, "user_id": user_id, "device_id": "DEVICE"})


async def _shown(person: User, **answer: Any) -> dict[str, Any]:
    shown = await person.call("GET", "/_palabre/v1/account/policy/shown/terms/v1", locale="fr")
    return {name: shown[name] for name in ("policy", "version", "edition", "locale", "hash")} | answer


async def test_deciding_over_http(people: list[User]) -> None:
    ana, ben = people
    shown = await ana.call("GET", "/_palabre/v1/account/policy/shown/terms/v1", locale="fr")
    assert shown["wording"] == {"summary": "Short.", "text": "Version 1."}
    assert [(row["id"], row["necessity"], row["ask"]) for row in shown["rows"]] == [
        ("service", "required", False),
        ("ads", "optional", True),
        ("research", "optional", True),
    ]
    decided = await ana.call("POST", DECISIONS, await _shown(ana, kind="accept", choices={"ads": True}))
    assert (decided["kind"], decided["channel"], decided["user_id"]) == ("accept", "api", ana.user_id)
    assert await ana.call("GET", DECISIONS) == {"decisions": [decided]}
    assert await ana.call("GET", f"{DECISIONS}/{decided['decision_id']}") == decided
    assert await ben.call("GET", DECISIONS) == {"decisions": []}
    for part in ("", "/record", "/receipt"):
        path = f"{DECISIONS}/{decided['decision_id']}{part}"
        assert await ben.fail("GET", path, status=404) == "M_NOT_FOUND"


async def test_sec_gpc_over_http(people: list[User]) -> None:
    ana, ben = people
    body = await _shown(ana, kind="accept", choices={"ads": True})
    answer = (await ana.request("POST", DECISIONS, body, headers={"Sec-GPC": "1"})).json()
    assert (answer["gpc"], answer["choices"]) == (True, {"ads": False, "research": False})
    answer = (await ben.request("POST", DECISIONS, body, headers={"Sec-GPC": "0"})).json()
    assert (answer["gpc"], answer["choices"]) == (False, {"ads": True, "research": False})


async def test_bad_decisions_over_http(people: list[User]) -> None:
    ana = people[0]
    body = await _shown(ana, kind="accept")
    stale = await ana.call("POST", DECISIONS, body | {"hash": "sha256:0"}, status=409)
    assert stale["code"] == "PALABRE_STALE_DOCUMENT"
    assert "Reload" in stale["title"]
    garbage: list[dict[str, Any]] = [{"kind": "agree"}, {"choices": {"ads": "yes"}}, {"hash": None}, {"choices": []}]
    for wrong in garbage:
        assert await ana.fail("POST", DECISIONS, body | wrong, status=400) == "M_BAD_JSON"
    assert await ana.fail("POST", DECISIONS, body | {"choices": {"service": True}}, status=400) == "M_INVALID_PARAM"
    assert await ana.call("GET", DECISIONS) == {"decisions": []}
    (await ana.request("POST", DECISIONS, body | {"channel": "sign_up"})).raise_for_status()
    assert (await ana.call("GET", DECISIONS))["decisions"][0]["channel"] == "api"
