"""Random interleavings of everything that operators and people can do, and of the clock, held against a naive model.

Nobody is limited, locked or deleted before the deadline in force for them; nobody's terms widen without a decision of
theirs; an extension or a roll-back restores exactly; a hold takes nothing and resuming gives the time back; what is
remembered is what would be computed, for as long as it says.

The same histories each time, so that a red run means a change; others, and more, with `PALABRE_EXAMPLES`.
"""

import asyncio
import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from palabre.accounts.compose import Accounts
from palabre.accounts.options import AccountOptions
from palabre.bus.local import LocalBus
from palabre.core.clock import Clock
from palabre.core.errors import ApiError
from palabre.http.limits import RateLimits
from palabre.policy.catalogue.models import EMPTY, Catalogue
from palabre.policy.catalogue.service import Catalogues
from palabre.policy.decisions.models import NOTHING_DECIDED, Decision, DecisionKind, fold
from palabre.policy.decisions.service import DecisionService, Given
from palabre.policy.documents.grants import NO_GRANTS, Grants, chosen
from palabre.policy.documents.models import Version
from palabre.policy.gate.service import Gate
from palabre.policy.permitted import permitted
from palabre.policy.rollouts import operations
from palabre.policy.rollouts.models import Level, Rollout, Standing, Subject
from palabre.policy.rollouts.plan import EditionPlan, Plan, PlannedStep, PlannedWave
from palabre.policy.rollouts.service import RolloutService, next_id
from palabre.policy.rollouts.standing import in_order, standing
from palabre.storage.database import Database, Transaction
from palabre.storage.open import SQLITE_FILE, open_database

from . import naive
from .made import DAY, edition, row, version
from .naive import Journey, Person

EXAMPLES = os.environ.get("PALABRE_EXAMPLES")
POLICIES = ("terms", "sharing")
EUROPE, WORLD = "europe", "world"
NUMBERS = {"FR": "+336123456{:02d}", "DE": "+4915112345{:03d}", "US": "+120255501{:02d}"}
REGIONS = (*NUMBERS, None)
STEPS = ("limited", "locked", "deletion_scheduled", "deleted")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_person, _which = st.integers(0, 3), st.integers(0, 5)
_policy = st.sampled_from(POLICIES)
_region = st.sampled_from(REGIONS)
_rows = st.lists(st.sampled_from(["off", "required", "optional"]), min_size=4, max_size=4)


def moment(at: int) -> datetime:
    return EPOCH + timedelta(milliseconds=at)


