"""One room whose every member listens: what a message costs when it goes to hundreds of people."""

from bench.load import Ledger, audience, background, talk
from bench.matrix import Sender
from bench.scenario import Figure, Run, Scenario, Target
from bench.stats import percentile_ms

SENDERS = 8


async def measure(run: Run) -> dict[str, float]:
    size = run.size(palabre=256, synapse=128, quick=32)
    people = await run.matrix.register_many(size)
    room_id = await run.matrix.group(people[0], people[1:])
    ledger = Ledger()
    talkers = (talk(run.matrix, Sender(who, room_id), ledger) for who in people[:SENDERS])
    async with audience(run.matrix, people, ledger), background(talkers):
        deliveries_per_second = await ledger.window(
            warm_up=run.size(palabre=3, synapse=8, quick=1),
            duration=run.size(palabre=10, synapse=25, quick=2),
        )
    return {
        "members": size,
        "deliveries_per_second": deliveries_per_second,
        "p50_ms": percentile_ms(ledger.latencies, 50),
        "p99_ms": percentile_ms(ledger.latencies, 99),
        "gaps": ledger.gaps,
    }


SCENARIO = Scenario(
    name="group",
    title="One room of 256 members",
    how=(
        f"All members loop on `/sync`; {SENDERS} of them send in a closed loop. Each member who gets a "
        "message that someone else wrote is one delivery. Synapse gets 128 members, since it is that "
        "slow."
    ),
    figures=(
        Figure("members", "members", ""),
        Figure("deliveries_per_second", "deliveries", "1/s", Target("at_least", 5000)),
        Figure("p50_ms", "delivery, median", "ms"),
        Figure("p99_ms", "delivery, 99th percentile", "ms"),
        Figure("gaps", "`limited` timelines (messages missed)", ""),
    ),
    measure=measure,
)
