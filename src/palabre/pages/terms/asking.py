"""What a person is asked right now, and what comes if they do nothing: with their own dates."""

import msgspec

from ...core.clock import Clock
from ...policy.catalogue.models import Catalogue
from ...policy.catalogue.service import Catalogues
from ...policy.decisions.models import NOTHING_DECIDED, Accepted, Answers, Decision, fold
from ...policy.decisions.service import DecisionService, Shown
from ...policy.documents.diff import Diff, compare_editions, replaced_recipients
from ...policy.documents.models import Row
from ...policy.documents.wording import sentences
from ...policy.gate.service import Gate
from ...policy.rollouts import ladder
from ...policy.rollouts.models import Level, Rollout, Subject
from ...policy.rollouts.standing import standing


class Date(msgspec.Struct, frozen=True):
    at: int
    """Milliseconds since 1970."""
    level: Level
    past: bool


class Question(msgspec.Struct, frozen=True):
    """One policy that the person has not decided on, or may still change their mind about."""

    shown: Shown
    editorial: bool
    """Only the wording changed: there is nothing to accept."""
    held: bool
    level: Level
    """How far this question alone has come for the person."""
    dates: list[Date]
    """Of steps after the notice, in their order; none while held."""
    deadline: int | None
    """None where nothing is ever taken."""
    accepted: Accepted | None
    answered: Decision | None
    """What the person last said about this version."""
    changes: list[str]
    """In plain words; empty where nothing but the wording differs."""
    rows: list[Row]
    """Optional rows that may be put to the person now."""
    kept: frozenset[str]
    """Those of them that the person chose before, and that are still the same but for their wording."""

    @property
    def since(self) -> int:
        """When the level was reached."""
        return max((date.at for date in self.dates if date.past and date.level == self.level), default=0)

    @property
    def coming(self) -> list[Date]:
        return [date for date in self.dates if not date.past]

    @property
    def silenced(self) -> bool:
        """Whether there are optional rows that may not be asked for, because they were refused not long ago."""
        return len(self.rows) < len(self.shown.edition.optional)


class Asking:
    def __init__(self, clock: Clock, catalogues: Catalogues, decisions: DecisionService, gate: Gate) -> None:
        self._clock = clock
        self._catalogues = catalogues
        self._decisions = decisions
        self._gate = gate

    def now(self) -> int:
        return self._clock.ms()

    async def questions(self, user_id: str, language: str) -> list[Question]:
        """One for each policy that waits for a decision, the most pressing first."""
        catalogue = await self._catalogues.now()
        asked = [catalogue.rollouts[rollout_id] for rollout_id in (await self._gate.standing(user_id)).asked]
        by_policy: dict[str, list[Rollout]] = {}
        for rollout in asked:
            by_policy.setdefault(rollout.terms.policy, []).append(rollout)
        subject = await self._gate.subject(user_id)
        answers = await self._decisions.of(user_id)
        return [
            await self._question(catalogue, rollouts, subject, answers.get(policy, NOTHING_DECIDED), language)
            for policy, rollouts in by_policy.items()
        ]

    async def _question(
        self, catalogue: Catalogue, rollouts: list[Rollout], subject: Subject, answers: Answers, language: str
    ) -> Question:
        """About the newest of the versions: accepting that one is accepting them all. The dates are those of the
        material one.
        """
        newest = max(rollouts, key=lambda rollout: rollout.terms.number).terms
        material = [rollout for rollout in rollouts if rollout.terms.kind == "material"]
        pressing = (material or rollouts)[0]
        shown = await self._decisions.shown(subject.user_id, newest.policy, newest.version, language)
        own = pressing.ladder_for(pressing.terms.edition(subject.region))
        told = ladder.begins(pressing, ladder.told_at(pressing, subject) or pressing.announce, answers)
        now, held = self._clock.ms(), pressing.held_since is not None
        dates = self._dates(pressing, subject, told, now) if material and not held else []
        diff, accepted = _diff(catalogue, shown, answers.accepted), answers.accepted
        different = {change.row_id for change in diff.changes if change.fields != ("text",)}
        return Question(
            shown=shown,
            editorial=not material,
            held=held,
            level=max((date.level for date in dates if date.past), default=Level.NOTICE),
            dates=dates,
            deadline=ladder.deadline(pressing, own, told) if any(date.level.restricts for date in dates) else None,
            accepted=accepted,
            answered=answers.latest.get(newest.version),
            changes=sentences(diff, shown.locale, shown.version.document) if diff.changes else [],
            rows=await self._decisions.asks(subject.user_id, shown.version),
            kept=frozenset(row_id for row_id, on in accepted.choices.items() if on and row_id not in different)
            if accepted
            else frozenset(),
        )

    def _dates(self, rollout: Rollout, subject: Subject, told: int, now: int) -> list[Date]:
        own = rollout.ladder_for(rollout.terms.edition(subject.region))
        dates = [
            Date(at, step.level, at <= now)
            for at, step in ladder.dates(rollout, own, told)
            if step.level is not Level.NOTICE
        ]
        return sorted(dates, key=lambda date: (date.at, date.level))

    async def after_withdrawing(self, user_id: str, history: list[Decision], accepted: Accepted) -> Level:
        """Where the person would stand right after taking this acceptance back. `history` is all they decided."""
        last = next(decision for decision in history if decision.decision_id == accepted.decision_id)
        withdrawal = msgspec.structs.replace(last, kind="withdraw", choices={}, at=self._clock.ms())
        subject = await self._gate.subject(user_id)
        catalogue = await self._catalogues.now()
        return standing(subject, fold([*history, withdrawal]), catalogue.standing, self._clock.ms()).level


def _diff(catalogue: Catalogue, shown: Shown, accepted: Accepted | None) -> Diff:
    """Against what the person last accepted; of somebody who accepted nothing, everything is new."""
    old = catalogue.versions.get((shown.version.policy, accepted.version)) if accepted else None
    if old is None or accepted is None:
        return compare_editions(None, shown.edition)
    before = old.document.edition(accepted.edition)
    return compare_editions(before, shown.edition, replaced_recipients(old.document, shown.version.document))
