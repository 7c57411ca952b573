"""Publishing: for ever, once, under a hash that anybody can check; and what is served of it."""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from palabre.core.clock import Clock
from palabre.core.countries import country_names
from palabre.core.errors import ApiError
from palabre.policy.catalogue.service import Catalogues
from palabre.policy.commands.documents import app as command_line
from palabre.policy.documents.jsonld import NOT_IN_DPV, to_jsonld
from palabre.policy.documents.models import Acknowledgement, Document, Version
from palabre.policy.documents.reading import read_folder
from palabre.policy.documents.rendering import to_html
from palabre.policy.documents.service import Policies
from palabre.policy.documents.wording import terms
from palabre.storage.database import Database
from tests.api import Homeserver
from tests.services import Palabre

from .operator import Operator
from .papers import FIRST, SECOND, THIRD
from .rdf import expand

FOLDERS = Path(__file__).parents[2] / "policies"
STARTER = FOLDERS / "palabre"
POLICIES = "/_palabre/v1/policies"
ADMIN = "/_palabre/admin/v1/policies"
IN_DPV = frozenset(
    line
    for line in Path(__file__).with_name("dpv-document-terms.txt").read_text().splitlines()
    if not line.startswith("#")
)
PREFIXES = {
    "https://w3id.org/dpv#": "dpv",
    "https://w3id.org/dpv/pd#": "pd",
    "https://w3id.org/dpv/loc#": "loc",
    "https://w3id.org/dpv/legal/eu/gdpr#": "eu-gdpr",
}


def starter(version: str = "1", **changes: Any) -> Document:
    document = read_folder(STARTER).document
    return replace(document, policy=replace(document.policy, version=version, **changes))


def body(document: Document, **more: Any) -> dict[str, Any]:
    return {
        "policy": msgspec.to_builtins(document.policy),
        "wording": msgspec.to_builtins(document.wording),
        "actor": "Awa",
        **more,
    }


def without_officer(**changes: Any) -> Document:
    """A document of which the linter warns: GDPR-13-1-B-OFFICER."""
    return starter(data_protection_officer=None, **changes)


ACKNOWLEDGED = Acknowledgement(code="GDPR-13-1-B-OFFICER", reason="We are looking for <one>.")


@pytest.fixture
async def policies(database: Database) -> Policies:
    return Policies(database, Clock(), Catalogues(database))


# publishing


async def test_a_version_is_published_under_its_number(policies: Policies) -> None:
    first = await policies.publish(starter(), None, "Awa")
    second = await policies.publish(starter("2"), None, "Awa")
    assert (first.number, second.number) == (1, 2)
    assert await policies.version("palabre", "1") == first
    assert await policies.versions("palabre") == [first, second]
    assert await policies.policies() == ["palabre"]


async def test_what_is_published_is_there_for_the_next_process(policies: Policies, database: Database) -> None:
    first = await policies.publish(starter(), None, "Awa")
    assert await Policies(database, Clock(), Catalogues(database)).version("palabre", "1") == first


async def test_the_same_again_is_the_same_version(policies: Policies) -> None:
    first = await policies.publish(starter(), None, "Awa")
    policies.clock.set(datetime(2040, 1, 1, tzinfo=UTC))
    assert await policies.publish(starter(), read_folder(STARTER).plan, "Binta") == first
    assert len(await policies.versions("palabre")) == 1


async def test_a_published_version_never_changes(policies: Policies) -> None:
    first = await policies.publish(starter(), None, "Awa")
    with pytest.raises(ApiError) as refused:
        await policies.publish(starter(names={"en": "Other", "fr": "Autre"}), None, "Awa")
    assert (refused.value.status, refused.value.errcode) == (409, "PALABRE_VERSION_EXISTS")
    assert await policies.versions("palabre") == [first]


async def test_a_warning_must_be_acknowledged(policies: Policies) -> None:
    with pytest.raises(ApiError) as refused:
        await policies.publish(without_officer(), None, "Awa")
    assert (refused.value.status, refused.value.errcode) == (400, "PALABRE_POLICY_LINT")
    assert [finding["code"] for finding in refused.value.extra["findings"]] == ["GDPR-13-1-B-OFFICER"]
    assert await policies.policies() == []

    version = await policies.publish(without_officer(acknowledgements=[ACKNOWLEDGED]), None, "Awa")
    (finding,) = await policies.findings(version)
    assert finding.acknowledged == ACKNOWLEDGED.reason


async def test_an_error_cannot_be_acknowledged(policies: Policies) -> None:
    broken = starter(
        effective="2021-02-31", acknowledgements=[Acknowledgement(code="EFFECTIVE-DATE", reason="Whatever.")]
    )
    with pytest.raises(ApiError) as refused:
        await policies.publish(broken, None, "Awa")
    assert refused.value.errcode == "PALABRE_POLICY_LINT"


