"""One-time codes: guessing, waiting, expiring, and a provider that fails."""

import hashlib
import hmac
import io
import json

import httpx
import pytest
from rich.console import Console

from palabre.accounts.codes.providers import ConsoleProvider, HttpProvider, Message, ProviderError
from palabre.accounts.codes.service import CodeService
from palabre.accounts.options import HttpSms
from palabre.core.errors import ApiError
from palabre.http.limits import RateLimits

from .conftest import NUMBER, World

HOME = "192.0.2.1"


async def failure(awaitable: object) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await awaitable  # type: ignore[misc]  # any coroutine
    return caught.value


async def test_the_right_code_verifies_the_number(world: World) -> None:
    sent = await world.sign_in.request_code("06 12 34 56 78", "FR", HOME, "fr-CA")
    message = world.outbox.messages[-1]
    assert (message.to, message.locale) == (NUMBER, "fr")
    assert message.code in message.text
    assert len(message.code) == 6
    assert sent.expires_ms == pytest.approx(600_000, abs=1000)
    verified = await world.sign_in.check_code(sent.sid, f" {message.code} ", HOME)
    assert verified.e164 == NUMBER


async def test_codes_are_not_stored_in_clear(world: World) -> None:
    await world.sign_in.request_code(NUMBER, None, HOME, "en")
    row = await world.database.fetchrow("SELECT * FROM codes")
    assert row is not None
    assert world.outbox.code not in [value for value in row if isinstance(value, str)]


async def test_five_wrong_guesses_end_a_code(world: World) -> None:
    sent = await world.sign_in.request_code(NUMBER, None, HOME, "en")
    for left in (4, 3, 2, 1, 0):
        error = await failure(world.sign_in.check_code(sent.sid, world.outbox.wrong_code, HOME))
        assert (error.errcode, error.extra) == ("M_TOKEN_INCORRECT", {"attempts_left": left})
    error = await failure(world.sign_in.check_code(sent.sid, world.outbox.code, HOME))
    assert error.errcode == "M_SESSION_EXPIRED"


async def test_a_code_expires_after_ten_minutes(world: World) -> None:
    sent = await world.sign_in.request_code(NUMBER, None, HOME, "en")
    world.wait(minutes=10)
    error = await failure(world.sign_in.check_code(sent.sid, world.outbox.code, HOME))
    assert error.errcode == "M_SESSION_EXPIRED"


async def test_the_wait_for_another_code_doubles(world: World) -> None:
    for seconds in (30, 60, 120):
        sent = await world.sign_in.request_code(NUMBER, None, HOME, "en")
        assert sent.resend_after_ms == pytest.approx(seconds * 1000, abs=1000)
        world.wait(seconds=seconds - 5)
        error = await failure(world.sign_in.request_code(NUMBER, None, HOME, "en"))
        assert error.status == 429
        assert 0 < error.extra["retry_after_ms"] <= 5000
        world.wait(seconds=6)
    assert len(world.outbox.messages) == 3


async def test_a_failing_provider_is_said_plainly_and_costs_nothing(world: World) -> None:
    world.outbox.fails = True
    error = await failure(world.sign_in.request_code(NUMBER, None, HOME, "en"))
    assert error.status == 502
    assert "could not send" in error.error
    assert await world.database.fetchval("SELECT COUNT(*) FROM codes") == 0
    world.outbox.fails = False
    await world.sign_in.request_code(NUMBER, None, HOME, "en")


async def test_a_failed_resend_leaves_the_earlier_code_valid(world: World) -> None:
    sent = await world.sign_in.request_code(NUMBER, None, HOME, "en", "secret", 1)
    world.wait(seconds=31)
    world.outbox.fails = True
    await failure(world.sign_in.request_code(NUMBER, None, HOME, "en", "secret", 2))
    await world.sign_in.check_code(sent.sid, world.outbox.code, HOME, "secret")


async def test_the_same_send_attempt_sends_once(world: World) -> None:
    first = await world.sign_in.request_code(NUMBER, None, HOME, "en", "secret", 1)
    again = await world.sign_in.request_code(NUMBER, None, HOME, "en", "secret", 1)
    assert again.sid == first.sid
    assert len(world.outbox.messages) == 1
    world.wait(seconds=31)
    later = await world.sign_in.request_code(NUMBER, None, HOME, "en", "secret", 2)
    assert later.sid == first.sid
    assert len(world.outbox.messages) == 2


