"""The reminder job: one text message when a `reminder` step has come, to those who have not answered.

Whoever accepted, declined or put the question off hears nothing, and nobody is reminded of a deadline that is past. A
message is written down before it is sent, in a transaction that looks once more at where the person stands: it goes out
at most once, whatever crashes.
"""

import asyncio

import structlog

from ...accounts.codes.providers import Provider, ProviderError
from ...accounts.people.service import People
from ...core.clock import Clock
from ...core.dates import day_in_words
from ...core.text import Texts
from ...storage.database import Database, Transaction
from ..catalogue.models import Catalogue
from ..catalogue.service import Catalogues
from ..decisions import store as decisions
from ..decisions.models import NOTHING_DECIDED, Answers, fold
from ..decisions.service import DecisionService
from ..documents.models import Version
from ..gate.service import Gate
from ..rollouts import ladder
from ..rollouts.models import Level, Rollout, Subject
from ..rollouts.standing import standing
from . import store
from .store import Reached

PAGE = 1000
PAUSE_SECONDS = 0.1
"""Between two messages: providers take only so many a second."""

log = structlog.get_logger()


class Reminders:
    """Harmless to run in several processes at once: each message is sent by one of them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        people: People,
        catalogues: Catalogues,
        decisions: DecisionService,
        gate: Gate,
        provider: Provider,
        texts: Texts,
        consent_uri: str,
        *,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._catalogues = catalogues
        self._decisions = decisions
        self._gate = gate
        self._provider = provider
        self._texts = texts
        self._consent_uri = consent_uri
        self._pause = pause_seconds
        self._running = asyncio.Lock()

    async def job(self) -> None:
        """For `Housekeeping`."""
        await self.run()

    async def run(self) -> int:
        """Send what is due; returns how many messages left."""
        async with self._running:
            sent = 0
            for rollout in (await self._catalogues.now()).rollouts.values():
                if _may_remind(rollout, self._clock.ms()):
                    sent += await self._remind(rollout)
            if sent:
                log.info("people were reminded of new terms by text message", messages=sent)
            return sent

    async def _remind(self, rollout: Rollout) -> int:
        after, sent = await store.cursor(self._database, rollout.rollout_id), 0
        while page := await store.with_number(self._database, after, PAGE):
            catalogue, now = await self._catalogues.now(), self._clock.ms()
            user_ids = [one.subject.user_id for one in page]
            decided = await decisions.of_people(self._database, user_ids)
            before = await store.sent(self._database, rollout.rollout_id, user_ids)
            for one in page:
                user_id = one.subject.user_id
                answers = fold(decided.get(user_id, ())).get(rollout.terms.policy, NOTHING_DECIDED)
                step = due(catalogue, rollout.rollout_id, one.subject, answers, now)
                if step is not None and _within(rollout, step, before.get(user_id, set())):
                    sent += await self._send(rollout.rollout_id, one)
            after = page[-1].subject.user_id
            await self._keep_place(rollout, after)
            await asyncio.sleep(0)
        await self._keep_place(rollout, "")
        return sent

    async def _send(self, rollout_id: str, one: Reached) -> bool:
        """Claim the message, then send it. False where somebody else did, or there is nothing to remind of any more."""
        user_id = one.subject.user_id

        async def claim(tx: Transaction) -> tuple[Version, int] | None:
            account = await self._people.get(user_id, tx)
            if account is None or not account.is_active:
                return None
            now, catalogue = self._clock.ms(), await self._catalogues.now(tx)
            subject = await self._gate.subject(user_id, tx)
            rollout = catalogue.rollouts[rollout_id]
            answers = (await self._decisions.of(user_id, tx)).get(rollout.terms.policy, NOTHING_DECIDED)
            step = due(catalogue, rollout_id, subject, answers, now)
            before = (await store.sent(tx, rollout_id, [user_id])).get(user_id, set())
            if step is None or not _within(rollout, step, before):
                return None
            await store.add(tx, user_id, rollout_id, step, now)
            version = catalogue.versions[rollout.terms.policy, rollout.terms.version]
            return version, _deadline(rollout, subject, answers)

        claimed = await self._database.write(claim)
        if claimed is None:
            return False
        version, deadline = claimed
        locale = self._texts.choose(one.locale)
        names = version.document.policy.names
        text = self._texts.get(
            locale,
            "sms.reminder",
            policy=names.get(locale) or next(iter(names.values())),
            deadline=day_in_words(deadline, locale),
            address=self._consent_uri,
        )
        try:
            await self._provider.send_text(one.e164, text, locale, self._clock.ms())
        except ProviderError:
            return False  # it may have arrived all the same, so it is not sent again
        finally:
            await asyncio.sleep(self._pause)
        return True

    async def _keep_place(self, rollout: Rollout, cursor: str) -> None:
        await self._database.write(lambda tx: store.set_cursor(tx, rollout.rollout_id, cursor, self._clock.ms()))

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """For `AccountHooks`."""
        await store.forget(tx, user_id)


def due(catalogue: Catalogue, rollout_id: str, subject: Subject, answers: Answers, now: int) -> str | None:
    """The step of which the person is to be reminded now: `reminder`, `reminder.2`, …; None where there is none.

    Only while the roll-out is the one that asks them, they have not answered it, and nothing is limited yet.
    """
    rollout = catalogue.rollouts[rollout_id]
    terms = rollout.terms
    if terms.version in answers.latest or rollout.state != "started":
        return None
    own = tuple(group for group in catalogue.standing if group[0].terms.policy == terms.policy)
    here = standing(subject, {terms.policy: answers}, own, now)
    if here.level is not Level.REMINDER or rollout_id not in here.asked:
        return None
    told = ladder.told_at(rollout, subject)
    if told is None:
        return None
    steps = rollout.ladder_for(terms.edition(subject.region))
    coming = ladder.dates(rollout, steps, ladder.begins(rollout, told, answers))
    passed = sum(step.level is Level.REMINDER and at <= now for at, step in coming)
    return None if passed == 0 else "reminder" if passed == 1 else f"reminder.{passed}"


def _deadline(rollout: Rollout, subject: Subject, answers: Answers) -> int:
    told = ladder.told_at(rollout, subject)
    begins = ladder.begins(rollout, rollout.announce if told is None else told, answers)
    return ladder.deadline(rollout, rollout.ladder_for(rollout.terms.edition(subject.region)), begins)


def _within(rollout: Rollout, step: str, before: set[str]) -> bool:
    return step not in before and len(before) < rollout.sms_budget


def _may_remind(rollout: Rollout, now: int) -> bool:
    """Whether anybody may have to be reminded. Who is told late is reminded later, nobody is earlier."""
    if rollout.state != "started" or rollout.sms_budget == 0:
        return False
    ladders = (rollout.ladder, *rollout.editions.values())
    return any(step.level is Level.REMINDER and step.at <= now for ladder in ladders for step in ladder.steps)
