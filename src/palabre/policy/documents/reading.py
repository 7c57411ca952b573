"""Reading a policy version from a folder, or from the JSON of it that the admin API takes.

    policy.yaml             the machine-readable part
    rollout.yaml            optional: how it is brought to everyone
    en.md, en.summary.md    what people read, in each locale, in every edition
    en.europe.md, …         the same for the edition `europe` only

The YAML is that of version 1.2: only `true` and `false` are truth values (Norway is `NO`), and dates stay text.
"""

import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from ..rollouts.plan import Plan
from .models import Document, Policy, Wording

T = TypeVar("T")

_MEMBER_STATES = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_OUTERMOST = "AX GF GP MF MQ RE YT"
"""Parts of Finland and France that are in the Union and have a country code of their own (TFEU article 355)."""
EU = frozenset(f"{_MEMBER_STATES} {_OUTERMOST}".split())
EEA = EU | {"IS", "LI", "NO"}
GROUPS = {"EU": EU, "EEA": EEA}
"""Names that stand for many countries where editions list theirs."""

POLICY_FILE = "policy.yaml"
PLAN_FILE = "rollout.yaml"

_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_PLACE = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NO_ZONE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?")


class Problem(msgspec.Struct, frozen=True):
    """Why something cannot be read."""

    file: str
    place: str
    """`editions[0].processing[2].data`, or `line 12`; empty for the whole file."""
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.place, self.message) if part)