async def test_nobody_publishes_anonymously(policies: Policies) -> None:
    with pytest.raises(ApiError) as refused:
        await policies.publish(starter(), None, " ")
    assert refused.value.status == 400


async def test_what_is_not_published_is_not_found(policies: Policies) -> None:
    for asked in (policies.version("palabre", "1"), policies.versions("palabre")):
        with pytest.raises(ApiError) as refused:
            await asked
        assert refused.value.status == 404


# the hash, and JSON-LD


def jcs(value: Any) -> str:
    """RFC 8785 by hand, for what has no numbers but integers: members by UTF-16 code units, the fewest escapes."""
    if isinstance(value, dict):
        members = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{jcs(name)}:{jcs(value[name])}" for name in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(jcs, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


async def test_anybody_can_check_the_hash(operator: Operator) -> None:
    made = await operator.call("POST", ADMIN, body(starter(names={"en": "Terms \u20ac\U0001f600\ufb33", "fr": "é\t"})))
    answer = await operator.http.get(f"{POLICIES}/palabre/1/document.json")
    assert "immutable" in answer.headers["cache-control"]
    again = jcs(json.loads(answer.content)).encode()
    assert again == answer.content
    assert made["hash"] == "sha256:" + hashlib.sha256(again).hexdigest()


def iris(value: Any) -> set[str]:
    """Every IRI in expanded JSON-LD: members, types, references."""
    if isinstance(value, list):
        return set().union(*map(iris, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = {name for name in value if not name.startswith("@")}
    found |= {value["@id"]} if "@id" in value else set()
    types = value.get("@type", [])
    found |= set(types if isinstance(types, list) else [types])
    return found.union(*map(iris, value.values()))


def in_dpv(found: set[str]) -> set[str]:
    return {
        f"{prefix}:{iri.removeprefix(start)}"
        for iri in found
        for start, prefix in PREFIXES.items()
        if iri.startswith(start)
    }


@pytest.mark.parametrize("folder", sorted(path.name for path in FOLDERS.iterdir()))
def test_jsonld_expands_offline_into_terms_of_dpv(folder: str) -> None:
    document = read_folder(FOLDERS / folder).document
    version = Version(document.policy.id, document.policy.version, 1, "sha256:0", 0, document)
    address = f"https://chat.example/_palabre/v1/policies/{document.policy.id}/{document.policy.version}"
    (notice,) = expand(to_jsonld(version, address))
    found = iris(notice)
    assert in_dpv(found) <= IN_DPV
    used = {
        term for edition in document.policy.editions for row in edition.processing for term in (row.data, row.purpose)
    }
    assert used <= in_dpv(found)
    known = ("http://purl.org/dc/terms/", "http://www.w3.org/", "urn:palabre:", "https://w3id.org/dpv", address)
    assert [iri for iri in found if not iri.startswith(known)] == []

    dpv = "https://w3id.org/dpv#"
    assert notice["@type"] == [dpv + "PrivacyNotice"]
    processes = notice[dpv + "hasProcess"]
    assert len(processes) == len(document.policy.editions)
    rows = processes[0][dpv + "hasPersonalDataProcess"]
    assert len(rows) == len(document.policy.editions[0].processing)
    for process in rows:
        for name in ("hasPurpose", "hasPersonalData", "hasRecipient", "hasLegalBasis", "hasNecessity"):
            assert all("@id" in value for value in process[dpv + name])
        assert process["urn:palabre:coversEarlierData"][0]["@value"] in (True, False)


def test_every_curated_term_and_every_country_is_in_dpv() -> None:
    assert set(terms()) <= IN_DPV
    assert {f"loc:{code}" for code in set(country_names()["en"]) - NOT_IN_DPV} <= IN_DPV
    assert not {f"loc:{code}" for code in NOT_IN_DPV} & IN_DPV


def test_a_law_of_one_country_has_its_prefix() -> None:
    document = starter()
    world = document.policy.editions[1]
    row = replace(world.processing[0], legal_basis="legal-us:CCPA-Consent")
    policy = replace(document.policy, editions=[replace(world, countries=["XK", "FR", "*"], processing=[row])])
    (notice,) = expand(to_jsonld(Version("p", "1", 1, "h", 0, replace(document, policy=policy)), "https://a.example"))
    assert "https://w3id.org/dpv/legal/us#CCPA-Consent" in iris(notice)
    assert "https://w3id.org/dpv/loc#XK" not in iris(notice)


# what is served


async def test_the_operator_publishes_and_everybody_reads(operator: Operator, client: Homeserver) -> None:
    document = without_officer(acknowledgements=[ACKNOWLEDGED])
    made = await operator.call("POST", ADMIN, body(document))
    assert [finding["acknowledged"] for finding in made["findings"]] == [ACKNOWLEDGED.reason]
    assert await operator.call("POST", ADMIN, body(document)) == made
    lint = await operator.call("GET", ADMIN + "/palabre/1/lint")
    assert lint["findings"] == made["findings"]

    listed = await client.call("GET", POLICIES)
    assert listed == await operator.call("GET", ADMIN)
    (policy,) = listed["policies"]
    assert (policy["policy"], policy["current"]) == ("palabre", None)
    (version,) = policy["versions"]
    assert version["hash"] == made["hash"]
    assert version["url"] == "http://127.0.0.1:8008/_palabre/v1/policies/palabre/1"

    read = await client.call("GET", POLICIES + "/palabre/1")
    assert msgspec.convert(read["document"], Document) == document
    assert await client.fail("GET", POLICIES + "/palabre/2", status=404) == "M_NOT_FOUND"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"policy": {}}, "PALABRE_POLICY_INVALID"),
        ({"wording": {}}, "PALABRE_POLICY_LINT"),
        ({"rollout": {"deadline": "soon"}}, "PALABRE_POLICY_INVALID"),
        ({"actor": ""}, "M_INVALID_PARAM"),
        ({"actor": None}, "M_BAD_JSON"),
    ],
)
async def test_bad_policies_are_refused(operator: Operator, change: dict[str, Any], code: str) -> None:
    assert await operator.fail("POST", ADMIN, {**body(starter()), **change}, status=400) == code
    assert (await operator.call("GET", POLICIES))["policies"] == []


