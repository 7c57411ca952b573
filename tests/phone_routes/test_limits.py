"""What is limited outside test mode, with the codes that a person reads at `/dev/codes`."""

from pathlib import Path

import pytest

from palabre.settings import Settings

from ..api import Homeserver, User
from ..services import Palabre
from .conftest import SECRET, SIGN_IN, Phone, new_number

LOOKUP = "/_palabre/v1/contacts/lookup"


@pytest.fixture
def settings(data_dir: Path, database_url: str | None) -> Settings:
    return Settings(server_name=Palabre.SERVER_NAME, data=data_dir, database=database_url)


async def code_of(phone: Phone) -> str:
    codes = (await phone.client.call("GET", "/_/../dev/codes.json"))["codes"]
    return next(str(sent["code"]) for sent in codes if sent["to"] == phone.number)


async def sign_up(client: Homeserver) -> User:
    phone = Phone(client)
    await phone.ask()
    return await phone.sign_in(await code_of(phone), display_name="Anna")


async def test_codes_are_real(phone: Phone) -> None:
    await phone.ask()
    code = await code_of(phone)
    assert len(code) == 6
    assert code.isdecimal()
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert (await phone.verify(wrong, status=400))["code"] == "M_TOKEN_INCORRECT"
    assert (await phone.verify(code))["is_new"]


async def test_the_next_code_has_to_wait(phone: Phone) -> None:
    sent = await phone.ask()
    assert 25_000 < sent["resend_after_ms"] <= 30_000
    again = {"phone": phone.number, "client_secret": "another"}
    refused = await phone.client.call("POST", f"{SIGN_IN}/code", again, status=429)
    assert refused["code"] == "M_LIMIT_EXCEEDED"
    assert 0 < refused["retry_after_ms"] <= 30_000
    assert (await phone.verify(await code_of(phone)))["is_new"], "the first code still works"


async def test_one_address_cannot_ask_for_many_numbers(client: Homeserver) -> None:
    for _ in range(10):
        await Phone(client).ask()
    body = {"phone": new_number(), "client_secret": SECRET}
    assert await client.fail("POST", f"{SIGN_IN}/code", body, status=429) == "M_LIMIT_EXCEEDED"


async def test_one_number_is_not_guessed_at_through_many_sessions(client: Homeserver) -> None:
    """A number's attempts are counted together, whichever code they are for."""
    phone = Phone(client)
    await phone.ask()
    statuses = []
    for _ in range(12):
        body = {**phone.known, "code": "wrong"}
        statuses.append((await client.request("POST", f"{SIGN_IN}/verify", body)).status_code)
    assert statuses[:10] == [400] * 10
    assert statuses[10:] == [429, 429]


async def test_address_books_are_looked_up_at_a_measured_pace(client: Homeserver) -> None:
    anna, bruno = await sign_up(client), await sign_up(client)
    page = [new_number() for _ in range(100)]
    for _ in range(5):
        assert await anna.call("POST", LOOKUP, {"phones": page}) == {"people": {}}
    refused = await anna.call("POST", LOOKUP, {"phones": page[:1]}, status=429)
    assert refused["code"] == "M_LIMIT_EXCEEDED"
    assert refused["retry_after_ms"] > 40_000
    assert await bruno.call("POST", LOOKUP, {"phones": page}) == {"people": {}}, "each person has their own"
