"""Many people online at once: what one who waits costs in memory, and whether they are still served promptly.

Everyone is a person of their own with one direct chat.
"""

import asyncio
import random

from bench.load import Ledger, audience
from bench.matrix import Sender, gather_bounded
from bench.scenario import Figure, Run, Scenario, Target
from bench.scenarios.pair import WARM_UP, one_by_one
from bench.stats import percentile_ms

ROUSED = 200
"""People who sync once after the restart, so that what a server loads at first use is not counted."""

SETTLE_SECONDS = 3


async def measure(run: Run) -> dict[str, float]:
    count = run.size(palabre=18_000, synapse=1_000, quick=200)
    samples = run.size(palabre=200, synapse=200, quick=20)
    people = await run.matrix.register_many(count)
    pairs = list(zip(people[::2], people[1::2], strict=True))
    rooms = await gather_bounded(lambda pair: run.matrix.direct_chat(*pair), pairs)

    run.matrix.close()
    await run.server.restart()  # else memory left over from the set-up would be reused and look free
    await gather_bounded(run.matrix.first_sync, people[:ROUSED])
    await asyncio.sleep(SETTLE_SECONDS)
    before = run.server.resident_bytes()

    await gather_bounded(run.matrix.first_sync, people[ROUSED:])
    run.matrix.close()
    await asyncio.sleep(SETTLE_SECONDS)
    known = run.server.resident_bytes()

    ledger, chance = Ledger(), random.Random(2021)
    async with audience(run.matrix, people, ledger) as ears:
        await asyncio.sleep(SETTLE_SECONDS)
        waiting = run.server.resident_bytes()
        turns = [
            (Sender(sender, room_id), ear) for (sender, _), ear, room_id in zip(pairs, ears[1::2], rooms, strict=True)
        ]
        delivery = await one_by_one(run, chance.sample(turns, min(samples + WARM_UP, len(turns))), ledger)
    return {
        "people": count,
        "samples": len(delivery),
        "kb_per_wait": (waiting - known) / count / 1000,
        "kb_per_person": (waiting - before) / count / 1000,
        "delivery_p50_ms": percentile_ms(delivery, 50),
        "delivery_p99_ms": percentile_ms(delivery, 99),
    }


SCENARIO = Scenario(
    name="waiting",
    title="18,000 people waiting",
    how=(
        "18,000 people (Synapse: 1,000), each with one direct chat, each waiting in `/sync` on a "
        "connection of their own, 30 seconds at a time. The server is restarted after the set-up, and "
        "its resident memory taken three times: after 200 people have synced once, after everyone has and "
        "has hung up again, and with everyone waiting. From the second to the third is what waiting costs; "
        "from the first to the third also has what the server now remembers of each person and their chat "
        "(sessions, rooms with their state, database pages). 1 kB is 1,000 bytes. Then 200 of them, at "
        "random, get a message each, one after the other."
    ),
    figures=(
        Figure("people", "people waiting", ""),
        Figure("kb_per_wait", "resident memory for each who waits", "kB", Target("at_most", 15)),
        Figure("kb_per_person", "the same with what is remembered of each from a cold start", "kB"),
        Figure("samples", "messages timed", ""),
        Figure("delivery_p50_ms", "delivery, median", "ms", Target("at_most", 20)),
        Figure("delivery_p99_ms", "delivery, 99th percentile", "ms"),
    ),
    measure=measure,
)
