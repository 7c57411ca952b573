"""Two people on an idle server: how long a message takes, and how long it takes to open a chat."""

import asyncio
from time import perf_counter

from bench.load import Ledger, Listener, audience
from bench.matrix import Sender, create_direct_request
from bench.scenario import Figure, Run, Scenario, Target
from bench.stats import percentile_ms

WARM_UP = 10
"""Messages, and chats, before the first that counts."""

BREATH_SECONDS = 0.01
"""Between two messages, so that the receiver's next /sync has arrived and waits."""

LOST_SECONDS = 30
SAMPLING_SECONDS = 120
"""Bounds the time on a server that takes seconds for each."""


async def measure(run: Run) -> dict[str, float]:
    samples = run.size(palabre=500, synapse=200, quick=30)
    delivery = await _delivery(run, samples)
    creation = await _creation(run, run.size(palabre=100, synapse=50, quick=10))
    return {
        "delivery_p50_ms": percentile_ms(delivery, 50),
        "delivery_p99_ms": percentile_ms(delivery, 99),
        "create_p50_ms": percentile_ms(creation, 50),
        "create_p99_ms": percentile_ms(creation, 99),
    }


async def _delivery(run: Run, samples: int) -> list[float]:
    """Seconds from the start of a send until the receiver's waiting /sync brought it."""
    one, other = await run.matrix.register_many(2, "pair")
    sender = Sender(one, await run.matrix.direct_chat(one, other))
    ledger = Ledger()
    async with audience(run.matrix, [other], ledger) as [ear]:
        return await one_by_one(run, [(sender, ear)] * (samples + WARM_UP), ledger)


async def one_by_one(run: Run, turns: list[tuple[Sender, Listener]], ledger: Ledger) -> list[float]:
    """Sends one message a turn to a running listener, when the one before has been answered and delivered.

    Returns the delivery of every turn after the WARM_UP ones, in seconds; fewer when SAMPLING_SECONDS are over.
    """
    link, delivery, end = run.matrix.link(), list[float](), perf_counter() + SAMPLING_SECONDS
    ledger.open()
    for sender, ear in turns:
        if perf_counter() > end:
            break
        await asyncio.sleep(BREATH_SECONDS)
        ear.heard = asyncio.Event()
        number = ledger.depart(perf_counter())
        await link.ok(sender.request(number))
        await asyncio.wait_for(ear.heard.wait(), LOST_SECONDS)
        delivery.append(ledger.latencies[-1])
    link.close()
    return delivery[WARM_UP:]


async def _creation(run: Run, samples: int) -> list[float]:
    """Seconds of createRoom for a direct chat, each with someone new."""
    creator, *others = await run.matrix.register_many(1 + samples + WARM_UP, "chat")
    link, times = run.matrix.link(), []
    for other in others:
        request = create_direct_request(creator, other)
        started = perf_counter()
        await link.ok(request)
        times.append(perf_counter() - started)
    link.close()
    return times[WARM_UP:]


SCENARIO = Scenario(
    name="pair",
    title="Two people alone",
    how=(
        "One sends, the other waits in `/sync`; the next message sets out when the one before was "
        "answered and delivered. Timed from the start of the send until the receiver's client has "
        "decoded it. Then one person opens direct chats (`createRoom`, `trusted_private_chat`, "
        "`is_direct`, one invitation) with one new person after another, timed until the 200. On "
        "Palabre the invited person is then in the chat; on Synapse they have yet to join."
    ),
    figures=(
        Figure("delivery_p50_ms", "delivery, median", "ms", Target("at_most", 4)),
        Figure("delivery_p99_ms", "delivery, 99th percentile", "ms"),
        Figure("create_p50_ms", "creating a direct chat, median", "ms", Target("at_most", 10)),
        Figure("create_p99_ms", "creating a direct chat, 99th percentile", "ms"),
    ),
    measure=measure,
)