async def test_only_the_operator_publishes(client: Homeserver) -> None:
    person = await client.register("ana")
    for path in (ADMIN, ADMIN + "/palabre/1/lint"):
        assert (await person.request("GET", path)).status_code in (401, 403)
    assert (await person.request("POST", ADMIN, body(starter()))).status_code in (401, 403)
    assert (await client.request("POST", ADMIN, body(starter()))).status_code == 401


async def test_current_is_what_people_are_asked_for(operator: Operator) -> None:
    await operator.clock(-1)
    await operator.roll_out(FIRST)
    await operator.publish(SECOND)

    async def current() -> str | None:
        (policy,) = (await operator.call("GET", POLICIES))["policies"]
        assert [version["version"] for version in policy["versions"]] == ["2030", "2031"]
        version: str | None = policy["current"]
        return version

    assert await current() is None
    await operator.clock(1)
    assert await current() == "2030"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/ld+json", "application/ld+json"),
        ("application/json;q=0.5, application/ld+json;q=0.9", "application/ld+json"),
        ("text/html;q=x, application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
    ],
)
async def test_one_address_for_every_form(operator: Operator, accept: str | None, kind: str) -> None:
    await operator.publish(FIRST)
    headers = {"accept": accept, "accept-language": "fr"} if accept else {"accept-language": "fr"}
    answer = await operator.http.get(POLICIES + "/privacy/2030?edition=europe", headers=headers)
    if kind == "text/html":
        assert answer.status_code == 303
        assert answer.headers["location"] == POLICIES + "/privacy/2030/fr?edition=europe"
    else:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
    assert "accept" in answer.headers["vary"]


