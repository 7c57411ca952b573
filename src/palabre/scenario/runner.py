"""Living a calendar day by day: dates pass at midnight, the operator acts at 8, accounts end at 9, people act at 12."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from ..accounts.people.models import Newcomer
from ..policy.catalogue.models import Catalogue
from ..policy.decisions.models import NOTHING_DECIDED
from ..policy.rollouts import standing as rules
from ..policy.rollouts.drafting import DAY, milliseconds
from ..policy.rollouts.models import Level, Rollout, Standing, Subject
from . import store
from .classes import GONE, Classes, signature
from .deciding import Deciding
from .invariants import Promise, Tally, Watch
from .models import Event
from .population import Population
from .reading import Script
from .services import SERVER_NAME, Rehearsal, Services, World

HOUR = 3_600_000
PANEL = 100
"""People whose cached standing is compared with one from scratch every day."""


class Day(msgspec.Struct):
    """How a day ended."""

    day: date
    levels: dict[str, list[int]]
    """Country -> people at each level, by `Level`."""
    accepted: dict[str, int]
    declined: dict[str, int]
    later: dict[str, int]
    deleted: dict[str, int]
    """By the country of their first number; all in all."""
    left: dict[str, int]
    """Who deleted their account themselves; likewise."""

    def at(self, *levels: Level) -> int:
        return sum(counts[level] for counts in self.levels.values() for level in levels)


class Done(msgspec.Struct):
    """An event of the calendar, with what it wrote."""

    event: Event
    people: int
    rows: int
    entries: int
    """Positions of the log."""


class Outcome(msgspec.Struct):
    """Everything that a report needs."""

    script: Script
    size: int
    seed: int
    days: list[Day]
    done: list[Done]
    tallies: dict[str, Tally]
    breaches: list[str]
    decided: dict[str, int]
    """Version and kind -> decisions recorded; only of a run on real services."""
    seconds: float = 0.0
    sampled: int = 0

    def figures(self) -> dict[str, Any]:
        """For programs. `rows` counts everything written, the log included."""
        return {
            "scenario": self.script.scenario.id,
            "accounts": self.size,
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "decisions": self.decided,
            "rows": {f"{done.event.on} {done.event.do}": done.rows + done.entries for done in self.done},
            "checks": msgspec.to_builtins(self.tallies),
            "breaches": self.breaches,
        }


Progress = Callable[[date, str], None]

REHEARSED = 50_000
"""People in the rehearsal of the other calendar, from which the numbers of all are reckoned."""


class Runner:
    def __init__(self, script: Script, size: int, seed: int, world: World, progress: Progress | None = None) -> None:
        self._script = script
        self._scenario = script.scenario
        self._world = world
        self._services = world if isinstance(world, Services) else None
        self._progress = progress or (lambda day, says: None)
        self._population = Population(script, size, seed, SERVER_NAME)
        self._classes = Classes()
        self._watch = Watch(self._classes, script.scenario.policy)
        self._sample = random.Random(f"{seed}/sample")  # noqa: S311 (a simulation)
        self._panel = sorted(self._sample.sample(range(size), min(PANEL, size)))
        self._began = _ms(script.scenario.periods[0].begin)
        self._seen: Catalogue | None = None
        self._standing: dict[int, Standing] = {}
        self._version = ""
        self._rollouts: dict[str, str] = {}
        self._ended: dict[str, Counter[str]] = {"deleted": Counter(), "left": Counter()}
        self._decided: Counter[str] = Counter()
        self.outcome = Outcome(script, size, seed, [], [], self._watch.tallies, self._watch.breaches, {})

    async def run(self) -> Outcome:
        self._world.move_to(self._began)
        self._settle()
        await self._world.create(self._newcomers())
        for period in self._scenario.periods:
            for number in range(period.begin.toordinal(), period.end.toordinal() + 1):
                await self._day(date.fromordinal(number))
        if self._services is not None:
            await self._books(self._services)
        return self.outcome

    def _settle(self) -> None:
        """Everybody is in the class of their country."""
        people = self._population
        for index, country in enumerate(people.countries):
            kind = self._classes.of(country, self._began)
            self._classes.counts[kind] = len(people.of_country(index))
            for person in people.of_country(index):
                people.kind[person] = kind

    def _newcomers(self) -> Iterator[Newcomer]:
        people = self._population
        for index, country in enumerate(people.countries):
            locale = people.region(index).locale
            for person in people.of_country(index):
                yield Newcomer(people.localpart(person), people.number(person, index), country, locale)

    # a day

    async def _day(self, day: date) -> None:
        start = _ms(day)
        await self._midnight(start)
        for event in self._scenario.calendar:
            if event.on == day:
                self._world.move_to(start + 8 * HOUR)
                await self._operate(event, start + 8 * HOUR)
        self._world.move_to(start + 9 * HOUR)
        await self._erase(start + 9 * HOUR)
        noon = start + 12 * HOUR
        self._world.move_to(noon)
        await self._act(day, noon)
        await self._evening(day, noon)

    async def _midnight(self, now: int) -> None:
        """A date passes: everybody's standing may change, and nothing is written."""
        before = await self._services.rows() if self._services else (0, 0)
        self._world.move_to(now)
        catalogue = await self._world.catalogue()
        for number, standing, people in self._standings(catalogue, now):
            self._watch.early(number, standing, people)
        if self._services is not None:
            await self._panelists(self._services, catalogue, now, self._panel)
            true = await self._services.rows() == before
            self._watch.holds("quiet", true, f"rows were written when {now} passed", self._population.size)
        if _is_monday(now):
            self._watch.exact(catalogue, now)

    async def _operate(self, event: Event, now: int) -> None:
        """What the operator does, and that it takes nothing back and widens nothing."""
        world, actor = self._world, self._scenario.actor
        before = await self._services.rows() if self._services else (0, 0)
        catalogue = await world.catalogue()
        grants = self._watch.grants(catalogue)
        folder = self._script.folders[event.version]
        if event.do == "publish":
            await world.publish(folder, actor)
        elif event.do == "roll_out":
            plan = self._script.plans[event.version]
            rollout_id = await world.roll_out(folder.document, plan, actor, event.says["en"])
            announce = (await world.catalogue()).rollouts[rollout_id].announce
            self._rollouts[event.version], self._version = rollout_id, event.version
            self._watch.promises[rollout_id] = Promise(rollout_id, folder.document, plan, announce, now)
            self._population.answer_to(event.version)
        else:
            await world.operate(self._rollouts[event.version], event, actor)
            self._watch.promises[self._rollouts[event.version]].hear(event)
        catalogue = await world.catalogue()
        self._watch.widening(grants, self._watch.grants(catalogue), event.do)
        self._watch.exact(catalogue, now)
        asked = 0
        for number, standing, people in self._standings(catalogue, now):
            self._watch.early(number, standing, people)
            asked += people if standing.level is not Level.NONE else 0
        after = await self._services.rows() if self._services else (0, 0)
        self.outcome.done.append(Done(event, asked, after[1] - before[1], after[0] - before[0]))
        self._progress(event.on, event.says["en"])

    async def _erase(self, now: int) -> None:
        """The deletion job: on the first day on which somebody's time is up, and then on Mondays, as it looks at
        everybody.
        """
        catalogue = await self._world.catalogue()
        if not any(_deletes(rollout) for group in catalogue.standing for rollout in group):
            return
        doomed = {number for number, found, _ in self._standings(catalogue, now) if found.level is Level.DELETED}
        if doomed and (not self._ended["deleted"] or _is_monday(now)):
            people = [person for person, kind in enumerate(self._population.kind) if kind in doomed]
            erased = await self._world.erase(len(people))
            says = f"the deletion job erased {erased} people, and not {len(people)}"
            self._watch.holds("books", erased == len(people), says, len(people))
            self._gone(people, "deleted")

    async def _leave(self, people: list[int]) -> None:
        await self._world.end([self._population.user_id(person) for person in people])
        self._gone(people, "left")

    def _gone(self, people: list[int], how: str) -> None:
        population = self._population
        for person in people:
            self._classes.move(population.kind[person], GONE)
            population.kind[person] = GONE
            self._ended[how][population.countries[population.home(person)]] += 1

    async def _act(self, day: date, now: int) -> None:
        population, catalogue = self._population, await self._world.catalogue()

        def reached(region: str, since: int) -> Level:
            """The step of the roll-out in hand that somebody who never answered has come to."""
            found = rules.standing(Subject("@anybody", region, since), {}, catalogue.standing, now)
            return found.level if self._rollouts.get(self._version) in found.asked else Level.NONE

        def by_traveller(person: int) -> Level:
            kind = self._classes[population.kind[person]]
            return reached(kind.region, kind.since)

        population.step(day.toordinal(), lambda index: reached(population.countries[index], self._began), by_traveller)
        deciding = Deciding(self._scenario, self._classes, catalogue, self._version, now)
        decisions, leaving, travelling = [], [], []
        for person, act in population.acts(day.toordinal()):
            before = population.kind[person]
            if before == GONE:
                continue
            if act.do == "leave":
                leaving.append(person)
            elif act.do == "travel":
                travelling.append(person)
            else:
                given, after = deciding.what(before, act)
                if given is not None:
                    decisions.append((population.user_id(person), given))
                    population.kind[person] = after
                    self._classes.move(before, after)
        self._decided.update(deciding.recorded)
        await self._world.decide(decisions)
        await self._leave(leaving)
        await self._travel([person for person in travelling if population.kind[person] != GONE], catalogue, now)

    async def _travel(self, people: list[int], catalogue: Catalogue, now: int) -> None:
        population = self._population
        moves = []
        for person in people:
            index, number = population.travel(person)
            moves.append((population.user_id(person), number))
            before = population.kind[person]
            after = self._classes.of(population.countries[index], now, self._classes[before].history)
            self._classes.move(before, after)
            population.kind[person] = after
            self._watch.moved(before, after, catalogue)
        await self._world.travel(moves)

    async def _evening(self, day: date, now: int) -> None:
        catalogue = await self._world.catalogue()
        counts: dict[str, list[int]] = {country: [0] * len(Level) for country in self._population.countries}
        answers = {what: dict.fromkeys(counts, 0) for what in ("accepted", "declined", "later")}
        for number, standing, people in self._standings(catalogue, now):
            self._watch.early(number, standing, people)
            kind = self._classes[number]
            counts[kind.region][standing.level] += people
            own = kind.answers.get(self._scenario.policy, NOTHING_DECIDED)
            latest = own.latest.get(self._version)
            if own.accepted is not None and own.accepted.version == self._version:
                answers["accepted"][kind.region] += people
            elif latest is not None and latest.kind in ("decline", "withdraw"):
                answers["declined"][kind.region] += people
            elif latest is not None:
                answers["later"][kind.region] += people
        if self._services is not None:
            fresh = [self._sample.randrange(self._population.size) for _ in range(PANEL // 5)]
            await self._panelists(self._services, catalogue, now, [*fresh, *list(self._population.travellers)[-5:]])
        ended = {how: {country: counter[country] for country in counts} for how, counter in self._ended.items()}
        self.outcome.days.append(Day(day, counts, **answers, **ended))
        self._progress(day, "")

    # looking closer

    def _standings(self, catalogue: Catalogue, now: int) -> Iterator[tuple[int, Standing, int]]:
        """From scratch once a day, at midnight; later in the day what was found then, as long as it holds."""
        if catalogue is not self._seen or now % DAY == 0:
            self._seen, self._standing = catalogue, {}
        known = self._standing
        for number, kind, people in self._classes.inhabited():
            found = known.get(number)
            if found is None or not found.holds(now):
                found = known[number] = rules.standing(kind.subject, kind.answers, catalogue.standing, now)
            yield number, found, people

    async def _panelists(self, services: Services, catalogue: Catalogue, now: int, panel: list[int]) -> None:
        """One by one, through the gate: remembered, from scratch, and as the class says, is the same."""
        gate, decisions = services.policy.gate, services.policy.decisions
        for person in panel:
            number = self._population.kind[person]
            if number == GONE:
                continue
            user_id, kind = self._population.user_id(person), self._classes[number]
            told = [
                await gate.standing(user_id),
                await gate.compute(user_id),
                rules.standing(kind.subject, kind.answers, catalogue.standing, now),
            ]
            true = len({(one.level, one.valid_until, one.asked) for one in told}) == 1
            self._watch.holds("cache", true, f"the gate says {told[0].level.label}, the rules {told[2].level.label}")
            self._watch.early(number, told[0], 1)
            true = signature(await decisions.of(user_id)) == signature(kind.answers)
            self._watch.holds("books", true, "a person's decisions are not those that were made")
            self.outcome.sampled += 1

    async def _books(self, services: Services) -> None:
        """In the end, the database has what was done, no more and no less."""
        found = await store.decisions(services.database)
        self.outcome.decided = {f"{version} {kind}": count for (version, kind), count in sorted(found.items())}
        self._watch.holds(
            "books",
            self.outcome.decided == dict(self._decided),
            "the database has other decisions",
            sum(found.values()),
        )
        counted: Counter[str] = Counter()
        for _, kind, people in self._classes.inhabited():
            counted[kind.region] += people
        there = await store.accounts(services.database)
        self._watch.holds("books", there == counted, "the database has other people", sum(there.values()))


async def rehearse(script: Script, size: int, seed: int) -> Outcome:
    """The same people under another calendar, without a database: at most `REHEARSED` of them, counted up."""
    outcome = await Runner(script, min(size, REHEARSED), seed, Rehearsal()).run()
    if size > REHEARSED:
        outcome.days = [_counted_up(day, size / REHEARSED) for day in outcome.days]
    return outcome


def _counted_up(day: Day, times: float) -> Day:
    def up(counts: dict[str, int]) -> dict[str, int]:
        return {country: round(people * times) for country, people in counts.items()}

    return Day(
        day.day,
        {country: [round(people * times) for people in levels] for country, levels in day.levels.items()},
        up(day.accepted),
        up(day.declined),
        up(day.later),
        up(day.deleted),
        up(day.left),
    )


def _deletes(rollout: Rollout) -> bool:
    ladders = (rollout.ladder, *rollout.editions.values())
    return any(step.level is Level.DELETED for ladder in ladders for step in ladder.steps)


def _is_monday(now: int) -> bool:
    return datetime.fromtimestamp(now / 1000, UTC).weekday() == 0


def _ms(day: date) -> int:
    """Midnight, UTC."""
    return milliseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))
