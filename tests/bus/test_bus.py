"""Hints travel between processes, and a NATS that is not there costs nothing but time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog.testing

from palabre.bus import Bus
from palabre.bus.local import LocalBus
from palabre.bus.nats import NatsBus
from palabre.bus.open import open_bus
from palabre.storage import postgres
from palabre.storage.database import Entry
from palabre.storage.postgres import PostgresDatabase

from ..api import until
from ..services import Nats, free_port
from ..storage import scratch


def hints(bus: Bus) -> list[tuple[int, int]]:
    heard: list[tuple[int, int]] = []
    bus.subscribe(lambda first, last: heard.append((first, last)))
    return heard


@pytest.fixture
async def pair(nats: Nats, request: pytest.FixtureRequest) -> AsyncIterator[tuple[NatsBus, NatsBus]]:
    one, two = (NatsBus(nats.url, f"test.{id(request)}") for _ in range(2))
    await one.start()
    await two.start()
    await until(lambda: all(bus._connecting and bus._connecting.done() for bus in (one, two)))
    yield one, two
    await one.close()
    await two.close()


async def test_a_hint_reaches_the_other_process_and_not_oneself(pair: tuple[NatsBus, NatsBus]) -> None:
    one, two = pair
    heard_one, heard_two = hints(one), hints(two)

    one.publish(1, 3)

    await until(lambda: heard_two)
    assert (heard_one, heard_two) == ([], [(1, 3)])


async def test_hints_that_pile_up_become_one(pair: tuple[NatsBus, NatsBus]) -> None:
    one, two = pair
    heard = hints(two)

    for pos in range(1, 101):
        one.publish(pos, pos)

    await until(lambda: heard and heard[-1][1] == 100)
    assert heard == [(1, 100)]


async def test_garbage_on_the_subject_is_ignored(pair: tuple[NatsBus, NatsBus]) -> None:
    one, two = pair
    heard = hints(two)

    for garbage in (b"", b"\xff", b"1", b"1 x"):
        await one._client.publish(one._subject, garbage)
    one.publish(1, 1)

    await until(lambda: heard)
    assert heard == [(1, 1)]


async def test_an_ephemeral_message_reaches_who_listens_to_its_topic(pair: tuple[NatsBus, NatsBus]) -> None:
    one, two = pair
    heard: list[tuple[str, bytes]] = []
    one.subscribe_ephemeral("test.local.x", lambda payload: heard.append(("one", payload)))
    two.subscribe_ephemeral("test.local.x", lambda payload: heard.append(("two", payload)))
    two.subscribe_ephemeral("test.local.y", lambda payload: heard.append(("other topic", payload)))
    hinted = hints(two)

    for number in range(100):
        one.publish_ephemeral("test.local.x", b"%d" % number)
    one.publish_ephemeral("test.local.z", b"nobody listens")
    one.publish(1, 1)
    two.publish_ephemeral("test.local.x", b"back")

    await until(lambda: len(heard) == 101 and hinted)
    assert [payload for who, payload in heard if who == "two"] == [b"%d" % number for number in range(100)]
    assert [payload for who, payload in heard if who == "one"] == [b"back"]


async def test_what_is_said_while_nats_is_away_is_lost_and_its_return_is_told(tmp_path: Path) -> None:
    service = await asyncio.to_thread(Nats, tmp_path)
    one, two = NatsBus(service.url), NatsBus(service.url)
    heard: list[bytes] = []
    back: list[str] = []
    two.subscribe_ephemeral("x", heard.append)
    two.on_connected.append(lambda: back.append("again"))
    await one.start()
    await two.start()
    await until(lambda: back)

    await asyncio.to_thread(service.stop)
    await until(lambda: not one._client.is_connected and not two._client.is_connected)
    one.publish_ephemeral("x", b"lost")
    await asyncio.to_thread(service.start)
    await until(lambda: one._client.is_connected and len(back) == 2)
    one.publish_ephemeral("x", b"found")
    await until(lambda: heard)

    assert heard == [b"found"]
    await one.close()
    await two.close()
    service.stop()


async def test_no_nats_is_a_warning_and_it_is_used_once_it_is_there(tmp_path: Path) -> None:
    port = free_port()
    with structlog.testing.capture_logs() as logs:
        one, two = (NatsBus(f"nats://127.0.0.1:{port}") for _ in range(2))
        await one.start()
        await two.start()
        heard = hints(two)
        one.publish(1, 1)
    assert {line["log_level"] for line in logs} == {"warning"}

    service = await asyncio.to_thread(Nats, tmp_path, port)
    await until(lambda: all(bus._connecting and bus._connecting.done() for bus in (one, two)))
    one.publish(2, 2)
    await until(lambda: heard)

    assert heard == [(2, 2)]
    await one.close()
    await two.close()
    service.stop()


async def test_a_lost_nats_is_found_again(tmp_path: Path) -> None:
    service = await asyncio.to_thread(Nats, tmp_path)
    one, two = NatsBus(service.url), NatsBus(service.url)
    await one.start()
    await two.start()
    heard = hints(two)

    await asyncio.to_thread(service.stop)
    one.publish(1, 1)
    await until(lambda: not one._client.is_connected and not two._client.is_connected)
    await asyncio.to_thread(service.start)
    await until(lambda: one._client.is_connected and two._client.is_connected)
    one.publish(2, 2)
    await until(lambda: heard)

    assert heard == [(2, 2)]
    await one.close()
    await two.close()
    service.stop()


async def test_a_write_wakes_a_listener_of_another_process(
    pair: tuple[NatsBus, NatsBus], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the poll, so that only the bus can have done it."""
    monkeypatch.setattr(postgres, "POLL_SECONDS", 3600)
    writer, reader = (PostgresDatabase(postgres_url, bus) for bus in pair)
    await writer.start()
    await reader.start()
    heard: list[Entry] = []
    reader.listen(lambda entries, own: heard.extend(entries), heard.clear)

    await scratch.create(writer)
    await scratch.put(writer, 1)

    await until(lambda: heard)
    assert heard == [Entry(1, "scratch", "1")]
    await writer.close()
    await reader.close()


async def test_the_local_bus_reaches_every_subscriber() -> None:
    bus = open_bus(None)
    assert isinstance(bus, LocalBus)
    one, two = hints(bus), hints(bus)

    bus.publish(4, 5)

    assert one == two == [(4, 5)]


def test_other_bus_addresses_are_refused() -> None:
    with pytest.raises(ValueError, match="nats://"):
        open_bus("redis://localhost")