class DocumentError(Exception):
    """It is no policy version."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Folder(msgspec.Struct, frozen=True):
    document: Document
    plan: Plan | None = None


def read_folder(path: Path) -> Folder:
    """Raises DocumentError, with everything that is wrong in any of the files."""
    problems: list[Problem] = []
    policy = _attempt(problems, policy_from, _load(path / POLICY_FILE, problems), POLICY_FILE)
    plan = None
    if (path / PLAN_FILE).exists():
        plan = _attempt(problems, plan_from, _load(path / PLAN_FILE, problems), PLAN_FILE)
    texts = _texts(path, problems)
    if policy is None:
        raise DocumentError(problems)
    wording = _wording(policy, texts, problems)
    if problems:
        raise DocumentError(problems)
    return Folder(Document(policy=policy, wording=wording), plan)


def folder_from(policy: Any, wording: Any, rollout: Any = None) -> Folder:
    """The same from JSON: `wording` is edition id -> locale -> {summary, text}. Raises DocumentError."""
    problems: list[Problem] = []
    read = _attempt(problems, policy_from, policy, "policy")
    worded = _attempt(problems, lambda value: _convert(value, dict[str, dict[str, Wording]]), wording, "wording")
    plan = None if rollout is None else _attempt(problems, plan_from, rollout, "rollout")
    if read is None or worded is None or problems:
        raise DocumentError(problems)
    editions = {edition.id for edition in read.editions}
    stray = [Problem("wording", edition, "There is no such edition.") for edition in worded if edition not in editions]
    if stray:
        raise DocumentError(stray)
    return Folder(Document(policy=read, wording=worded), plan)


def policy_from(value: Any) -> Policy:
    """Names of groups become the codes of their countries, and a version written as a number is text.

    Raises msgspec.ValidationError.
    """
    if isinstance(value, dict):
        value = dict(value)
        if type(value.get("version")) is int:
            value["version"] = str(value["version"])
        if isinstance(value.get("editions"), list):
            value["editions"] = [_expanded(edition) for edition in value["editions"]]
    return _convert(value, Policy)


def plan_from(value: Any) -> Plan:
    """A day is its first moment, and a time without a zone is in UTC. Raises msgspec.ValidationError."""
    return _convert(_in_utc(value), Plan)


def _convert(value: Any, type_: type[T]) -> T:
    return msgspec.convert(value, type_)


def _expanded(edition: Any) -> Any:
    if not isinstance(edition, dict) or not isinstance(edition.get("countries"), list):
        return edition
    codes: list[Any] = []
    for country in edition["countries"]:
        codes += sorted(GROUPS[country]) if isinstance(country, str) and country in GROUPS else [country]
    return {**edition, "countries": codes}


def _in_utc(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_utc(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_utc(item) for item in value]
    if isinstance(value, str) and _DATE.fullmatch(value):
        return value + "T00:00:00Z"
    if isinstance(value, str) and _NO_ZONE.fullmatch(value):
        return (value + ":00" if value.count(":") == 1 else value) + "Z"
    return value


def _attempt(problems: list[Problem], read: Any, value: Any, file: str) -> Any:
    """`read(value)`, or None with the problem noted."""
    if value is None:
        if not any(problem.file == file for problem in problems):
            problems.append(Problem(file, "", "It is empty."))
        return None
    try:
        return read(value)
    except msgspec.ValidationError as error:
        message = str(error)
        place = _PLACE.search(message)
        problems.append(
            Problem(file, place[1] if place else "", (message[: place.start()] if place else message).strip() + ".")
        )
        return None


def _texts(path: Path, problems: list[Problem]) -> dict[tuple[str, str, bool], tuple[str, str]]:
    """(locale, edition or "", whether the summary) -> file name and content."""
    texts: dict[tuple[str, str, bool], tuple[str, str]] = {}
    for file in sorted(path.glob("*.md")):
        locale, *rest = file.name.removesuffix(".md").split(".")
        summary = rest[-1:] == ["summary"]
        edition = rest[: len(rest) - summary]
        if not _LOCALE.fullmatch(locale) or len(edition) > 1:
            continue
        try:
            text = file.read_text(encoding="utf-8-sig").strip()
        except UnicodeDecodeError:
            problems.append(Problem(file.name, "", "It is not UTF-8."))
            continue
        if not text:
            problems.append(Problem(file.name, "", "It is empty."))
        texts[locale, edition[0] if edition else "", summary] = (file.name, text + "\n")
    return texts


def _wording(
    policy: Policy, texts: Mapping[tuple[str, str, bool], tuple[str, str]], problems: list[Problem]
) -> dict[str, dict[str, Wording]]:
    """A locale without any text is left out (the linter compares them); half a one is a problem."""
    editions = [edition.id for edition in policy.editions]
    for (_, edition, _), (name, _) in texts.items():
        if edition and edition not in editions:
            problems.append(Problem(name, "", f"There is no edition `{edition}`."))
    wording: dict[str, dict[str, Wording]] = {edition: {} for edition in editions}
    for edition in editions:
        for locale in sorted({locale for locale, of, _ in texts if of in ("", edition)}):
            found = [texts.get((locale, edition, part)) or texts.get((locale, "", part)) for part in (True, False)]
            if found[0] is None or found[1] is None:
                missing = f"{locale}.summary.md" if found[0] is None else f"{locale}.md"
                problem = Problem(missing, "", f"It is missing (edition `{edition}`).")
                if problem not in problems:
                    problems.append(problem)
                continue
            if len(found[0][1]) > 4000:
                problems.append(Problem(found[0][0], "", "A summary has at most 4,000 characters."))
            wording[edition][locale] = Wording(summary=found[0][1], text=found[1][1])
    return wording


class _Loader(yaml.SafeLoader):
    """YAML 1.2's truth values and whole numbers, no dates, and no key twice."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's way: one table a class)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:merge" and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"The key `{key.value}` is twice.", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


for tag, pattern, first in (
    ("bool", r"true|false", "tf"),
    ("int", r"0|[1-9][0-9]*", "0123456789"),
    ("null", r"null|~|", ["n", "~", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


def _load(file: Path, problems: list[Problem]) -> Any:
    """None when it cannot be read, with the problem noted."""
    try:
        return yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a SafeLoader, made stricter)
    except OSError as error:
        problems.append(Problem(file.name, "", f"It cannot be read: {error.strerror}."))
    except UnicodeDecodeError:
        problems.append(Problem(file.name, "", "It is not UTF-8."))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = "" if mark is None else f"line {mark.line + 1}"
        problems.append(Problem(file.name, place, str(getattr(error, "problem", None) or error)))
    return None
