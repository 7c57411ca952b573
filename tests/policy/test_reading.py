"""Policy versions read from folders: what is taken, and what is said about what is not."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from palabre.policy.documents.reading import EEA, EU, DocumentError, folder_from, read_folder
from palabre.policy.documents.schema import json_schema
from palabre.policy.lint import check

STARTER = Path(__file__).parents[2] / "policies" / "palabre"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the starter policy, to break."""
    return Path(shutil.copytree(STARTER, tmp_path / "policy"))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def problems(folder: Path) -> list[str]:
    with pytest.raises(DocumentError) as raised:
        read_folder(folder)
    assert raised.value.problems
    return [str(problem) for problem in raised.value.problems]


def test_the_starter_is_complete_and_nothing_is_wrong_with_it() -> None:
    read = read_folder(STARTER)
    assert check(read) == []
    assert read.document.policy.locales == ["en", "fr"]
    europe, world = read.document.policy.editions
    assert set(europe.countries) == EEA
    assert world.countries == ["*"]
    assert [row.id for row in europe.processing] == [row.id for row in world.processing]
    assert {locale for wording in read.document.wording.values() for locale in wording} == {"en", "fr"}
    assert read.plan is not None
    assert [step.step for step in read.plan.ladder] == ["notice"]


def test_groups_of_countries_become_codes(folder: Path) -> None:
    edit(folder / "policy.yaml", "countries: [EEA]", "countries: [EU, CH]")
    countries = read_folder(folder).document.policy.editions[0].countries
    assert set(countries) == EU | {"CH"}
    assert "EU" not in countries
    assert {"FR", "DE", "RE"} <= EU
    assert not EU & {"GB", "CH", "NO"}
    assert {"IS", "LI", "NO"} == EEA - EU


def test_norway_is_a_country(folder: Path) -> None:
    edit(folder / "policy.yaml", "countries: [EEA]", "countries: [NO, SE]")
    assert read_folder(folder).document.policy.editions[0].countries == ["NO", "SE"]


def test_a_version_may_be_a_number_and_a_date_stays_text(folder: Path) -> None:
    edit(folder / "policy.yaml", 'version: "1"', "version: 2021")
    policy = read_folder(folder).document.policy
    assert policy.version == "2021"
    assert policy.effective == "2026-01-01"


@pytest.mark.parametrize(
    "written", ["2031-03-02", "2031-03-02T00:00:00", "2031-03-02 00:00", "2031-03-02T02:00:00+02:00"]
)
def test_a_day_of_the_plan_is_its_first_moment_in_utc(folder: Path, written: str) -> None:
    edit(folder / "rollout.yaml", "2026-03-02", written)
    plan = read_folder(folder).plan
    assert plan is not None
    assert plan.deadline == datetime(2031, 3, 2, tzinfo=UTC)
    assert plan.deadline.utcoffset() is not None


def test_without_a_plan_there_is_none(folder: Path) -> None:
    (folder / "rollout.yaml").unlink()
    assert read_folder(folder).plan is None


def test_an_edition_can_have_a_text_of_its_own(folder: Path) -> None:
    (folder / "en.europe.md").write_text("# Only here\n")
    (folder / "fr.europe.summary.md").write_text("\ufeffEn bref\r\n")
    wording = read_folder(folder).document.wording
    assert wording["europe"]["en"].text == "# Only here\n"
    assert wording["europe"]["en"].summary == wording["world"]["en"].summary
    assert wording["europe"]["fr"].summary == "En bref\n"
    assert wording["world"]["en"].text.startswith("# Privacy policy")


def test_a_locale_that_is_in_no_name_is_read_for_the_linter_to_see(folder: Path) -> None:
    (folder / "de.md").write_text("# Text\n")
    (folder / "de.summary.md").write_text("Kurz\n")
    assert "de" in read_folder(folder).document.wording["world"]
    assert any(finding.code == "LOCALE-MISSING" for finding in check(read_folder(folder)))


