"""The ways in which a reminder reaches a person outside the app. `Reminders` uses the first that does."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import NamedTuple, Protocol

from ...accounts.codes.providers import Provider, ProviderError
from ...core.dates import day_in_words
from ...core.text import Texts
from ...storage.database import Reader
from ..rollouts.models import Rollout
from ..web_push.delivery import Fate
from ..web_push.models import Subscription
from ..web_push.service import WebPush
from . import store

PAUSE_SECONDS = 0.1
"""Between two text messages: providers take only so many a second."""


class Reminder(NamedTuple):
    """What there is to say to one person."""

    locale: str
    policy: str
    """Its name in that language."""
    deadline: int
    now: int
    """Milliseconds since 1970, as `deadline`."""
    address: str
    """Where to read and decide."""

    def text(self, texts: Texts, key: str) -> str:
        deadline = day_in_words(self.deadline, self.locale)
        return texts.get(self.locale, key, policy=self.policy, deadline=deadline, address=self.address)


Send = Callable[[Reminder], Awaitable[Fate]]


class Channel(Protocol):
    @property
    def name(self) -> str:
        """As it stands in `policy_reminders`."""
        ...

    def budget(self, rollout: Rollout) -> int:
        """Messages that one person may get this way for the roll-out."""
        ...

    async def reach(self, reader: Reader, user_ids: Collection[str]) -> dict[str, Send]:
        """User id -> how to send to that person, for each who can be reached this way."""
        ...


class WebPushChannel:
    """A push message to every browser that the person has subscribed."""

    name = "web_push"

    def __init__(self, web_push: WebPush, texts: Texts) -> None:
        self._web_push = web_push
        self._texts = texts

    def budget(self, rollout: Rollout) -> int:
        return rollout.web_push_budget

    async def reach(self, reader: Reader, user_ids: Collection[str]) -> dict[str, Send]:
        found = await self._web_push.of_people(reader, user_ids)
        return {user_id: partial(self._send, subscriptions) for user_id, subscriptions in found.items()}

    async def _send(self, subscriptions: list[Subscription], reminder: Reminder) -> Fate:
        """A small JSON object for the service worker; of no use after the deadline."""
        payload = {
            "title": reminder.text(self._texts, "web_push.title"),
            "body": reminder.text(self._texts, "web_push.body"),
            "url": reminder.address,
        }
        return await self._web_push.send(subscriptions, payload, (reminder.deadline - reminder.now) // 1000)


class SmsChannel:
    """A text message to the oldest number, which also makes the region."""

    name = "sms"

    def __init__(self, provider: Provider, texts: Texts, *, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._provider = provider
        self._texts = texts
        self._pause = pause_seconds

    def budget(self, rollout: Rollout) -> int:
        return rollout.sms_budget

    async def reach(self, reader: Reader, user_ids: Collection[str]) -> dict[str, Send]:
        numbers = await store.numbers(reader, user_ids)
        return {user_id: partial(self._send, number) for user_id, number in numbers.items()}

    async def _send(self, number: str, reminder: Reminder) -> Fate:
        text = reminder.text(self._texts, "sms.reminder")
        try:
            await self._provider.send_text(number, text, reminder.locale, reminder.now)
        except ProviderError:
            return "lost"
        finally:
            await asyncio.sleep(self._pause)
        return "taken"
