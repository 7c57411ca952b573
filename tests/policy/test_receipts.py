"""Receipts: signed so that any other library can check them, with keys that can be changed."""

import asyncio
import base64
import copy
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jws
from joserfc.jwk import OKPKey
from typer.testing import CliRunner

from palabre.bus.local import LocalBus
from palabre.policy.commands.receipts import verify_receipt
from palabre.policy.decisions.receipts import ReceiptError, verify
from palabre.policy.decisions.record import record_bytes
from palabre.storage.database import Database
from palabre.storage.open import open_database

from ..api import Homeserver, User, in_process
from .deciding import Town, version
from .rdf import violations

DECISIONS = "/_palabre/v1/account/policy/decisions"
JWKS = "/.well-known/palabre/jwks.json"


@pytest.fixture
async def town(database: Database) -> Town:
    town = Town(database)
    await town.publish(version(1))
    return town


@pytest.fixture
async def server(town: Town) -> AsyncIterator[Homeserver]:
    async with in_process(town.app()) as server:
        yield server


async def a_record(town: Town) -> dict[str, Any]:
    ana = await town.person()
    decision = await town.decisions.decide(ana, await town.given(ana, "accept", choices={"ads": True}))
    return await town.records.of(ana, decision.decision_id)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """The command's output is looked at."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The files of a folder, over HTTP; the address."""
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def test_another_library_verifies_a_receipt(town: Town, server: Homeserver) -> None:
    """By the text of RFC 7515, with `cryptography` alone."""
    user_id = await town.person()
    ana = User(server.http, {"access_token": user_id, "user_id": user_id, "device_id": "DEVICE"})
    given = await town.given(user_id, "accept", choices={"ads": True})
    decision = await town.decisions.decide(user_id, given)
    record = await ana.request("GET", f"{DECISIONS}/{decision.decision_id}/record")
    assert record.headers["content-type"] == "application/ld+json"
    assert record.content == record_bytes(await town.records.of(user_id, decision.decision_id))

    answer = await ana.request("GET", f"{DECISIONS}/{decision.decision_id}/receipt")
    assert answer.headers["content-type"] == "application/jose"
    header, payload, signature = answer.text.split(".")
    published = await server.http.get(JWKS)
    assert published.headers["content-type"] == "application/jwk-set+json"
    (key,) = published.json()["keys"]
    assert json.loads(part(header))["kid"] == key["kid"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "Ed25519", "sig")
    assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}, "and nothing private"
    public = Ed25519PublicKey.from_public_bytes(part(key["x"]))
    public.verify(part(signature), f"{header}.{payload}".encode())
    with pytest.raises(InvalidSignature):
        public.verify(part(signature), f"{header}.{payload}x".encode())

    signed = json.loads(part(payload))
    assert record_bytes(signed["dpv:hasRecordOfActivity"]) == record.content
    assert abs(signed["iat"] - town.clock.ms() / 1000) < 60
    assert violations({name: value for name, value in signed.items() if name != "iat"}) == ""


async def test_what_was_signed_with_a_retired_key_stays_valid(town: Town) -> None:
    record = await a_record(town)
    old = await town.receipts.sign(record)
    kid = await town.receipts.rotate()
    new = await town.receipts.sign(record)
    jwks = await town.receipts.jwks()
    assert jwks["keys"][0]["kid"] == kid
    assert len(jwks["keys"]) == 2
    for receipt in (old, new):
        assert verify(receipt, jwks)["dpv:hasRecordOfActivity"] == record
    assert json.loads(part(new.split(".")[0]))["kid"] == kid
    assert json.loads(part(old.split(".")[0]))["kid"] != kid
    with pytest.raises(ReceiptError, match="not one of these"):
        verify(old, {"keys": jwks["keys"][:1]})


async def test_first_use_at_once_makes_one_key(town: Town) -> None:
    record = await a_record(town)
    receipts = await asyncio.gather(*(town.receipts.sign(record) for _ in range(4)), town.receipts.jwks())
    assert len((await town.receipts.jwks())["keys"]) == 1
    assert len({receipt.split(".")[0] for receipt in receipts if isinstance(receipt, str)}) == 1


