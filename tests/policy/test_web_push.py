"""Web Push: subscribing, the server's key, and reminders that go to browsers before they go to phones."""

import asyncio
import datetime
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from palabre.core.clock import Clock
from palabre.core.errors import ApiError
from palabre.policy.reminders import store as reminder_store
from palabre.policy.reminders.channels import SmsChannel, WebPushChannel
from palabre.policy.reminders.service import Reminders
from palabre.policy.web_push import addresses, delivery
from palabre.policy.web_push.addresses import PublicTransport, is_public
from palabre.policy.web_push.delivery import Delivery
from palabre.policy.web_push.models import Keys, Subscription, fingerprint, unbase64url
from palabre.policy.web_push.service import MOST, WebPush
from palabre.policy.web_push.vapid import Vapid
from palabre.storage.database import Database
from tests.api import Homeserver, User

from .made import version
from .operator import Operator, decide
from .push_service import Browser, PushService, running, vapid
from .test_reminders import TWO_REMINDERS, Phones, person

PATH = "/_palabre/v1/account/web-push"
KEY = "/_palabre/v1/web-push/key"
V1 = version(1)


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with running() as service:
        yield service


@pytest.fixture
def phones() -> Phones:
    return Phones()


@pytest.fixture
async def reminders(operator: Operator, phones: Phones) -> Reminders:
    await operator.clock(-1)
    return reminding(operator, phones)


def reminding(operator: Operator, phones: Phones) -> Reminders:
    parts = operator.parts
    texts = parts.policy.texts
    return Reminders(
        parts.database,
        parts.clock,
        parts.accounts.people,
        parts.policy.catalogues,
        parts.policy.decisions,
        parts.policy.gate,
        [WebPushChannel(parts.policy.web_push, texts), SmsChannel(phones, texts, pause_seconds=0)],
        texts,
        "http://test.local/account/terms",
    )


async def subscribed(user: User, browser: Browser, **more: Any) -> Browser:
    await user.call("PUT", PATH, browser.subscription(**more))
    return browser


async def listed(user: User) -> list[Any]:
    found: list[Any] = (await user.call("GET", PATH))["subscriptions"]
    return found


# subscribing


async def test_a_subscription_is_listed_without_what_it_takes_to_send(client: Homeserver, operator: Operator) -> None:
    ana = await client.register("ana")
    browser = await subscribed(ana, Browser("https://push.example/secret-address"), device=ana.device_id)
    answer = await ana.request("GET", PATH)
    assert "secret-address" not in answer.text
    assert browser.subscription()["keys"]["auth"] not in answer.text
    (shown,) = answer.json()["subscriptions"]
    assert shown.pop("created") > 0
    assert shown == {"id": fingerprint(browser.endpoint), "service": "push.example", "device": ana.device_id}


@pytest.mark.parametrize("named_by", ["endpoint", "id"])
async def test_a_subscription_ends_when_told_to(client: Homeserver, named_by: str) -> None:
    ana, ben = await client.register("ana"), await client.register("ben")
    kept = await subscribed(ana, Browser("https://push.example/1"))
    browser = await subscribed(ana, Browser("https://push.example/2"))
    given = {"endpoint": browser.endpoint, "id": fingerprint(browser.endpoint)}[named_by]
    await ben.call("DELETE", PATH, {named_by: given})
    assert len(await listed(ana)) == 2
    for _ in range(2):
        await ana.call("DELETE", PATH, {named_by: given})
        assert [one["id"] for one in await listed(ana)] == [fingerprint(kept.endpoint)]
    assert await ana.fail("DELETE", PATH, {}, status=400) == "M_MISSING_PARAM"


async def test_the_same_endpoint_again_is_one_subscription(client: Homeserver) -> None:
    ana = await client.register("ana")
    for _ in range(2):
        await subscribed(ana, Browser("https://push.example/1"))
    assert len(await listed(ana)) == 1