async def test_a_code_belongs_to_the_client_that_asked(world: World) -> None:
    sent = await world.sign_in.request_code(NUMBER, None, HOME, "en", "secret", 1)
    error = await failure(world.sign_in.check_code(sent.sid, world.outbox.code, HOME, "another"))
    assert error.errcode == "M_NO_VALID_SESSION"


async def test_one_address_cannot_ask_for_everybody(world: World) -> None:
    limits = RateLimits(world.clock)
    codes = CodeService(world.database, world.clock, limits, world.outbox)
    for digit in range(10):
        await codes.send(f"+336123456{digit:02}", HOME, "en", None, None)
    error = await failure(codes.send("+33612345698", HOME, "en", None, None))
    assert error.errcode == "M_LIMIT_EXCEEDED"
    await codes.send("+33612345699", "198.51.100.7", "en", None, None)


@pytest.mark.parametrize(
    "text", ["", "hello", "12", "+999123456789", "+33 1", "+33899123456", "0" * 100, "+3361234\x00"]
)
async def test_what_is_no_phone_number_is_refused(world: World, text: str) -> None:
    error = await failure(world.sign_in.request_code(text, "GB", HOME, "en"))
    assert (error.status, error.errcode) == (400, "M_INVALID_PARAM")


MESSAGE = Message(NUMBER, "123456", 'Say "123456" & {to}', "en", 0)


async def test_the_http_provider_fills_and_signs_the_request() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202)

    options = HttpSms(
        url="https://sms.example/send?lang={locale}",
        headers={"Content-Type": "application/json", "X-Key": "k"},
        body='{"to": "{to}", "text": "{text}", "other": {"x": 1}}',
        signature_secret="s3",
    )
    provider = HttpProvider(options, httpx.AsyncClient(transport=httpx.MockTransport(answer)))
    await provider.send(MESSAGE)
    [request] = seen
    assert json.loads(request.content) == {"to": NUMBER, "text": MESSAGE.text, "other": {"x": 1}}
    assert str(request.url) == "https://sms.example/send?lang=en"
    assert request.headers["x-key"] == "k"
    expected = hmac.new(b"s3", request.content, hashlib.sha256).hexdigest()
    assert request.headers["x-palabre-signature-256"] == f"sha256={expected}"


async def test_the_http_provider_escapes_for_forms() -> None:
    seen: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.content)
        return httpx.Response(200)

    options = HttpSms(
        url="https://sms.example/",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body="To={to}&Body={text}",
    )
    await HttpProvider(options, httpx.AsyncClient(transport=httpx.MockTransport(answer))).send(MESSAGE)
    assert seen == [b"To=%2B33612345678&Body=Say%20%22123456%22%20%26%20%7Bto%7D"]


async def test_an_http_provider_that_refuses_or_is_gone_is_a_provider_error() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500)

    def vanish(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    for behaviour in (refuse, vanish):
        provider = HttpProvider(
            HttpSms(url="https://sms.example/"), httpx.AsyncClient(transport=httpx.MockTransport(behaviour))
        )
        with pytest.raises(ProviderError):
            await provider.send(MESSAGE)


async def test_the_console_provider_shows_the_code() -> None:
    screen = io.StringIO()
    provider = ConsoleProvider(Console(file=screen))
    await provider.send(MESSAGE)
    assert "123456" in screen.getvalue()
    assert [message.code for message in provider.recent] == ["123456"]


async def test_a_text_without_a_code_goes_the_same_way() -> None:
    seen: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.content)
        return httpx.Response(200)

    options = HttpSms(url="https://sms.example/", body='{"to": "{to}", "text": "{text}", "code": "{code}"}')
    provider = HttpProvider(options, httpx.AsyncClient(transport=httpx.MockTransport(answer)))
    await provider.send_text(NUMBER, "Please decide.", "en", 0)
    assert json.loads(seen[0]) == {"to": NUMBER, "text": "Please decide.", "code": ""}


async def test_a_text_without_a_code_is_shown_and_is_no_code() -> None:
    screen = io.StringIO()
    provider = ConsoleProvider(Console(file=screen))
    await provider.send_text(NUMBER, "Please decide.", "en", 0)
    assert "Please decide." in screen.getvalue()
    assert not provider.recent