async def test_processes_share_keys(town: Town, database_url: str | None, data_dir: Path) -> None:
    if database_url is None:
        pytest.skip("several processes share PostgreSQL, never SQLite")
    other = open_database(database_url, data_dir, LocalBus())
    await other.start()
    try:
        there = Town(other)
        keys = await asyncio.gather(town.receipts.jwks(), there.receipts.jwks())
        assert keys[0] == keys[1]
        kid = await there.receipts.rotate()
        await town.database.catch_up()
        assert (await town.receipts.jwks())["keys"][0]["kid"] == kid
        receipt = await town.receipts.sign(await a_record(town))
        assert json.loads(part(receipt.split(".")[0]))["kid"] == kid
    finally:
        await other.close()


async def test_what_is_not_a_genuine_receipt_is_refused(town: Town) -> None:
    receipt = await town.receipts.sign(await a_record(town))
    jwks = await town.receipts.jwks()
    header, payload, signature = receipt.split(".")

    changed = base64.urlsafe_b64encode(part(payload).replace(b"ConsentGiven", b"ConsentRefus")).decode().rstrip("=")
    forged = copy.deepcopy(jwks)
    forged["keys"][0]["x"] = OKPKey.generate_key("Ed25519").as_dict(private=False)["x"]
    broken = copy.deepcopy(jwks)
    broken["keys"][0].pop("x")
    other = OKPKey.generate_key("Ed25519")
    headers = [{"alg": "Ed25519", "kid": "k"}, {"alg": "Ed25519", "kid": "k", "typ": "JWT"}]
    untyped = [jws.serialize_compact(protected, b"{}", other, algorithms=["Ed25519"]) for protected in headers]
    unsigned = base64.urlsafe_b64encode(part(header).replace(b'"Ed25519"', b'"none"')).decode().rstrip("=")

    bad: list[tuple[str, Any]] = [
        (f"{header}.{changed}.{signature}", jwks),
        (f"{header}.{payload}.", jwks),
        (f"{header}.{payload}", jwks),
        (f"{unsigned}.{payload}.", jwks),
        (receipt[:-8] + "AAAAAAAA", jwks),
        (receipt, forged),
        (receipt, broken),
        (receipt, {}),
        (receipt, {"keys": ["x"]}),
        (receipt, {"keys": 7}),
        *((text, {"keys": [{**other.as_dict(private=False), "kid": "k"}]}) for text in untyped),
        ("", jwks),
        ("hello", jwks),
        ("é.é.é", jwks),
    ]
    for text, keys in bad:
        with pytest.raises(ReceiptError):
            verify(text, keys)
    assert verify(receipt, jwks)["@type"] == "dpv:ConsentReceipt"


async def test_the_server_publishes_its_keys(client: Homeserver) -> None:
    answer = await client.http.get(JWKS)
    assert answer.status_code == 200
    assert len(answer.json()["keys"]) == 1
    assert (await client.http.get(JWKS)).json() == answer.json()


async def test_the_command_line_checks_a_receipt_without_a_server(town: Town, tmp_path: Path) -> None:
    record = await a_record(town)
    receipt, keys = tmp_path / "receipt.jws", tmp_path / "jwks.json"
    receipt.write_text(await town.receipts.sign(record) + "\n")
    keys.write_text(json.dumps(await town.receipts.jwks()))
    app = typer.Typer()
    app.command()(verify_receipt)

    def run(*arguments: str, **options: Any) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["--jwks", str(keys), *arguments], **options)
        return result.exit_code, result.output

    code, text = run(str(receipt))
    assert code == 0
    assert "genuine" in text
    assert record["dpv:hasNotice"]["dct:identifier"] in text
    assert "ads: ConsentGiven" in text
    assert "research: ConsentRefused" in text
    assert run("-", input=receipt.read_text()) == (code, text)
    assert json.loads(run(str(receipt), "--json")[1])["dpv:hasRecordOfActivity"] == record

    with serving(tmp_path) as address:
        assert run(str(receipt), "--jwks", f"{address}/jwks.json") == (code, text)
        assert run(str(receipt), "--jwks", f"{address}/nowhere.json")[0] == 1

    receipt.write_text(receipt.read_text()[:-10])
    assert run(str(receipt))[0] == 1
    assert run(str(tmp_path / "nowhere"))[0] == 1
    keys.write_text("no keys")
    assert run(str(receipt))[0] == 1