async def test_a_browser_belongs_to_who_subscribed_last(client: Homeserver) -> None:
    ana, ben = await client.register("ana"), await client.register("ben")
    browser = await subscribed(ana, Browser("https://push.example/shared"))
    await subscribed(ben, browser)
    assert (await listed(ana), len(await listed(ben))) == ([], 1)


async def test_of_too_many_the_oldest_gives_way(client: Homeserver, operator: Operator) -> None:
    ana = await client.register("ana")
    browsers = [Browser(f"https://push.example/{n}") for n in range(MOST + 2)]
    for number, browser in enumerate(browsers):
        await operator.clock(-20 + number)
        await subscribed(ana, browser)
    assert [one["id"] for one in await listed(ana)] == [fingerprint(browser.endpoint) for browser in browsers[2:]]
    await operator.clock(-2)
    await subscribed(ana, browsers[5])
    assert len(await listed(ana)) == MOST


async def test_it_goes_with_its_device(client: Homeserver) -> None:
    ana = await client.register("ana")
    other = await client.log_in(ana)
    bound = await subscribed(ana, Browser("https://push.example/1"), device=other.device_id)
    free = await subscribed(ana, Browser("https://push.example/2"))
    assert await ana.fail("PUT", PATH, bound.subscription(device="NOBODYS"), status=404) == "M_NOT_FOUND"
    await other.call("POST", "/logout")
    assert [one["id"] for one in await listed(ana)] == [fingerprint(free.endpoint)]


async def test_it_goes_with_the_account(client: Homeserver, operator: Operator) -> None:
    parts = operator.parts
    ana = await client.register("ana")
    await subscribed(ana, Browser("https://push.example/1"))
    await parts.database.write(lambda tx: parts.accounts.lifecycle.deactivate_in(tx, ana.user_id, erase=False))
    assert await parts.policy.web_push.of(ana.user_id) == []


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "ftp://push.example/1"},
        {"endpoint": "https://"},
        {"endpoint": "push.example"},
        {"endpoint": "https://name:word@push.example/"},
        {"endpoint": "https://push.example/#here"},
        {"endpoint": "https://push.example:port/"},
        {"endpoint": "https://púsh.example/"},
        {"endpoint": "https://push.example/" + "x" * 2048},
        {"endpoint": 1},
        {"keys": {"p256dh": "AAAA", "auth": "AAAA"}},
        {"keys": {"p256dh": "!", "auth": "!"}},
        {"keys": {"auth": "AAAA"}},
        {"keys": None},
        {"device": 1},
    ],
)
async def test_what_cannot_work_is_refused(client: Homeserver, change: dict[str, Any]) -> None:
    ana = await client.register("ana")
    assert (await ana.fail("PUT", PATH, Browser("https://push.example/1").subscription(**change), status=400)) in (
        "M_INVALID_PARAM",
        "M_BAD_JSON",
    )
    assert await listed(ana) == []


async def test_nobody_else_may(client: Homeserver) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert await client.fail(method, PATH, {}, status=401) == "M_MISSING_TOKEN"


# the key


async def test_there_is_one_key_whoever_asks_first(database: Database) -> None:
    """Each has a memory of its own, as processes do."""
    keys = await asyncio.gather(*(Vapid(database, Clock(), "https://test.local").public_key() for _ in range(8)))
    assert len(set(keys)) == 1
    point = unbase64url(keys[0])
    assert (len(point), point[0]) == (65, 4)


async def test_anybody_may_know_the_key(client: Homeserver, operator: Operator) -> None:
    told = [(await client.call("GET", KEY))["public_key"] for _ in range(2)]
    assert told == [await Vapid(operator.parts.database, Clock(), "https://test.local").public_key()] * 2


