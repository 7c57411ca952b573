"""The reminder job: one message when a `reminder` step has come, to those who have not answered.

It goes out by the first channel that reaches the person and has something left of the budget. Whoever accepted,
declined or put the question off hears nothing, and nobody is reminded of a deadline that is past. A message is written
down before it is sent, in a transaction that looks once more at where the person stands: it goes out at most once,
whatever crashes.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import structlog

from ...accounts.people.service import People
from ...core.clock import Clock
from ...core.text import Texts
from ...storage.database import Database, Transaction
from ..catalogue.models import Catalogue
from ..catalogue.service import Catalogues
from ..decisions import store as decisions
from ..decisions.models import NOTHING_DECIDED, Answers, fold
from ..decisions.service import DecisionService
from ..gate.service import Gate
from ..rollouts import ladder
from ..rollouts.models import Level, Rollout, Subject
from ..rollouts.standing import standing
from . import store
from .channels import Channel, Reminder, Send

PAGE = 1000

log = structlog.get_logger()


class Claim(NamedTuple):
    """A message that is written down, and ours to send."""

    step: str
    channel: str
    send: Send
    reminder: Reminder


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
        channels: Sequence[Channel],
        texts: Texts,
        consent_uri: str,
    ) -> None:
        """`channels`: the preferred first."""
        self._database = database
        self._clock = clock
        self._people = people
        self._catalogues = catalogues
        self._decisions = decisions
        self._gate = gate
        self._channels = channels
        self._texts = texts
        self._consent_uri = consent_uri
        self._running = asyncio.Lock()

    async def job(self) -> None:
        """For `Housekeeping`."""
        await self.run()

    async def run(self) -> int:
        """Send what is due; returns how many messages left."""
        async with self._running:
            sent = 0
            for rollout in (await self._catalogues.now()).rollouts.values():
                if self._may_remind(rollout, self._clock.ms()):
                    sent += await self._remind(rollout)
            if sent:
                log.info("people were reminded of new terms", messages=sent)
            return sent

    def _may_remind(self, rollout: Rollout, now: int) -> bool:
        """Whether anybody may have to be reminded. Who is told late is reminded later, nobody is earlier."""
        if rollout.state != "started" or not self._open(rollout, {}):
            return False
        ladders = (rollout.ladder, *rollout.editions.values())
        return any(step.level is Level.REMINDER and step.at <= now for ladder in ladders for step in ladder.steps)

    def _open(self, rollout: Rollout, before: Mapping[str, str]) -> list[Channel]:
        """Those with something left of the budget of a person who was reminded of these steps (step -> channel)."""
        spent = Counter(before.values())
        return [channel for channel in self._channels if spent[channel.name] < channel.budget(rollout)]

    async def _remind(self, rollout: Rollout) -> int:
        after, sent = await store.cursor(self._database, rollout.rollout_id), 0
        while page := await store.active(self._database, after, PAGE):
            catalogue, now = await self._catalogues.now(), self._clock.ms()
            user_ids = [subject.user_id for subject in page]
            decided = await decisions.of_people(self._database, user_ids)
            before = await store.sent(self._database, rollout.rollout_id, user_ids)
            reached = {channel.name: await channel.reach(self._database, user_ids) for channel in self._channels}
            for subject in page:
                user_id, had = subject.user_id, before.get(subject.user_id, {})
                if not any(user_id in reached[channel.name] for channel in self._open(rollout, had)):
                    continue
                answers = fold(decided.get(user_id, ())).get(rollout.terms.policy, NOTHING_DECIDED)
                step = due(catalogue, rollout.rollout_id, subject, answers, now)
                if step is not None and step not in had:
                    sent += await self._send(rollout.rollout_id, user_id)
            after = page[-1].user_id
            await self._keep_place(rollout, after)
            await asyncio.sleep(0)
        await self._keep_place(rollout, "")
        return sent

    async def _send(self, rollout_id: str, user_id: str) -> bool:
        """Claim the message, then send it: by the next channel where nobody is at the address of the one before.

        False where somebody else did, where there is nothing to remind of any more, and where it did not leave: it may
        have arrived all the same, so it is not sent again.
        """
        for _ in self._channels:
            claim = await self._database.write(partial(self._claim, rollout_id, user_id))
            if claim is None:
                return False
            outcome = await claim.send(claim.reminder)
            if outcome != "gone":
                return outcome == "taken"
            await self._database.write(
                partial(store.remove, user_id=user_id, rollout_id=rollout_id, step=claim.step, channel=claim.channel)
            )
        return False

    async def _claim(self, rollout_id: str, user_id: str, tx: Transaction) -> Claim | None:
        account = await self._people.get(user_id, tx)
        if account is None or not account.is_active:
            return None
        now, catalogue = self._clock.ms(), await self._catalogues.now(tx)
        subject = await self._gate.subject(user_id, tx)
        rollout = catalogue.rollouts[rollout_id]
        answers = (await self._decisions.of(user_id, tx)).get(rollout.terms.policy, NOTHING_DECIDED)
        step = due(catalogue, rollout_id, subject, answers, now)
        before = (await store.sent(tx, rollout_id, [user_id])).get(user_id, {})
        if step is None or step in before:
            return None
        locale = self._texts.choose(account.locale)
        names = catalogue.versions[rollout.terms.policy, rollout.terms.version].document.policy.names
        policy = names.get(locale) or next(iter(names.values()))
        reminder = Reminder(locale, policy, _deadline(rollout, subject, answers), now, self._consent_uri)
        for channel in self._open(rollout, before):
            send = (await channel.reach(tx, [user_id])).get(user_id)
            if send is not None:
                await store.add(tx, user_id, rollout_id, step, channel.name, now)
                return Claim(step, channel.name, send, reminder)
        return None

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
