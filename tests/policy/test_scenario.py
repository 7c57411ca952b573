"""The founding scenario on the real services: what must be true is true, and what is not is found."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from palabre.accounts import phone
from palabre.policy.rollouts import ladder
from palabre.policy.rollouts.models import Ladder, Level, Rollout, Step
from palabre.scenario import command
from palabre.scenario.population import Population
from palabre.scenario.reading import ScenarioError, home, names, read
from palabre.scenario.report import write
from palabre.scenario.runner import Outcome, Runner, rehearse
from palabre.scenario.services import Services

BASE = home(Path(__file__).parent)
PEOPLE = 2_000
DAY = 24 * 3600 * 1000


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Services]:
    services = Services(folder)
    await services.database.start()
    try:
        yield services
    finally:
        await services.database.close()


async def lived(name: str, folder: Path, people: int = PEOPLE, seed: int = 7) -> Outcome:
    async with started(folder) as services:
        return await Runner(read(BASE, name), people, seed, services).run()


def restricted(outcome: Outcome) -> dict[str, int]:
    """Day -> people who could do less than before."""
    worse = (Level.LIMITED, Level.LOCKED, Level.DELETION_SCHEDULED, Level.DELETED)
    return {day.day.isoformat(): day.at(*worse) for day in outcome.days}


def numbers(outcome: Outcome) -> bytes:
    """All that a run came to, but how long it took."""
    return msgspec.json.encode(
        [outcome.days, outcome.done, outcome.tallies, outcome.breaches, outcome.decided], order="sorted"
    )


async def test_as_it_happened_nobody_loses_anything(tmp_path: Path) -> None:
    outcome = await lived("whatsapp-2021", tmp_path)
    assert outcome.breaches == []
    assert all(tally.checks > 0 for tally in outcome.tallies.values())
    assert not any(restricted(outcome).values())
    last = outcome.days[-1]
    assert sum(last.deleted.values()) == 0
    assert sum(last.accepted.values()) > PEOPLE // 2
    assert last.at(Level.REMINDER) > 0
    assert outcome.decided["2016-08-25 accept"] == PEOPLE
    assert all(done.rows <= 3 and done.entries <= 2 for done in outcome.done)
    await write_and_check(outcome)


async def test_as_announced_refusers_are_limited_then_locked_then_deleted(tmp_path: Path) -> None:
    outcome = await lived("whatsapp-2021-as-announced", tmp_path)
    assert outcome.breaches == []
    by_day = {day.day.isoformat(): day for day in outcome.days}
    assert restricted(outcome)["2021-02-07"] == 0
    assert by_day["2021-02-08"].at(Level.LIMITED) > 0
    assert by_day["2021-02-22"].at(Level.LOCKED) > 0
    assert by_day["2021-05-09"].at(Level.DELETION_SCHEDULED) > 0
    assert sum(by_day["2021-06-07"].deleted.values()) == 0
    assert sum(by_day["2021-06-08"].deleted.values()) > 0


async def write_and_check(outcome: Outcome) -> None:
    other = await rehearse(read(BASE, "whatsapp-2021-as-announced"), PEOPLE, outcome.seed)
    assert sum(other.days[-1].deleted.values()) > 0
    html = write(outcome, other)
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    assert page.outside == []
    assert len(page.ids) == len(set(page.ids))
    assert html.count("<svg") > 20
    for said in ("CCI-CONDITION", "Ce que les gens ont vu", "What people saw"):
        assert said in html


class Page(HTMLParser):
    """Finds what is not closed and what is fetched from elsewhere."""

    VOID = ("meta", "br", "hr", "img", "link", "input")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in ("script", "link", "img", "iframe", "object"):
            self.outside.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset") and not (value or "").startswith("#"):
                self.outside.append(f"{tag} {name}={value}")
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag


async def test_the_same_seed_gives_the_same_numbers(tmp_path: Path) -> None:
    first = await lived("whatsapp-2021", tmp_path / "a", 300)
    again = await lived("whatsapp-2021", tmp_path / "b", 300)
    other = await rehearse(read(BASE, "whatsapp-2021"), 300, 8)
    assert numbers(first) == numbers(again)
    assert msgspec.to_builtins(first.days) != msgspec.to_builtins(other.days)


async def test_a_rehearsal_comes_to_the_same_as_the_services(tmp_path: Path) -> None:
    real = await lived("whatsapp-2021-as-announced", tmp_path, 300)
    dry = await rehearse(read(BASE, "whatsapp-2021-as-announced"), 300, 7)
    assert [msgspec.to_builtins(day) for day in real.days] == [msgspec.to_builtins(day) for day in dry.days]


async def test_limiting_a_day_early_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ladder.dates

    def early(rollout: Rollout, own: Ladder, told: int) -> list[tuple[int, Step]]:
        return [(at - DAY if step.level.restricts else at, step) for at, step in real(rollout, own, told)]

    monkeypatch.setattr(ladder, "dates", early)
    outcome = await lived("whatsapp-2021-as-announced", tmp_path, 300)
    assert outcome.tallies["early"].breaches > 0
    assert any(breach.startswith("early") for breach in outcome.breaches)


async def test_a_gate_that_remembers_too_long_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with started(tmp_path) as services:
        gate = services.policy.gate
        kept: dict[str, Any] = {}

        async def standing(user_id: str) -> Any:
            if user_id not in kept:
                kept[user_id] = await gate.compute(user_id)
            return kept[user_id]

        monkeypatch.setattr(gate, "standing", standing)
        outcome = await Runner(read(BASE, "whatsapp-2021-as-announced"), 300, 7, services).run()
    assert outcome.tallies["cache"].breaches > 0


async def test_a_lost_decision_and_a_row_at_midnight_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with started(tmp_path) as services:
        decide = services.decide

        async def lose_some(decisions: Sequence[Any]) -> None:
            await decide([(user_id, given) for user_id, given in decisions if given.kind != "later"])

        noisy: list[int] = []

        async def rows() -> tuple[int, int]:
            noisy.append(1)
            return len(noisy), 0

        monkeypatch.setattr(services, "decide", lose_some)
        monkeypatch.setattr(services, "rows", rows)
        outcome = await Runner(read(BASE, "whatsapp-2021"), 300, 7, services).run()
    assert outcome.tallies["books"].breaches > 0
    assert outcome.tallies["quiet"].breaches > 0


async def test_terms_that_widen_by_themselves_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if whoever accepted something was bound to the newest version at once."""
    from palabre.policy.documents.grants import required
    from palabre.scenario import invariants

    def newest(region: str, answers: Any, versions: dict[int, Any], rolled_back: Any) -> Any:
        if answers.accepted is None or not versions:
            return frozenset()
        return required(versions[max(versions)].document.edition_for(region))

    monkeypatch.setattr(invariants, "permitted", newest)
    outcome = await lived("whatsapp-2021", tmp_path, 300)
    assert outcome.tallies["widening"].breaches > 0