# into the internet, and nowhere else


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("64:ff9b::101:101", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff0e::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "endpoint", ["http://push.example/1", "https://127.0.0.1/1", "https://[::1]/1", "https://10.0.0.1:8443/1"]
)
async def test_outside_test_mode_only_public_https(client: Homeserver, operator: Operator, endpoint: str) -> None:
    parts, ana = operator.parts, await client.register("ana")
    strict = WebPush(parts.database, parts.clock, parts.accounts.sessions, "https://test.local", test_mode=False)
    given = Browser(endpoint).subscription()["keys"]
    with pytest.raises(ApiError) as refused:
        await strict.subscribe(ana.user_id, endpoint, Keys(**given), None)
    assert refused.value.status == 400


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "a" * 64 + ".example"])
async def test_a_name_that_leads_inside_is_not_called(database: Database, service: PushService, host: str) -> None:
    """Where the connection is made: by then the name may lead elsewhere than when somebody subscribed."""
    strict = Delivery(Vapid(database, Clock(), "https://test.local"), local=False)
    keys = Keys(**service.browser("x").subscription()["keys"])
    endpoint = f"{service.origin}/push/secret-address".replace("127.0.0.1", host)
    with structlog.testing.capture_logs() as logs:
        fate = await strict.send(Subscription("@a:test", endpoint, keys, None, 0), {}, 60)
    await strict.close()
    assert (fate, service.delivered) == ("lost", [])
    assert [line["event"] for line in logs] == ["push service unreachable"]
    assert "secret-address" not in str(logs)


