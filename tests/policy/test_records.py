"""Consent records: what they say, that they say it in the vocabulary's terms, and that they never change."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from palabre.policy.decisions.models import Channel, Decision, DecisionKind
from palabre.policy.decisions.record import record, record_bytes
from palabre.policy.documents.models import Version
from palabre.storage.database import Database

from . import made
from .deciding import EUROPE, PUBLIC_URL, RECIPIENTS, Town, version
from .rdf import expand, graph, violations

DPV = "https://w3id.org/dpv#"
TERMS = frozenset(
    line for line in Path(__file__).with_name("dpv-terms.txt").read_text().splitlines() if not line.startswith("#")
)
OF_THE_POLICY = frozenset(("Consent", "PersonalisedAdvertising", "ResearchAndDevelopment", "ServiceProvision"))


def decided(kind: DecisionKind, of: Version, **changes: Any) -> Decision:
    usual: dict[str, Any] = {
        "decision_id": "a6f58318-72e6-46a2-bfd7-f36d795e30cd",
        "user_id": "@ana:test.local",
        "number": 1,
        "policy": "terms",
        "version": of.version,
        "version_number": of.number,
        "edition": "europe",
        "region": "FR",
        "locale": "fr",
        "hash": "sha256:" + "f" * 64,
        "kind": kind,
        "choices": {"ads": True, "research": False} if kind in ("accept", "choose") else {},
        "at": 1_610_020_800_123,
        "channel": "page",
        "gpc": False,
    }
    return Decision(**{**usual, **changes})


def statuses(content: dict[str, Any]) -> dict[str, str]:
    """Row id -> what happened to it; "" for the terms."""
    rows = {
        process["dct:identifier"]: process["dpv:hasConsentStatus"]["@type"][0].partition(":")[2]
        for process in content["dpv:hasProcess"]
        if "dpv:hasConsentStatus" in process
    }
    return {"": content["dpv:hasConsentStatus"]["@type"][0].partition(":")[2], **rows}


KINDS: dict[DecisionKind, str] = {
    "accept": "ConsentGiven",
    "choose": "ConsentGiven",
    "decline": "ConsentRefused",
    "later": "ConsentRequestDeferred",
    "withdraw": "ConsentWithdrawn",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channel", ["page", "api", "sign_up"])
def test_every_kind_of_decision_is_a_record_of_the_profile(kind: DecisionKind, channel: Channel) -> None:
    v1 = version(1)
    content = record(decided(kind, v1, channel=channel, gpc=channel == "api"), v1, PUBLIC_URL, {"ads": True})
    assert violations(content) == ""
    assert statuses(content)[""] == KINDS[kind]
    assert content["dct:conformsTo"] == "https://w3id.org/dpv/schema/dpv-27560#record"


def test_records_name_only_terms_of_the_vocabulary() -> None:
    contacts = {"representative": made.CONTACT, "data_protection_officer": made.CONTACT}
    used: set[str] = set()
    for kind in KINDS:
        for edition in ("europe", "world"):
            of = version(1, **contacts)
            content = record(decided(kind, of, edition=edition), of, PUBLIC_URL, {"ads": True, "research": True})
            names = {str(term) for triple in graph(content) for term in triple}
            used |= {name.removeprefix(DPV) for name in names if name.startswith(DPV)}
            assert not [name for name in names if name.startswith(("dpv:", "pd:", "loc:", "eu-gdpr:", "dct:"))]
    assert used == TERMS | OF_THE_POLICY


def test_nothing_is_lost_when_a_record_is_read_as_linked_data() -> None:
    """Every member is mapped by the context: expansion drops what is not."""
    v1 = version(1)
    content = record(decided("accept", v1), v1, PUBLIC_URL)

    def members(value: Any) -> int:
        if isinstance(value, dict):
            plain = {key: inner for key, inner in value.items() if not key.startswith("@")}
            return len(plain) + sum(members(inner) for inner in plain.values())
        return sum(members(inner) for inner in value) if isinstance(value, list) else 0

    assert members(expand(content)) == members({k: v for k, v in content.items() if k != "@context"})


def test_the_record_says_what_was_agreed_to() -> None:
    v1 = version(1)
    content = record(decided("accept", v1), v1, PUBLIC_URL)
    root = "https://chat.example/_palabre/v1/policies/terms/v1"
    assert content["@id"] == "urn:uuid:a6f58318-72e6-46a2-bfd7-f36d795e30cd"
    assert content["dpv:hasDataSubject"]["@id"] == "matrix:u/ana:test.local"
    assert content["dpv:hasNotice"]["@id"] == f"{root}/fr?edition=europe"
    assert content["dpv:hasNotice"]["dct:identifier"] == "sha256:" + "f" * 64
    assert content["dpv:hasNotice"]["dct:source"] == {"@id": f"{root}/document.json", "dct:identifier": v1.hash}
    assert content["dpv:hasJurisdiction"] == ["loc:FR"]
    assert content["dpv:hasConsentStatus"]["dpv:isIndicatedAtTime"] == "2021-01-07T12:00:00.123Z"
    service, ads, research = content["dpv:hasProcess"]
    assert ads["dpv:hasPurpose"] == "dpv:PersonalisedAdvertising"
    assert ads["dpv:hasPersonalData"]["skos:broader"] == "pd:TelephoneNumber"
    assert ads["dpv:hasPersonalData"]["dct:coverage"] == "../.."
    assert service["dpv:hasPersonalData"]["dct:coverage"] == "2021-01-07T12:00:00.123Z/.."
    assert ads["dpv:hasRecipient"] == [f"{root}#affiliate", f"{root}#us"]
    assert (service["dpv:hasNecessity"], ads["dpv:hasNecessity"]) == ("dpv:Required", "dpv:Optional")
    assert service["dpv:hasStorageCondition"]["dpv:hasDuration"]["rdf:value"] == "P2W"
    assert ads["dpv:hasStorageCondition"]["dpv:hasDuration"]["@type"] == "dpv:UntilEventDuration"
    assert ads["dpv:hasProcessing"]["dpv:hasLocation"] == ["loc:US"]
    assert ads["dpv:hasProcessing"]["dpv:hasLegalMeasure"] == "eu-gdpr:SCCByCommission"
    assert research["dpv:hasProcessing"]["dpv:hasLegalBasis"] == "eu-gdpr:A45-3"
    assert research["dpv:hasProcessing"]["dpv:hasLocation"] == [{"@type": "dpv:Country", "dct:identifier": "XK"}]
    assert "dpv:hasProcessing" not in service
    assert [entity["dpv:hasName"] for entity in content["dpv:hasEntity"]] == ["Palabre", "Books", "Cloud", "Palabre"]


def test_a_row_is_given_refused_or_withdrawn() -> None:
    v1 = version(1)
    off, on = {"ads": False, "research": False}, {"ads": True, "research": True}

    def of(kind: DecisionKind, choices: dict[str, bool], before: dict[str, bool] | None = None) -> dict[str, str]:
        return statuses(record(decided(kind, v1, choices=choices), v1, PUBLIC_URL, before))

    given = {"": "ConsentGiven"}
    assert of("accept", off) == given | {"ads": "ConsentRefused", "research": "ConsentRefused"}
    assert of("accept", on) == given | {"ads": "ConsentGiven", "research": "ConsentGiven"}
    assert of("choose", off, {"ads": True}) == given | {"ads": "ConsentWithdrawn", "research": "ConsentRefused"}
    assert of("withdraw", {}, {"ads": True, "research": False, "service": True}) == {
        "": "ConsentWithdrawn",
        "ads": "ConsentWithdrawn",
    }
    assert of("decline", {}, on) == {"": "ConsentRefused"}
    assert of("later", {}, on) == {"": "ConsentRequestDeferred"}


def test_the_signal_of_the_browser_is_recorded() -> None:
    v1 = version(1)
    methods = [
        record(decided("accept", v1, gpc=gpc), v1, PUBLIC_URL)["dpv:hasConsentStatus"]["dpv:hasIndicationMethod"]
        for gpc in (False, True)
    ]
    assert methods[1] == [*methods[0], "Sec-GPC: 1 (Global Privacy Control)"]


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("IN", ["loc:IN"]),
        ("XK", [{"@type": "dpv:Country", "dct:identifier": "XK"}]),
        ("AC", ["loc:SH"]),
        (None, ["loc:FR"]),
        ("001", ["loc:FR"]),
    ],
)
def test_whose_law_applies(region: str | None, expected: list[Any]) -> None:
    v1 = version(1)
    content = record(decided("accept", v1, region=region), v1, PUBLIC_URL)
    assert content["dpv:hasJurisdiction"] == expected
    assert violations(content) == ""


def test_where_nobody_decides_about_the_data_all_who_get_it_count() -> None:
    recipients = {name: msgspec.structs.replace(who, role="processor") for name, who in RECIPIENTS.items()}
    v1 = version(1, recipients=recipients)
    content = record(decided("accept", v1, region=None), v1, PUBLIC_URL)
    assert content["dpv:hasJurisdiction"] == ["loc:FR", "loc:US", {"@type": "dpv:Country", "dct:identifier": "XK"}]


def test_laws_of_single_countries_have_their_prefix() -> None:
    german = msgspec.structs.replace(EUROPE.processing[0], legal_basis="legal-de:BDSG")
    v1 = version(1, made.edition("europe", ["*"], german))
    content = record(decided("accept", v1, choices={}), v1, PUBLIC_URL)
    names = {str(term) for triple in graph(content) for term in triple}
    assert "https://w3id.org/dpv/legal/de#BDSG" in names
    assert violations(content) == ""


def test_the_same_decision_is_always_the_same_bytes() -> None:
    first, second = (
        record_bytes(record(decided("accept", of), of, PUBLIC_URL)) for of in (version(1), copy.deepcopy(version(1)))
    )
    assert first == second


async def test_a_record_does_not_change_with_what_comes_after(database: Database) -> None:
    town = Town(database)
    await town.publish(version(1), version(2))
    ana = await town.person()
    steps: list[tuple[DecisionKind, str, dict[str, bool]]] = [
        ("accept", "v1", {"ads": True}),
        ("choose", "v1", {"ads": False, "research": True}),
        ("later", "v2", {}),
        ("accept", "v2", {}),
        ("withdraw", "v2", {}),
    ]
    before: dict[str, bytes] = {}
    for kind, number, choices in steps:
        decision = await town.decisions.decide(ana, await town.given(ana, kind, number, choices=choices))
        before[decision.decision_id] = record_bytes(await town.records.of(ana, decision.decision_id))
    records = [await town.records.of(ana, decision_id) for decision_id in before]
    assert [record_bytes(content) for content in records] == list(before.values())
    assert [violations(content) for content in records] == [""] * 5
    assert [statuses(content) for content in records] == [
        {"": "ConsentGiven", "ads": "ConsentGiven", "research": "ConsentRefused"},
        {"": "ConsentGiven", "ads": "ConsentWithdrawn", "research": "ConsentGiven"},
        {"": "ConsentRequestDeferred"},
        {"": "ConsentGiven", "ads": "ConsentRefused", "research": "ConsentGiven"},
        {"": "ConsentWithdrawn", "research": "ConsentWithdrawn"},
    ]


async def test_withdrawing_a_version_takes_back_what_was_chosen_with_it(database: Database) -> None:
    town = Town(database)
    await town.publish(version(1), version(2))
    ana = await town.person()
    await town.decisions.decide(ana, await town.given(ana, "accept", "v1", choices={"research": True}))
    chosen = {"ads": True, "research": True}
    await town.decisions.decide(ana, await town.given(ana, "accept", "v2", choices=chosen))
    decision = await town.decisions.decide(ana, await town.given(ana, "withdraw", "v1"))
    taken_back = statuses(await town.records.of(ana, decision.decision_id))
    assert taken_back == {"": "ConsentWithdrawn", "research": "ConsentWithdrawn"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.pop("dpv:hasNotice"),
        lambda content: content.pop("dct:conformsTo"),
        lambda content: content.pop("dpv:hasConsentStatus"),
        lambda content: content.update({"dpv:hasPurpose": "dpv:Marketing"}),
        lambda content: content["dpv:hasConsentStatus"].update({"@type": ["dpv:ConsentRevoked"]}),
        lambda content: content["dpv:hasProcess"][0].pop("dpv:hasRecipient"),
        lambda content: content["dpv:hasEntity"].clear(),
    ],
)
def test_the_shapes_find_what_is_wrong(spoil: Callable[[dict[str, Any]], Any]) -> None:
    v1 = version(1)
    content = copy.deepcopy(record(decided("accept", v1), v1, PUBLIC_URL))
    spoil(content)
    assert violations(content)
