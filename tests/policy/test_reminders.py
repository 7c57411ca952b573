"""Reminders by text message: to who has not answered, within the budget, once."""

from collections.abc import Collection

import pytest

from palabre.accounts.codes.providers import Message, ProviderError
from palabre.policy.reminders import service as reminding
from palabre.policy.reminders import store
from palabre.policy.reminders.channels import SmsChannel
from palabre.policy.reminders.service import Reminders
from palabre.storage.database import Reader
from tests.api import Homeserver, User

from .made import version
from .operator import LADDER, Operator, decide

V1 = version(1)
TWO_REMINDERS = [LADDER[0], {"step": "reminder", "after_announce": "P10D"}, *LADDER[1:]]


class Phones:
    """Takes every message, or none."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.fails = False

    async def send(self, message: Message) -> None:
        raise AssertionError

    async def send_text(self, to: str, text: str, locale: str, sent: int) -> None:
        self.messages.append(Message(to, "", text, locale, sent))
        if self.fails:
            raise ProviderError("down")

    @property
    def called(self) -> list[str]:
        return [message.to for message in self.messages]


@pytest.fixture
def phones() -> Phones:
    return Phones()


@pytest.fixture
async def reminders(operator: Operator, phones: Phones) -> Reminders:
    await operator.clock(-1)
    parts = operator.parts
    return Reminders(
        parts.database,
        parts.clock,
        parts.accounts.people,
        parts.policy.catalogues,
        parts.policy.decisions,
        parts.policy.gate,
        [SmsChannel(phones, parts.policy.texts, pause_seconds=0)],
        parts.policy.texts,
        "http://test.local/account/terms",
    )


async def person(client: Homeserver, operator: Operator, number: str, locale: str = "en") -> User:
    user = await client.register("p")
    people = operator.parts.accounts.people
    await operator.parts.database.write(lambda tx: people.attach(tx, user.user_id, number))
    await people.set_locale(user.user_id, locale)
    return user


async def test_who_has_not_answered_is_reminded_once(
    client: Homeserver, operator: Operator, reminders: Reminders, phones: Phones
) -> None:
    await person(client, operator, "+33612345670", "fr")
    await person(client, operator, "+12025550123")
    await client.register("numberless")
    await operator.roll_out(V1, sms_reminders=1)
    await operator.clock(25)
    assert await reminders.run() == 0
    await operator.clock(26)
    assert await reminders.run() == 2
    assert sorted(phones.called) == ["+12025550123", "+33612345670"]
    texts = {message.locale: message.text for message in phones.messages}
    assert texts["en"] == (
        "Palabre: Terms is changing. Read what changes for you and decide by 8 February 2031: "
        "http://test.local/account/terms"
    )
    assert "avant le 8 février 2031" in texts["fr"]
    assert await reminders.run() == 0
    await operator.clock(30)
    assert await reminders.run() == 0


async def test_who_answered_hears_nothing(
    client: Homeserver, operator: Operator, reminders: Reminders, phones: Phones
) -> None:
    people = [await person(client, operator, f"+3361234567{n}") for n in range(4)]
    await operator.roll_out(V1, sms_reminders=5)
    await operator.clock(1)
    for kind, one in zip(("accept", "decline", "later"), people, strict=False):
        await decide(one, kind)
    await operator.clock(26)
    assert await reminders.run() == 1
    assert phones.called == ["+33612345673"]


@pytest.mark.parametrize(("budget", "messages"), [(0, 0), (1, 1), (2, 2), (3, 2)])
async def test_the_budget_is_kept(
    client: Homeserver, operator: Operator, reminders: Reminders, budget: int, messages: int
) -> None:
    await person(client, operator, "+33612345670")
    await operator.roll_out(V1, sms_reminders=budget, ladder=TWO_REMINDERS)
    sent = 0
    for day in (5, 11, 12, 27, 28, 34, 50):
        await operator.clock(day)
        sent += await reminders.run()
    assert sent == messages


async def test_two_steps_that_came_at_once_are_one_message(
    client: Homeserver, operator: Operator, reminders: Reminders
) -> None:
    await person(client, operator, "+33612345670")
    await operator.roll_out(V1, sms_reminders=5, ladder=TWO_REMINDERS)
    await operator.clock(27)
    assert await reminders.run() == 1
    assert await reminders.run() == 0


async def test_nobody_is_reminded_of_what_is_past_or_stands_still(
    client: Homeserver, operator: Operator, reminders: Reminders
) -> None:
    await person(client, operator, "+33612345670")
    rollout_id = await operator.roll_out(V1, sms_reminders=5)
    await operator.clock(26)
    await operator.operate(rollout_id, "hold")
    assert await reminders.run() == 0
    await operator.operate(rollout_id, "resume")
    await operator.clock(34)
    assert await reminders.run() == 0


async def test_what_did_not_leave_is_not_sent_again(
    client: Homeserver, operator: Operator, reminders: Reminders, phones: Phones
) -> None:
    """Whether it arrived is not known then, and twice is worse than never."""
    await person(client, operator, "+33612345670")
    await operator.roll_out(V1, sms_reminders=5)
    await operator.clock(26)
    phones.fails = True
    assert await reminders.run() == 0
    phones.fails = False
    assert await reminders.run() == 0
    assert len(phones.messages) == 1


async def test_a_run_that_is_cut_short_goes_on_where_it_was(
    client: Homeserver,
    operator: Operator,
    reminders: Reminders,
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reminding, "PAGE", 2)
    for n in range(5):
        await person(client, operator, f"+3361234567{n}")
    await operator.roll_out(V1, sms_reminders=5)
    await operator.clock(26)
    takes = phones.send_text

    async def breaks(to: str, text: str, locale: str, sent: int) -> None:
        if len(phones.messages) == 3:
            raise RuntimeError("the power went out")
        await takes(to, text, locale, sent)

    monkeypatch.setattr(phones, "send_text", breaks)
    with pytest.raises(RuntimeError):
        await reminders.run()
    monkeypatch.setattr(phones, "send_text", takes)
    assert await reminders.run() == 1
    assert len(set(phones.called)) == len(phones.called) == 4


async def test_who_answers_in_between_hears_nothing(
    client: Homeserver, operator: Operator, reminders: Reminders, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await person(client, operator, "+33612345670")
    await operator.roll_out(V1, sms_reminders=5)
    await operator.clock(26)
    before = store.sent

    async def sent(reader: Reader, rollout_id: str, user_ids: Collection[str]) -> dict[str, dict[str, str]]:
        if reader is operator.parts.database:
            await decide(one, "later")
        return await before(reader, rollout_id, user_ids)

    monkeypatch.setattr(store, "sent", sent)
    assert await reminders.run() == 0
    assert phones.messages == []