async def test_the_jsonld_document(operator: Operator) -> None:
    await operator.publish(FIRST)
    answer = await operator.http.get(POLICIES + "/privacy/2030/document.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    assert expand(answer.json())[0]["@id"].endswith("/_palabre/v1/policies/privacy/2030")


async def test_the_difference_between_any_two(operator: Operator) -> None:
    for version in (FIRST, SECOND, THIRD):
        await operator.publish(version)
    diff = await operator.call("GET", POLICIES + "/privacy/diff/2030/2031", country="fr")
    assert (diff["from"], diff["to"], diff["edition"], diff["widens"]) == ("2030", "2031", "europe", True)
    assert [change["kind"] for change in diff["changes"]] == ["added", "added"]
    assert set(diff["sentences"]) == {"en", "fr"}
    back = await operator.call("GET", POLICIES + "/privacy/diff/2031/2030", edition="world", locale="fr")
    assert (back["edition"], back["widens"]) == ("world", False)
    assert [change["kind"] for change in back["changes"]] == ["removed", "removed"]
    assert set(back["sentences"]) == {"fr"}
    assert (await operator.call("GET", POLICIES + "/privacy/diff/2030/2032"))["changes"][0]["kind"] == "removed"
    assert await operator.fail("GET", POLICIES + "/privacy/diff/2030/2031", status=404, edition="asia") == "M_NOT_FOUND"
    assert await operator.fail("GET", POLICIES + "/privacy/diff/2030/2040", status=404) == "M_NOT_FOUND"
    page = await operator.http.get(POLICIES + "/privacy/diff/2030/2031", headers={"accept": "text/html"})
    assert page.headers["location"] == POLICIES + "/privacy/diff/2030/2031/en"


async def test_the_schema_is_public(client: Homeserver) -> None:
    answer = await client.http.get("/_palabre/v1/policy-schema.json")
    assert answer.headers["content-type"] == "application/schema+json"
    assert {"Policy", "Plan"} <= set(answer.json()["$defs"])


# Markdown


def test_markdown_keeps_out_what_could_harm() -> None:
    html = to_html(
        "# Title <img src=x onerror=alert(1)>\n\n<script>alert(1)</script>\n\n"
        "[a](javascript:alert(1)) [b](data:text/html,x) [c](https://example.org/ 'say \"so\"') ![d](https://t.example/p)\n"
    )
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript:' not in html
    assert 'href="data:' not in html
    assert '<a href="https://example.org/"' in html
    assert 'rel="noreferrer"' in html


def test_headings_go_below_the_page_title() -> None:
    assert to_html("# A\n\n### B", top=3) == "<h3>A</h3>\n<h5>B</h5>\n"
    assert to_html("## A\n\n###### B", top=4) == "<h4>A</h4>\n<h6>B</h6>\n"
    assert "<table>" in to_html("|a|b|\n|-|-|\n|1|2|")


# the command line


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(command_line, list(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


def test_lint_on_the_command_line(tmp_path: Path) -> None:
    assert "0 errors, 0 warnings" in run("lint", str(STARTER))
    assert json.loads(run("lint", str(STARTER), "--format", "json")) == []
    for name in ("policy.yaml", "en.md", "fr.md", "en.summary.md", "fr.summary.md"):
        (tmp_path / name).write_bytes((STARTER / name).read_bytes())
    policy = (tmp_path / "policy.yaml").read_text()
    (tmp_path / "policy.yaml").write_text(policy.replace("retention: P90D", "retention: P2Y").replace('["*"]', "[SN]"))
    said = run("lint", str(tmp_path), code=1)
    assert "EDITION-REST" in said
    assert "EDITION-REST" in run("lint", str(tmp_path), "--earlier", str(STARTER), "--format", "json", code=1)
    (tmp_path / "policy.yaml").write_text("id: 1")
    assert "is no policy version" in run("lint", str(tmp_path), code=1)


def test_diff_on_the_command_line() -> None:
    two = [str(FOLDERS / "whatsapp-2016"), str(FOLDERS / "whatsapp-2021")]
    assert "No longer your choice" in run("diff", *two, "--country", "IN")
    assert "Ce n’est plus votre choix" in run("diff", *two, "--edition", "world", "--locale", "fr")
    assert '<li class="wider">' in run("diff", *two, "--format", "html")
    (found,) = json.loads(run("diff", *two, "--edition", "world", "--format", "json"))
    assert found["widens"] is True
    assert "There is no edition" in run("diff", *two, "--edition", "asia", code=1)
    assert "neither a folder" in run("diff", "x", str(STARTER), code=1)


def test_the_command_line_says_when_nobody_answers(tmp_path: Path) -> None:
    nowhere = ["--server", "http://127.0.0.1:9"]
    assert "does not answer" in run("list", *nowhere, code=1)
    assert "token" in run("publish", str(STARTER), *nowhere, "--token-file", str(tmp_path / "none"), code=1)


def test_the_command_line_publishes(process: Palabre, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(STARTER, tmp_path / "policy"))
    policy = (folder / "policy.yaml").read_text()
    (folder / "policy.yaml").write_text(policy.replace("id: palabre\n", "id: by-hand\n"))
    at = ["--server", process.url]
    publish = ["publish", str(folder), *at, "--token-file", str(process.data / "operator.token"), "--actor", "Awa"]
    assert "Published by-hand 1 (sha256:" in run(*publish)
    assert "by-hand" in run("list", *at)
    listed = json.loads(run("list", *at, "--format", "json"))
    assert "by-hand" in {one["policy"] for one in listed}
    assert "votre numéro de téléphone" in run("show", "by-hand", "1", "--locale", "fr", *at)
    assert json.loads(run("show", "by-hand", "1", "--format", "json", *at))["policy"]["id"] == "by-hand"
    assert "Nothing changes" in run("diff", "by-hand/1", str(folder), *at)
    assert "no version" in run("show", "by-hand", "2", *at, code=1)
    text = (folder / "en.md").read_text()
    (folder / "en.md").write_text(text + "\nMore.\n")
    assert "is published with other content" in run(*publish, code=1)
    (folder / "policy.yaml").write_text(policy.replace('"1"', '"2"').replace('["*"]', "[SN]"))
    assert "EDITION-REST" in run(*publish, code=1)


def test_the_schema_on_the_command_line() -> None:
    assert "$defs" in json.loads(run("schema"))