class Interleavings(RuleBasedStateMachine):
    """The pure functions. `Services` below does the same with the real services besides."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 20_000 * DAY
        self.catalogue: Catalogue = EMPTY
        self.journeys: dict[str, Journey] = {}
        self.people: list[Person] = []
        self.remembered: dict[str, Standing] = {}
        self.granted: dict[tuple[str, str], Grants] = {}
        self.tainted: set[tuple[str, str]] = set()
        """(person, roll-out) see `taint`."""
        self.before_hold: dict[str, dict[str, tuple[Level, int]]] = {}

    # what is done: the real services do it too

    def do_publish(self, version: Version) -> None:
        self.catalogue = self.catalogue.with_version(version)

    def do_start(self, version: Version, plan: Plan) -> Rollout | None:
        rollout_id = next_id(self.catalogue, version.policy, version.version)
        rollout = operations.start(operations.draft(rollout_id, version, plan, self.now), self.now)
        self.catalogue = self.catalogue.with_rollout(rollout)
        return rollout

    def do_operate(self, rollout: Rollout, name: str, **details: Any) -> Rollout:
        changed: Rollout = getattr(operations, name)(rollout, **details, now=self.now)
        self.catalogue = self.catalogue.with_rollout(changed)
        return changed

    def do_join(self, person: Person) -> None:
        pass

    def do_move(self, person: Person, region: str | None) -> None:
        pass

    def do_decide(self, person: Person, of: Version, kind: DecisionKind, choices: dict[str, bool]) -> Decision | None:
        accepted = any(a.version == of.version for a in self.answers(person, of.policy).acceptances)
        if accepted == (kind in ("decline", "later")) and kind != "accept":
            return None
        edition = of.document.edition_for(person.region).id
        return Decision(
            f"d{len(person.decisions)}",
            person.user_id,
            len(person.decisions) + 1,
            of.policy,
            of.version,
            of.number,
            edition,
            person.region,
            "en",
            "sha256:",
            kind,
            choices,
            self.now,
            "api",
            False,
        )

    def do_clock(self) -> None:
        pass

    # rules: time

    @initialize(regions=st.lists(_region, min_size=2, max_size=3), rows=_rows)
    def begin(self, regions: list[str | None], rows: list[str]) -> None:
        for region in regions:
            self.join(region)
        self.publish("terms", rows, editorial=False)

    @rule(days=st.sampled_from([0.001, 0.5, 1, 3, 7, 15, 29, 31, 100]))
    def wait(self, days: float) -> None:
        self.now += int(days * DAY)
        self.do_clock()

    @rule(days=st.sampled_from([0.01, 1, 4, 12]))
    def put_the_clock_back(self, days: float) -> None:
        self.now -= int(days * DAY)
        self.do_clock()

    @rule(person=_person)
    def wait_until_something_changes(self, person: int) -> None:
        until = self.fresh(self.people[person % len(self.people)]).valid_until
        if until < self.now + 1_000 * DAY:
            self.now = until
            self.do_clock()

    # rules: the operator

    @rule(policy=_policy, rows=_rows, editorial=st.booleans())
    def publish(self, policy: str, rows: list[str], editorial: bool) -> None:
        number = len(self.catalogue.of_policy(policy)) + 1
        if number > 5:
            return
        europe = [row(f"r{n}", what) for n, what in enumerate(rows[:2]) if what != "off"]  # type: ignore[arg-type]  # the literals
        world = [row(f"r{n % 3}", what) for n, what in enumerate(rows[1:], 1) if what != "off"]  # type: ignore[arg-type]  # as above
        both = (
            edition(EUROPE, ["FR", "DE"], row("service"), *europe),
            edition(WORLD, ["*"], row("service"), *world),
        )
        kind = "editorial" if editorial and number > 1 else "material"
        self.do_publish(version(number, *both, kind=kind, policy=policy))  # type: ignore[arg-type]  # one of the literals

    @rule(
        policy=_policy,
        which=_which,
        notice=st.sampled_from([1, 10, 30]),
        spare=st.sampled_from([0, 5]),
        reminder=st.booleans(),
        steps=st.integers(0, 4),
        apart=st.sampled_from([1, 7, 30]),
        later=st.sampled_from([None, 3, 40]),
        waves=st.sampled_from(["none", "half", "countries"]),
    )
    def start(
        self,
        policy: str,
        which: int,
        notice: int,
        spare: int,
        reminder: bool,
        steps: int,
        apart: int,
        later: int | None,
        waves: str,
    ) -> None:
        """A roll-out of the newest version, or of an earlier one where that is possible again."""
        published = self.catalogue.of_policy(policy)
        running = [j for j in self.journeys.values() if j.version.policy == policy and not j.over]
        newest = max((journey.version.number for journey in running), default=0)
        possible = [one for one in published if one.number > newest]
        if not possible:
            return
        of = possible[which % len(possible)]
        material = of.document.policy.kind == "material"
        deadline = self.now + (notice + spare) * DAY
        ladder = [PlannedStep(step="notice")]
        if material and reminder:
            ladder.append(PlannedStep(step="reminder", after_announce="PT12H"))
        offsets: dict[Level, int] = {}
        for number, name in enumerate(STEPS[: steps if material else 0]):
            ladder.append(PlannedStep(step=name, after_deadline=f"P{number * apart}D"))  # type: ignore[arg-type]  # the literals
            offsets[Level[name.upper()]] = number * apart * DAY
        planned = {
            "none": [],
            "half": [PlannedWave(percent=50), PlannedWave(after_announce="P3D")],
            "countries": [PlannedWave(countries=["FR", "US"]), PlannedWave(countries=["DE"], after_announce="P5D")],
        }[waves]
        plan = Plan(
            deadline=moment(deadline),
            notice_period=f"P{notice}D",
            ladder=ladder,
            editions={} if later is None else {EUROPE: EditionPlan(deadline=moment(deadline + later * DAY))},
            waves=planned,
        )
        rolled_back = of.number in self.catalogue.rolled_back(policy)
        rollout = self.do_start(of, plan)
        if rollout is None:
            return
        journey = Journey(
            rollout.rollout_id,
            of,
            self.now,
            notice * DAY,
            {EUROPE: deadline + (later or 0) * DAY, WORLD: deadline},
            DAY // 2 if material and reminder else None,
            {EUROPE: dict(offsets), WORLD: dict(offsets)},
            rollout.waves,
        )
        self.journeys[rollout.rollout_id] = journey
        for person in self.people:
            person.meets(journey)
        self.operated(may_widen=policy if rolled_back else None)

    @rule(which=_which)
    def hold(self, which: int) -> None:
        rollout = self.some_rollout(which)
        if rollout is None or rollout.held_since is not None:
            return
        journey = self.journeys[rollout.rollout_id]
        self.taint(rollout)
        self.before_hold[rollout.rollout_id] = {
            person.user_id: (found.level, found.valid_until - self.now)
            for person in self.people
            for found in [self.alone(person, rollout)]
        }
        held = self.do_operate(rollout, "hold")
        journey.held_since = self.now
        for person in self.people:
            assert not self.alone(person, held).level.restricts
        self.operated()

    @rule(which=_which)
    def resume(self, which: int) -> None:
        held = [r for r in self.catalogue.rollouts.values() if r.state == "held"]
        if not held:
            return
        rollout = held[which % len(held)]
        self.taint(rollout)
        resumed = self.do_operate(rollout, "resume")
        went_back = self.now < rollout.held_since if rollout.held_since is not None else False
        self.journeys[rollout.rollout_id].resume(self.now)
        before = self.before_hold.pop(rollout.rollout_id)
        for person in self.people:
            if person.user_id in before and not went_back and not self.is_tainted(person, rollout):
                found = self.alone(person, resumed)
                level, rest = before[person.user_id]
                assert found.level is level
                assert found.valid_until - self.now == rest or found.valid_until == rest + self.now or rest > 2**61
        self.operated()

    @rule(which=_which, days=st.sampled_from([0.1, 1, 20, 90]), edition=st.sampled_from([None, None, EUROPE, WORLD]))
    def extend(self, which: int, days: float, edition: str | None) -> None:
        rollout = self.some_rollout(which)
        if rollout is None:
            return
        deadline = self.now + int(days * DAY)
        try:
            extended = self.do_operate(rollout, "extend", deadline=deadline, edition=edition)
        except ApiError:
            return
        self.journeys[rollout.rollout_id].extend(deadline, self.now, edition)
        self.before_hold.pop(rollout.rollout_id, None)
        if rollout.state == "held":
            self.before_hold[rollout.rollout_id] = {}
        for person in self.people:
            if edition in (None, rollout.terms.edition(person.region)):
                assert not self.alone(person, extended).level.restricts
        self.operated()

    @rule(which=_which, step=st.sampled_from(["reminder", *STEPS]), edition=st.sampled_from([None, None, EUROPE]))
    def drop(self, which: int, step: str, edition: str | None) -> None:
        rollout = self.some_rollout(which)
        if rollout is None or (step == "reminder" and edition is not None):
            return
        was = {person.user_id: self.fresh(person).level for person in self.people}
        try:
            self.do_operate(rollout, "drop", step=step, edition=edition)
        except ApiError:
            return
        self.journeys[rollout.rollout_id].drop(step, edition)
        if rollout.state == "held":
            self.before_hold[rollout.rollout_id] = {}
        for person in self.people:
            assert self.fresh(person).level <= was[person.user_id]
        self.operated()

    @rule(which=_which)
    def roll_back(self, which: int) -> None:
        rollout = self.some_rollout(which)
        if rollout is None:
            return
        others = in_order(own for own in self.catalogue.rollouts.values() if own.rollout_id != rollout.rollout_id)
        without = {p.user_id: standing(self.subject(p), fold(p.decisions), others, self.now) for p in self.people}
        self.do_operate(rollout, "roll_back")
        self.journeys[rollout.rollout_id].over = True
        for person in self.people:
            assert self.fresh(person) == without[person.user_id]
        self.operated()

    # rules: people

    @rule(region=_region)
    def join(self, region: str | None) -> None:
        if len(self.people) >= 4:
            return
        person = Person(f"@p{len(self.people)}:test.local", region, self.now)
        self.do_join(person)
        self.people.append(person)
        for journey in self.journeys.values():
            person.meets(journey)
            person.happens(journey, self.now)

    @rule(person=_person, region=_region)
    def move(self, person: int, region: str | None) -> None:
        mover = self.people[person % len(self.people)]
        if mover.region == region:
            return
        self.do_move(mover, region)
        if region is None:
            return  # a number given up leaves its person where they are
        mover.region, mover.since = region, self.now
        for journey in self.journeys.values():
            mover.happens(journey, self.now)
        self.touched(mover)
        for policy in POLICIES:
            assert self.permits(mover, policy) <= self.ceiling(mover, policy)
            self.granted.pop((mover.user_id, policy), None)

    @rule(
        person=_person,
        policy=_policy,
        which=_which,
        kind=st.sampled_from(["accept", "accept", "accept", "decline", "later", "withdraw", "withdraw", "choose"]),
        on=st.lists(st.booleans(), min_size=4, max_size=4),
    )
    def decide(self, person: int, policy: str, which: int, kind: DecisionKind, on: list[bool]) -> None:
        decider = self.people[person % len(self.people)]
        published = list(reversed(self.catalogue.of_policy(policy)))
        if not published:
            return
        of = published[which % len(published)]
        optional = of.document.edition_for(decider.region).optional
        choices = {own.id: on[n % 4] for n, own in enumerate(optional)} if kind in ("accept", "choose") else {}
        if kind == "choose" and (not choices or decider.region not in self.home_of(decider, of)):
            return
        before = {name: self.permits(decider, name) for name in POLICIES}
        bound = any(a.version == of.version for a in self.answers(decider, policy).acceptances)
        decision = self.do_decide(decider, of, kind, choices)
        if decision is None:
            return
        decider.decisions.append(decision)
        if kind == "withdraw" and bound:
            decider.withdrawals.append((policy, of.number, self.now))
            for journey in self.journeys.values():
                if journey.version.policy == policy and journey.version.number <= of.number:
                    decider.takes_back(journey, self.now)
        self.touched(decider)
        for name in POLICIES:
            if name != policy or kind in ("decline", "later"):
                assert self.permits(decider, name) <= before[name]
            self.granted.pop((decider.user_id, name), None)

    def home_of(self, person: Person, of: Version) -> list[str | None]:
        """The regions with the edition under which the person accepted `of`: elsewhere its rows are not theirs."""
        accepted = [a for a in self.answers(person, of.policy).acceptances if a.version == of.version]
        return [r for r in REGIONS if accepted and of.document.edition_for(r).id == accepted[0].edition]

    # what is looked at

    def some_rollout(self, which: int) -> Rollout | None:
        running = [r for r in self.catalogue.rollouts.values() if r.state in ("started", "held")]
        return running[which % len(running)] if running else None

    def answers(self, person: Person, policy: str) -> Any:
        return fold(person.decisions).get(policy, NOTHING_DECIDED)

    def subject(self, person: Person) -> Subject:
        return Subject(person.user_id, person.region, person.since)

    def fresh(self, person: Person, now: int | None = None) -> Standing:
        at = self.now if now is None else now
        return standing(self.subject(person), fold(person.decisions), self.catalogue.standing, at)

    def alone(self, person: Person, rollout: Rollout) -> Standing:
        return standing(self.subject(person), fold(person.decisions), in_order([rollout]), self.now)

    def permits(self, person: Person, policy: str) -> Grants:
        versions = {one.number: one for one in self.catalogue.of_policy(policy)}
        return permitted(person.region, self.answers(person, policy), versions, self.catalogue.rolled_back(policy))

    def ceiling(self, person: Person, policy: str) -> Grants:
        """What the person's own last word lets be done."""
        accepted = person.accepted(policy)
        if accepted is None:
            return NO_GRANTS
        document = self.catalogue.versions[policy, accepted.version].document
        return chosen(document.edition(accepted.edition), person.choices(policy, accepted.version))

    def is_tainted(self, person: Person, rollout: Rollout) -> bool:
        return (person.user_id, rollout.rollout_id) in self.tainted

    def taint(self, rollout: Rollout) -> None:
        """For whom something is yet to happen, by the clock as it was put back, a hold's length means nothing."""
        for person in self.people:
            if person.happened[rollout.rollout_id] > self.now:
                self.tainted.add((person.user_id, rollout.rollout_id))

    def touched(self, person: Person) -> None:
        self.remembered.pop(person.user_id, None)
        for before in self.before_hold.values():
            before.pop(person.user_id, None)

    def operated(self, may_widen: str | None = None) -> None:
        """Every operation empties the cache. None widens what is permitted, but that a version which was rolled back
        comes again: then its acceptances count as they did.
        """
        self.remembered.clear()
        for person in self.people:
            if may_widen is not None:
                self.granted.pop((person.user_id, may_widen), None)

    # what must be true

    @invariant()
    def nobody_loses_anything_before_their_deadline(self) -> None:
        for person in self.people:
            if any(self.is_tainted(person, rollout) for rollout in self.catalogue.rollouts.values()):
                continue
            found = self.fresh(person).level
            if found.restricts:
                due = [
                    journey
                    for journey in self.journeys.values()
                    if not journey.over
                    and journey.held_since is None
                    and naive.told(person, journey) is not None
                    and not naive.satisfied(person, journey)
                    and journey.clock(self.now) >= naive.deadline(person, journey)
                    and found in journey.offsets[journey.version.document.edition_for(person.region).id]
                ]
                assert due, f"{found.label} before any deadline"
            assert found is naive.stands(person, list(self.journeys.values()), self.now)

    @invariant()
    def nothing_widens_by_itself(self) -> None:
        for person in self.people:
            for policy in POLICIES:
                now = self.permits(person, policy)
                assert now <= self.ceiling(person, policy)
                assert now <= self.granted.get((person.user_id, policy), now)
                self.granted[person.user_id, policy] = now

    @invariant()
    def what_is_remembered_is_what_would_be_computed(self) -> None:
        for person in self.people:
            fresh, known = self.fresh(person), self.remembered.get(person.user_id)
            if known is not None and known.holds(self.now):
                assert (known.level, known.asked, known.valid_until) == (fresh.level, fresh.asked, fresh.valid_until)
            else:
                self.remembered[person.user_id] = fresh

    @invariant()
    def it_holds_for_as_long_as_it_says(self) -> None:
        for person in self.people:
            here = self.fresh(person)
            assert here.computed == self.now < here.valid_until
            end = min(here.valid_until, self.now + 400 * DAY)
            for at in {self.now + (end - self.now) * share // 5 for share in range(5)} | {end - 1}:
                later = self.fresh(person, at)
                assert (later.level, later.asked) == (here.level, here.asked)


class StoppedClock(Clock):
    """Says what it was told to say."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def ms(self) -> int:
        return self.at


class Services(Interleavings):
    """Everything is done with the services on a real database too, which must come to the same."""

    def __init__(self, template: Path) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=template.parent))
        shutil.copy(template, self.folder / SQLITE_FILE)
        self.clock = StoppedClock(self.now)
        self.runner = asyncio.Runner()
        self.runner.run(self.open())
        self.served = 0

    async def open(self) -> None:
        self.database: Database = open_database(None, self.folder, LocalBus())
        await self.database.start()
        options = AccountOptions(server_name="test.local", public_url="http://test.local", test_mode=True)
        self.accounts = Accounts(options, self.database, self.clock, RateLimits(self.clock, enabled=False))
        self.catalogues = Catalogues(self.database)
        self.decisions = DecisionService(self.database, self.clock, self.accounts.people, self.catalogues)
        self.rollouts = RolloutService(self.database, self.clock, self.catalogues)
        self.gate = Gate(
            self.database, self.clock, self.accounts.people, self.catalogues, self.decisions, _NO_TEXTS, "/"
        )

    def teardown(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    def write(self, work: Any) -> Any:
        return self.runner.run(self.database.write(work))

    def do_publish(self, version: Version) -> None:
        async def work(tx: Transaction) -> None:
            await self.catalogues.add_version(tx, version, "test", [])

        self.write(work)
        super().do_publish(version)

    def do_start(self, version: Version, plan: Plan) -> Rollout | None:
        ours = super().do_start(version, plan)
        draft = self.runner.run(self.rollouts.create(version.policy, version.version, plan, "test", "because"))
        assert self.runner.run(self.rollouts.start(draft.rollout_id, "test", "because")) == ours
        return ours

    def do_operate(self, rollout: Rollout, name: str, **details: Any) -> Rollout:
        try:
            theirs = self.runner.run(
                getattr(self.rollouts, name)(rollout.rollout_id, **details, actor="test", reason="because")
            )
        except ApiError:
            theirs = None
        if theirs is None:
            super().do_operate(rollout, name, **details)
            raise AssertionError("only the service refused this")
        ours = super().do_operate(rollout, name, **details)
        assert theirs == ours
        return ours

    def do_join(self, person: Person) -> None:
        async def work(tx: Transaction) -> None:
            await self.accounts.people.create(tx, localpart=person.user_id[1:].partition(":")[0])

        self.write(work)
        if person.region is not None:
            self.do_move(person, person.region)

    def do_move(self, person: Person, region: str | None) -> None:
        people = self.accounts.people

        async def work(tx: Transaction) -> None:
            for number in await people.numbers_of(person.user_id, tx):
                await people.detach(tx, number)
            if region is not None:
                self.served += 1
                await people.attach(tx, person.user_id, NUMBERS[region].format(self.served))

        self.write(work)

    def do_decide(self, person: Person, of: Version, kind: DecisionKind, choices: dict[str, bool]) -> Decision | None:
        shown = self.runner.run(self.decisions.shown(person.user_id, of.policy, of.version, "en"))
        given = Given(
            policy=of.policy,
            version=of.version,
            edition=shown.edition.id,
            locale=shown.locale,
            hash=shown.hash,
            kind=kind,
            choices=choices,
        )
        try:
            decision = self.runner.run(self.decisions.decide(person.user_id, given))
        except ApiError:
            return None
        return None if decision in person.decisions else decision

    def do_clock(self) -> None:
        self.clock.at = self.now

    @invariant()
    def the_gate_says_the_same(self) -> None:
        assert self.runner.run(self.catalogues.now()).rollouts == self.catalogue.rollouts
        for person in self.people:
            fresh = self.fresh(person)
            found = self.runner.run(self.gate.standing(person.user_id))
            says = (found.level, found.asked, found.valid_until)
            assert says == (fresh.level, fresh.asked, fresh.valid_until), f"{found} and not {fresh}"
            assert self.runner.run(self.gate.compute(person.user_id)) == fresh
            assert self.gate.at_hand(person.user_id) is found


_NO_TEXTS: Any = None
"""The gate needs texts to refuse, which nobody asks of it here."""


def how(examples: int, steps: int) -> settings:
    return settings(
        max_examples=int(EXAMPLES) if EXAMPLES else examples,
        stateful_step_count=steps,
        derandomize=EXAMPLES is None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )


def test_the_rules() -> None:
    run_state_machine_as_test(Interleavings, settings=how(120, 50))


def test_the_services(sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The rules hold for harsher ladders than the linter lets through.
    monkeypatch.setattr("palabre.policy.rollouts.service._check_plan", lambda document, plan: None)

    class OnDisk(Services):
        def __init__(self) -> None:
            super().__init__(sqlite_template)

    run_state_machine_as_test(OnDisk, settings=how(20, 50))


def test_a_hold_gives_its_time_back_to_who_was_told_late() -> None:
    """Told on day 40 of a roll-out that gives 30 days, held on day 50 for 30 days: 20 days are left."""
    state = Interleavings()
    state.begin(["FR"], ["off"] * 4)
    state.start("terms", 0, 30, 0, False, 1, 1, None, "none")
    state.wait(40)
    state.join("US")
    state.wait(10)
    state.hold(0)
    state.wait(30)
    state.resume(0)
    late = state.people[-1]
    assert state.fresh(late).level is Level.NOTICE
    assert state.fresh(late).valid_until == state.now + 20 * DAY
    assert msgspec.structs.asdict(state.fresh(state.people[0]))["level"] is Level.LIMITED
