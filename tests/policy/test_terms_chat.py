"""Signing up from the terminal, where terms are published."""

from typing import Any

import pytest

from palabre.chat.account import SignIn
from palabre.chat.wording import Refusal, Wording

from ..pages.browser import CODE, new_number
from .on_a_socket import desk, site
from .operator import Operator
from .papers import FIRST, SECOND, start

__all__ = ["desk", "site"]


@pytest.fixture
def backend() -> str:
    """One is enough: what the terminal asks of the server, `test_terms_pages` asks of both."""
    return "sqlite"


class Terminal:
    """Types these answers, in order, and remembers what was asked and said."""

    def __init__(self, language: str, *answers: Any) -> None:
        self.say = Wording(language)
        self.answers = list(answers)
        self.asked: list[str] = []
        self.told: list[str] = []

    async def ask(self, question: str, /, **values: str) -> str:
        self.asked.append(self.say(question, **values))
        answer = self.answers.pop(0)
        if callable(answer):
            await answer()
            answer = self.answers.pop(0)
        return str(answer)

    def tell(self, refusal: Refusal) -> None:
        self.told.append(self.say.refusal(refusal))

    async def sign_up(self, site: str) -> str:
        return (await SignIn(site, self.say.language, self.ask, self.tell).run()).user_id


async def choices(desk: Operator) -> list[tuple[str, str, str, str]]:
    found = await desk.parts.database.fetch("SELECT user_id, version, locale, choices FROM policy_decisions")
    return [(str(row[0]), str(row[1]), str(row[2]), str(row[3])) for row in found]


async def test_the_summary_is_shown_and_the_answers_are_recorded(site: str, desk: Operator) -> None:
    await desk.roll_out(SECOND)
    await desk.clock(1)
    awa = Terminal("fr", new_number(), CODE, "Awa", "", "peut-être", "oui", "non", "OUI")
    user_id = await awa.sign_up(site)
    assert "Nous ne lisons jamais vos messages" in awa.asked[3]
    assert "/_palabre/v1/policies/privacy/2031/fr?edition=europe" in awa.asked[3]
    assert awa.asked[3] == awa.asked[4] == awa.asked[5]
    assert await choices(desk) == [(user_id, "2031", "fr", '{"advertising":true,"suggestions":false}')]


async def test_declining_leaves_no_account(site: str, desk: Operator) -> None:
    await desk.roll_out(FIRST)
    await desk.clock(1)
    with pytest.raises(Refusal) as refused:
        await Terminal("en", new_number(), CODE, "Awa", "no").sign_up(site)
    assert "no account was made" in Wording("en").refusal(refused.value)
    assert await desk.parts.database.fetchval("SELECT count(*) FROM accounts") == 0


async def test_terms_that_change_meanwhile_are_shown_again(site: str, desk: Operator) -> None:
    await desk.roll_out(FIRST)
    await desk.publish(SECOND)
    await desk.clock(1)

    async def change() -> None:
        await desk.clock(-10)
        await start(desk, SECOND)
        await desk.clock(1)

    awa = Terminal("en", new_number(), CODE, "Awa", "yes", change, "no", "yes", "no", "no")
    user_id = await awa.sign_up(site)
    assert awa.told == ["The terms changed while you were reading. Here is how they are now."]
    assert [(one[0], one[1]) for one in await choices(desk)] == [(user_id, "2031")]