def test_people_have_valid_numbers_of_their_countries() -> None:
    script = read(BASE, "whatsapp-2021")
    people = Population(script, 1_000, 1, "example.org")
    seen = set()
    for index, country in enumerate(people.countries):
        for person in people.of_country(index):
            number = people.number(person, index)
            assert phone.parse(number, fictional=True).region == country
            seen.add(number)
    for person in range(0, 1_000, 50):
        index, number = people.travel(person)
        assert phone.parse(number, fictional=True).region == people.countries[index]
        assert index != people.home(person)
        seen.add(number)
    assert len(seen) == 1_020


def test_the_command_lists_runs_and_writes(tmp_path: Path) -> None:
    said = CliRunner().invoke(command.app, ["list", "--path", str(BASE)])
    assert said.output.split() == names(BASE)
    report = tmp_path / "report.html"
    arguments = ["run", "whatsapp-2021", "--accounts", "200", "--seed", "3", "--out", str(report), "--path", str(BASE)]
    said = CliRunner().invoke(command.app, arguments)
    assert said.exit_code == 0, said.output
    assert "200 people" in said.output
    assert report.read_text().startswith("<!doctype html>")
    said = CliRunner().invoke(command.app, ["run", "nowhere", "--path", str(BASE)])
    assert said.exit_code == 1
    assert "whatsapp-2021" in said.output


def test_the_command_fails_when_something_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ladder.dates
    monkeypatch.setattr(
        ladder, "dates", lambda rollout, own, told: [(at - DAY, step) for at, step in real(rollout, own, told)]
    )
    name, out = "whatsapp-2021-as-announced", str(tmp_path / "report.html")
    said = CliRunner().invoke(command.app, ["run", name, "--accounts", "200", "--out", out, "--path", str(BASE)])
    assert said.exit_code == 1
    assert "early" in said.output


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with a scenario of its own, to break."""
    (tmp_path / "policies").mkdir()
    for name in ("whatsapp-2016", "whatsapp-2021"):
        (tmp_path / "policies" / name).symlink_to(BASE / "policies" / name)
    (tmp_path / "scenarios" / "mine").mkdir(parents=True)
    return tmp_path


async def test_holding_and_rolling_back_break_nothing_either(elsewhere: Path) -> None:
    text = (BASE / "scenarios" / "whatsapp-2021" / "scenario.yaml").read_text()
    begin, end = text.index("  - on: 2021-01-15"), text.index("regions:")
    says = "version: 2021-01-04\n    says: {en: Because., fr: Parce que.}\n"
    events = [("2021-02-06", "hold"), ("2021-03-01", "resume"), ("2021-04-20", "roll_back")]
    calendar = "".join(f"  - on: {day}\n    do: {what}\n    {says}" for day, what in events)
    file = elsewhere / "scenarios" / "mine" / "scenario.yaml"
    file.write_text(text[:begin] + calendar + text[end:])
    async with started(elsewhere / "data") as services:
        outcome = await Runner(read(elsewhere, "mine"), 300, 7, services).run()
    assert outcome.breaches == []
    limited = restricted(outcome)
    assert limited["2021-03-20"] == 0
    assert limited["2021-04-15"] > 0  # the deadline of 8 February, three weeks, and the 23 days of the hold later
    assert limited["2021-04-20"] == 0
    assert outcome.days[-1].at(Level.NONE) == sum(map(sum, outcome.days[-1].levels.values()))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("deadline: 2021-05-15", "deadline: soon", "date"),
        ("step: locked", "step: frozen", "frozen"),
        ("    deadline: 2021-05-15\n", "", "extend on 2021-01-15"),
        ("on: 2021-01-15", "on: 2019-01-15", "order"),
        ("folder: whatsapp-2021", "folder: whatsapp-2016", "no publish"),
        ("compare:", "people: mine\ncompare:", "none of its own"),
        ("{step: reminder, before_deadline: P7D}", "{step: reminder, at: 2016-09-01}", "`at`"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused(elsewhere: Path, old: str, new: str, says: str) -> None:
    text = (BASE / "scenarios" / "whatsapp-2021" / "scenario.yaml").read_text()
    assert old in text
    (elsewhere / "scenarios" / "mine" / "scenario.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(ScenarioError, match=says):
        read(elsewhere, "mine")