def test_other_files_do_not_matter(folder: Path) -> None:
    before = read_folder(folder)
    for name in ("README.md", "notes.txt", "en.a.b.md"):
        (folder / name).write_text("x")
    assert read_folder(folder) == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: palabre\n", "id: Palabre!\n", "policy.yaml: id: "),
        ("kind: material", "kind: great", "policy.yaml: kind: "),
        ("effective: 2026-01-01", "effective: soon", "policy.yaml: effective: "),
        ("kind: material\n", "kind: material\nextra: 1\n", "unknown field `extra`"),
        ("kind: material\n", "", "missing required field `kind`"),
        ("kind: material\n", "kind: material\nkind: editorial\n", "policy.yaml: line 7: The key `kind` is twice."),
        ("data: pd:PINCode", "data: PIN", "policy.yaml: editions[0].processing[2].data"),
        ("covers_earlier: true", "covers_earlier: yes", "covers_earlier: Expected `bool`"),
        ("retention: P90D", "retention: 90 days", "retention"),
        ("id: palabre\n", "id: [\n", "policy.yaml: line"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(folder: Path, old: str, new: str, said: str) -> None:
    edit(folder / "policy.yaml", old, new)
    assert any(said in problem for problem in problems(folder)), problems(folder)


def test_everything_that_is_wrong_is_said_at_once(folder: Path) -> None:
    edit(folder / "policy.yaml", "kind: material", "kind: great")
    edit(folder / "rollout.yaml", "step: notice", "step: shout")
    (folder / "en.md").write_text("  \n")
    (folder / "fr.md").write_bytes(b"\xff\xfe")
    files = {problem.partition(":")[0] for problem in problems(folder)}
    assert files == {"policy.yaml", "rollout.yaml", "en.md", "fr.md"}


def test_texts_that_lack_are_named(folder: Path) -> None:
    (folder / "en.summary.md").unlink()
    (folder / "en.asia.md").write_text("x")
    assert problems(folder) == [
        "en.asia.md: There is no edition `asia`.",
        "en.summary.md: It is missing (edition `europe`).",
        "en.summary.md: It is missing (edition `world`).",
    ]


def test_a_summary_is_short(folder: Path) -> None:
    (folder / "en.summary.md").write_text("word " * 1000)
    assert any("4,000 characters" in problem for problem in problems(folder))


@pytest.mark.parametrize("content", ["", "# nothing\n", "- a list\n", "text"])
def test_an_empty_policy_is_none(folder: Path, content: str) -> None:
    (folder / "policy.yaml").write_text(content)
    assert problems(folder)[0].startswith("policy.yaml: ")


def test_no_folder_is_said_plainly(tmp_path: Path) -> None:
    assert problems(tmp_path / "nowhere") == ["policy.yaml: It cannot be read: No such file or directory."]


def as_json(folder: Path) -> dict[str, Any]:
    read = read_folder(folder)
    return {
        "policy": msgspec.to_builtins(read.document.policy),
        "wording": msgspec.to_builtins(read.document.wording),
        "rollout": msgspec.json.decode(msgspec.json.encode(read.plan)),
    }


def test_json_says_the_same_as_the_folder() -> None:
    assert folder_from(**as_json(STARTER)) == read_folder(STARTER)


@pytest.mark.parametrize(
    "change",
    [
        {"policy": None},
        {"policy": []},
        {"wording": {"europe": {"en": {"summary": "x"}}}},
        {"wording": {"asia": {"en": {"summary": "x", "text": "x"}}}},
        {"rollout": {"ladder": []}},
        {"rollout": "soon"},
    ],
)
def test_json_that_is_no_policy_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(DocumentError):
        folder_from(**{**as_json(STARTER), **change})


def test_the_schema_describes_what_is_read() -> None:
    schema = json_schema()
    definitions = schema["$defs"]
    assert {"Policy", "Plan", "Row", "Edition", "Transfer"} <= set(definitions)
    assert set(definitions["Row"]["required"]) == {
        "id",
        "purpose",
        "data",
        "recipients",
        "legal_basis",
        "necessity",
        "retention",
        "transfer",
        "covers_earlier",
        "text",
    }
    assert definitions["Edition"]["properties"]["countries"]["items"]["anyOf"][1] == {"enum": ["EEA", "EU"]}
    assert definitions["Plan"]["properties"]["deadline"]["anyOf"][1] == {"type": "string", "format": "date"}
    assert all(definition["additionalProperties"] is False for definition in definitions.values())