async def test_all_addresses_of_a_name_must_be_public(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [["1.1.1.1", "10.0.0.1"], ["1.1.1.1", "2606:4700::1111"], []]

    async def getaddrinfo(*_: Any, **__: Any) -> Any:
        return [(2, 1, 6, "", (address, 443)) for address in found.pop(0)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
    with pytest.raises(addresses.ForbiddenAddressError):
        await addresses.resolve("push.example", 443)
    assert await addresses.resolve("push.example", 443) == "1.1.1.1"
    with pytest.raises(addresses.ForbiddenAddressError):
        await addresses.resolve("push.example", 443)


async def test_the_certificate_is_checked_against_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the address that was looked at, and is for the name that was asked for all the same."""
    certificate = certified("push.example", tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def resolve(host: str, port: int) -> str:
        return "127.0.0.1"

    monkeypatch.setattr(addresses, "resolve", resolve)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving)
    port = server.sockets[0].getsockname()[1]
    trusting = PublicTransport(ssl.create_default_context(cafile=certificate))
    async with httpx.AsyncClient(transport=trusting) as http:
        assert (await http.post(f"https://push.example:{port}/1")).status_code == 201
        assert f"host: push.example:{port}".encode() in asked[0].lower()
        with pytest.raises(httpx.ConnectError):
            await http.post(f"https://other.example:{port}/1")
    server.close()
    assert len(asked) == 1


def certified(name: str, folder: Path) -> Path:
    """A key and a certificate for `name`, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "push.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path


# reminding


async def test_a_reminder_is_encrypted_signed_and_sent_once(
    client: Homeserver, operator: Operator, reminders: Reminders, phones: Phones, service: PushService
) -> None:
    ana = await person(client, operator, "+33612345670", "fr")
    ben = await person(client, operator, "+33612345671")
    numberless = await client.register("numberless")
    hers, other = [await subscribed(ana, service.browser(name)) for name in ("hers", "other")]
    theirs = await subscribed(numberless, service.browser("theirs"))
    await operator.roll_out(V1, sms_reminders=1, web_push_reminders=1)
    await operator.clock(25)
    assert await reminders.run() == 0
    await operator.clock(26)
    assert await reminders.run() == 3
    assert (await reminders.run(), len(service.delivered), len(phones.called)) == (0, 3, 1)
    assert phones.called == [(await operator.parts.accounts.people.numbers_of(ben.user_id))[0].e164]
    (payload,) = service.to(hers)
    assert service.to(other) == [payload]
    assert payload == {
        "title": "Nouvelles conditions",
        "body": payload["body"],
        "url": "http://test.local/account/terms",
    }
    assert "avant le 8 février 2031" in payload["body"]
    assert service.to(theirs)[0]["title"] == "New terms"
    public_key = (await client.call("GET", KEY))["public_key"]
    for one in service.delivered:
        key, claims = vapid(one.headers["authorization"])
        assert (key, claims["aud"]) == (public_key, service.origin)
        assert 0 < claims["exp"] - operator.parts.clock.ms() // 1000 <= 24 * 3600
        assert claims["sub"].startswith("http")
        assert abs(int(one.headers["ttl"]) - 7 * 86_400) < 60
        assert one.headers["urgency"] == "normal"
        assert len(one.body) <= 4096


async def test_who_answered_hears_nothing(
    client: Homeserver, operator: Operator, reminders: Reminders, service: PushService
) -> None:
    people = [await client.register("p") for _ in range(4)]
    browsers = [await subscribed(one, service.browser(f"b{number}")) for number, one in enumerate(people)]
    await operator.roll_out(V1, web_push_reminders=5)
    await operator.clock(1)
    for kind, one in zip(("accept", "decline", "later"), people, strict=False):
        await decide(one, kind)
    await operator.clock(26)
    assert await reminders.run() == 1
    assert [len(service.to(browser)) for browser in browsers] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("push", "sms", "expected"),
    [(0, 0, (0, 0)), (0, 1, (0, 1)), (1, 0, (1, 0)), (1, 1, (1, 1)), (2, 2, (2, 0)), (9, 9, (2, 0))],
)
async def test_each_budget_is_kept(
    client: Homeserver,
    operator: Operator,
    reminders: Reminders,
    phones: Phones,
    service: PushService,
    push: int,
    sms: int,
    expected: tuple[int, int],
) -> None:
    ana = await person(client, operator, "+33612345670")
    await subscribed(ana, service.browser("b"))
    await operator.roll_out(V1, sms_reminders=sms, web_push_reminders=push, ladder=TWO_REMINDERS)
    for day in (5, 11, 12, 27, 28, 34, 50):
        await operator.clock(day)
        await reminders.run()
    assert (len(service.delivered), len(phones.called)) == expected


@pytest.mark.parametrize("status", [404, 410])
async def test_whose_browser_is_gone_is_reminded_by_text_message(
    client: Homeserver, operator: Operator, reminders: Reminders, phones: Phones, service: PushService, status: int
) -> None:
    ana = await person(client, operator, "+33612345670")
    service.answer(await subscribed(ana, service.browser("gone")), status)
    await operator.roll_out(V1, sms_reminders=1, web_push_reminders=2)
    await operator.clock(26)
    assert await reminders.run() == 1
    assert await reminders.run() == 0
    assert (len(service.delivered), len(phones.called), await listed(ana)) == (1, 1, [])


async def test_only_the_browser_that_is_gone_is_forgotten(
    client: Homeserver, operator: Operator, reminders: Reminders, phones: Phones, service: PushService
) -> None:
    ana = await person(client, operator, "+33612345670")
    gone, stays = [await subscribed(ana, service.browser(name)) for name in ("gone", "stays")]
    service.answer(gone, 410)
    await operator.roll_out(V1, sms_reminders=1, web_push_reminders=2)
    await operator.clock(26)
    assert await reminders.run() == 1
    assert (len(service.to(stays)), phones.called) == (1, [])
    assert [one["id"] for one in await listed(ana)] == [fingerprint(stays.endpoint)]


async def test_whose_only_address_is_gone_costs_no_budget(
    client: Homeserver, operator: Operator, reminders: Reminders, service: PushService
) -> None:
    ana = await client.register("ana")
    service.answer(await subscribed(ana, service.browser("gone")), 410)
    await operator.roll_out(V1, web_push_reminders=1)
    await operator.clock(26)
    assert await reminders.run() == 0
    fresh = await subscribed(ana, service.browser("fresh"))
    assert await reminders.run() == 1
    assert len(service.to(fresh)) == 1


@pytest.mark.parametrize("status", [500, 400, 403, 302])
async def test_what_was_refused_is_not_sent_again(
    client: Homeserver, operator: Operator, reminders: Reminders, phones: Phones, service: PushService, status: int
) -> None:
    """Whether it arrived is not known then, and twice is worse than never."""
    ana = await person(client, operator, "+33612345670")
    service.answer(await subscribed(ana, service.browser("b")), status)
    await operator.roll_out(V1, sms_reminders=5, web_push_reminders=5)
    await operator.clock(26)
    for _ in range(2):
        assert await reminders.run() == 0
    assert (len(service.delivered), phones.called, len(await listed(ana))) == (1, [], 1)


async def test_a_service_that_does_not_answer_holds_nobody_up(
    client: Homeserver, operator: Operator, reminders: Reminders, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "TIMEOUT_SECONDS", 0.2)
    silent = await asyncio.start_server(lambda reader, writer: asyncio.sleep(60), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    people = [await client.register("p") for _ in range(2)]
    await subscribed(people[0], Browser(f"http://127.0.0.1:{port}/x"))
    await subscribed(people[1], service.browser("b"))
    await operator.roll_out(V1, web_push_reminders=1)
    await operator.clock(26)
    assert await asyncio.wait_for(reminders.run(), 10) == 1
    silent.close()


async def test_what_was_cut_short_is_not_sent_again(
    client: Homeserver,
    operator: Operator,
    reminders: Reminders,
    service: PushService,
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The power goes out between writing it down and sending it, or after it was sent: nobody can tell which."""
    ana = await person(client, operator, "+33612345670")
    await subscribed(ana, service.browser("b"))
    await operator.roll_out(V1, sms_reminders=5, web_push_reminders=5)
    await operator.clock(26)

    async def breaks(*_: Any) -> Any:
        raise RuntimeError("the power went out")

    with monkeypatch.context() as patch:
        patch.setattr(Delivery, "send", breaks)
        with pytest.raises(RuntimeError):
            await reminders.run()
    assert await reminding(operator, phones).run() == 0
    assert (service.delivered, phones.called) == ([], [])


async def test_two_processes_send_it_once(
    client: Homeserver, operator: Operator, reminders: Reminders, service: PushService, phones: Phones
) -> None:
    people = [await client.register("p") for _ in range(5)]
    for number, one in enumerate(people):
        await subscribed(one, service.browser(f"b{number}"))
    await operator.roll_out(V1, web_push_reminders=5)
    await operator.clock(26)
    assert sum(await asyncio.gather(reminders.run(), reminding(operator, phones).run())) == 5
    assert len({one.path for one in service.delivered}) == len(service.delivered) == 5


async def test_who_unsubscribes_in_between_gets_a_text_message(
    client: Homeserver,
    operator: Operator,
    reminders: Reminders,
    phones: Phones,
    service: PushService,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ana = await person(client, operator, "+33612345670")
    browser = await subscribed(ana, service.browser("b"))
    await operator.roll_out(V1, sms_reminders=1, web_push_reminders=1)
    await operator.clock(26)

    async def numbers(reader: Any, user_ids: Any) -> dict[str, str]:
        if reader is operator.parts.database:
            await ana.call("DELETE", PATH, {"endpoint": browser.endpoint})
        return await found(reader, user_ids)

    found = reminder_store.numbers
    monkeypatch.setattr(reminder_store, "numbers", numbers)
    assert await reminders.run() == 1
    assert (service.delivered, phones.called) == ([], ["+33612345670"])


async def test_logs_carry_no_endpoint(
    client: Homeserver,
    operator: Operator,
    reminders: Reminders,
    service: PushService,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    for number, status in enumerate((201, 410, 500)):
        browser = await subscribed(await client.register("p"), service.browser(f"secret-{number}"))
        service.answer(browser, status)
    await subscribed(await client.register("p"), Browser("http://127.0.0.1:9/secret-3"))
    await operator.roll_out(V1, web_push_reminders=5)
    await operator.clock(26)
    with structlog.testing.capture_logs() as logs:
        assert await reminders.run() == 1
    assert {line["event"] for line in logs} >= {"push service refused", "push service unreachable"}
    assert "secret" not in str(logs) + caplog.text
    assert service.origin not in str(logs) + caplog.text
