"""The two WhatsApp policies can be published, and the linter names what is wrong with them."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from palabre.policy.documents.reading import Folder, read_folder
from palabre.policy.lint import Finding, check

POLICIES = Path(__file__).parents[2] / "policies"
DAYS = {"whatsapp-2016": date(2016, 8, 25), "whatsapp-2021": date(2021, 1, 4)}


@pytest.fixture(scope="module")
def folders() -> dict[str, Folder]:
    return {name: read_folder(POLICIES / name) for name in DAYS}


@pytest.fixture(scope="module")
def findings(folders: dict[str, Folder]) -> dict[str, list[Finding]]:
    old, new = folders["whatsapp-2016"], folders["whatsapp-2021"]
    return {
        "whatsapp-2016": check(old, (), DAYS["whatsapp-2016"]),
        "whatsapp-2021": check(new, [old.document], DAYS["whatsapp-2021"]),
    }


@pytest.mark.parametrize("name", DAYS)
def test_nothing_is_in_the_way_of_publishing(findings: dict[str, list[Finding]], name: str) -> None:
    assert findings[name]
    assert [finding.code for finding in findings[name] if finding.severity == "error"] == []
    assert [finding.code for finding in findings[name] if not (finding.acknowledged or "").strip()] == []


def test_the_duties_that_regulators_enforced_are_named(findings: dict[str, list[Finding]]) -> None:
    codes = {(finding.code, finding.edition) for finding in findings["whatsapp-2021"]}
    assert {
        ("CCI-ADVERTISING", "world"),
        ("CCI-CONDITION", "world"),
        ("CPC-REFUSAL", "europe"),
        ("DMA-5-2-COMBINE", "europe"),
        ("GDPR-5-1-A-EARLIER", "europe"),
        ("GDPR-13-1-D-INTEREST", "europe"),
        ("GDPR-13-1-E-RECIPIENTS", None),
        ("GDPR-13-2-A-RETENTION", "europe"),
    } <= codes
    assert all(finding.duty and finding.mend for finding in findings["whatsapp-2021"])


def test_without_its_acknowledgements_the_version_of_2021_could_not_be_published(folders: dict[str, Folder]) -> None:
    folder = folders["whatsapp-2021"]
    policy = msgspec.structs.replace(folder.document.policy, acknowledgements=[])
    bare = Folder(msgspec.structs.replace(folder.document, policy=policy), folder.plan)
    assert all(finding.acknowledged is None for finding in check(bare, (), DAYS["whatsapp-2021"]))


def test_the_choice_of_2016_is_a_condition_in_2021_but_not_in_europe(folders: dict[str, Folder]) -> None:
    old, new = folders["whatsapp-2016"].document, folders["whatsapp-2021"].document
    chosen = {row.id for row in old.edition_for("IN").optional}
    assert chosen == {"facebook-ads-number", "facebook-products-usage"}
    assert chosen <= {row.id for row in new.edition_for("IN").processing if row.necessity == "required"}
    assert chosen.isdisjoint({row.id for row in new.edition_for("DE").processing})
    assert new.edition_for("GB").id == new.edition_for("NO").id == "europe"
    assert {
        (row.data, recipient)
        for row in new.edition_for("BR").processing
        for recipient in row.recipients
        if row.purpose == "dpv:PersonalisedAdvertising"
    } >= {
        (data, recipient)
        for data in ("pd:TelephoneNumber", "pd:Transaction", "pd:IPAddress")
        for recipient in ("facebook", "messenger", "instagram")
    }
