"""Someone in a thousand rooms opens their client on a new device."""

from time import perf_counter

from bench.matrix import Account, Sender, decode_sync, gather_bounded, sync_request
from bench.scenario import Figure, Run, Scenario, Target
from bench.stats import percentile_ms

CONTACTS = 20
WARM_UP = 2
NEW_DEVICES = 12


async def measure(run: Run) -> dict[str, float]:
    count = run.size(palabre=1000, synapse=1000, quick=50)
    person, *contacts = await run.matrix.register_many(1 + CONTACTS)

    async def open_chat(n: int) -> Sender:
        contact = contacts[n % CONTACTS]
        return Sender(contact, await run.matrix.direct_chat(person, contact))

    senders = await gather_bounded(open_chat, range(count))
    initial, size = await _initial(run, person, count)
    incremental = await _incremental(run, person, senders[:: max(1, count // 100)])
    return {
        "rooms": count,
        "initial_p50_ms": percentile_ms(initial, 50),
        "initial_mb": size / 1e6,
        "incremental_p50_ms": percentile_ms(incremental, 50),
        "incremental_p99_ms": percentile_ms(incremental, 99),
    }


async def _initial(run: Run, person: Account, rooms: int) -> tuple[list[float], int]:
    """Seconds of each initial sync, and the bytes of the last.

    Each on a device that has just signed in: Synapse would answer the same device from a cache.
    """
    times: list[float] = []
    body = b""
    for _ in range(NEW_DEVICES):
        device = await run.matrix.login(person)
        link = run.matrix.link()
        await link.request(sync_request(Account("", "none")))  # opens the connection
        started = perf_counter()
        body = await link.ok(sync_request(device))
        times.append(perf_counter() - started)
        link.close()
        if len(decode_sync(body).rooms.join) != rooms:
            raise RuntimeError(f"{len(decode_sync(body).rooms.join)} rooms in an initial sync, not {rooms}")
    return times[WARM_UP:], len(body)


async def _incremental(run: Run, person: Account, senders: list[Sender]) -> list[float]:
    """Seconds of a /sync that brings one message, sent and answered before it starts."""
    since = await run.matrix.first_sync(person)
    sending, syncing = run.matrix.link(), run.matrix.link()
    times: list[float] = []
    for number, sender in enumerate(senders):
        await sending.ok(sender.request(number))
        arrived = False
        started = perf_counter()
        while not arrived:  # a reply may bring something else (presence) first
            body = await syncing.ok(sync_request(person, since))
            elapsed = perf_counter() - started
            reply = decode_sync(body)
            since, arrived = reply.next_batch, any(reply.messages())
        times.append(elapsed)
    sending.close()
    syncing.close()
    return times[min(WARM_UP, len(times) - 1) :]


SCENARIO = Scenario(
    name="initial",
    title="An account in 1,000 rooms",
    how=(
        "Someone with 1,000 direct chats signs in on a new device, which syncs for the first time: timed "
        "from the start of the `/sync` request until its whole response is there "
        f"({NEW_DEVICES - WARM_UP} devices, one after the other). Then a message is sent in one of the "
        "chats and, once it was answered, a `/sync` from the last token brings it: timed the same way."
    ),
    figures=(
        Figure("rooms", "rooms", ""),
        Figure("initial_p50_ms", "initial sync, median", "ms", Target("at_most", 500)),
        Figure("initial_mb", "size of its response", "MB"),
        Figure("incremental_p50_ms", "incremental sync with one message, median", "ms", Target("at_most", 3)),
        Figure("incremental_p99_ms", "incremental sync with one message, 99th percentile", "ms"),
    ),
    measure=measure,
)
