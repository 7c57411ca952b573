"""An open loop: messages set out at times fixed in advance, whether or not the server keeps up."""

import asyncio
import random
from itertools import accumulate
from time import perf_counter

from bench.load import Ledger, audience
from bench.matrix import Sender
from bench.scenario import Figure, Run, Scenario, Target
from bench.scenarios.direct import direct_chats
from bench.stats import percentile_ms
from bench.wire import Pool

DRAIN_SECONDS = 3


def timetable(rate: float, seconds: float) -> list[float]:
    """Seconds at which messages set out: a Poisson process, as people who know nothing of each other make.

    The same every time, so that both servers and every run get the same bursts.
    """
    chance = random.Random(2021)
    return list(accumulate(chance.expovariate(rate) for _ in range(int(rate * seconds))))


async def measure(run: Run) -> dict[str, float]:
    chats = await direct_chats(run.matrix, run.size(palabre=100, synapse=100, quick=10))
    rate = run.size(palabre=1000, synapse=20, quick=20)
    warm_up, seconds = run.size(palabre=(3, 15), synapse=(3, 15), quick=(1, 2))
    ledger = Ledger()
    receivers = (chat.receiver for chat in chats)
    senders = [Sender(chat.sender, chat.room_id) for chat in chats]
    async with audience(run.matrix, receivers, ledger):
        await _send_all(run, senders, timetable(rate, warm_up), ledger)
        ledger.open_for_new()
        late = await _send_all(run, senders, timetable(rate, seconds), ledger)
    return {
        "offered_per_second": rate,
        "undelivered": len(late) - len(ledger.latencies),
        "p50_ms": percentile_ms(ledger.latencies, 50),
        "p99_ms": percentile_ms(ledger.latencies, 99),
        "client_late_p99_ms": percentile_ms(late, 99),
    }


async def _send_all(run: Run, senders: list[Sender], times: list[float], ledger: Ledger) -> list[float]:
    """Sends at `times`, in one chat after the other; waits up to DRAIN_SECONDS for the rest to be answered.

    A message counts from the time it was meant to set out, so a client or a server that falls behind pays for
    it. Returns by how many seconds the client itself was late.
    """
    pool, late, tasks = Pool(run.matrix.address), [], []
    start = perf_counter() + 0.1
    for index, offset in enumerate(times):
        intended = start + offset
        if (ahead := intended - perf_counter()) > 0:
            await asyncio.sleep(ahead)
        number = ledger.depart(intended)
        late.append(perf_counter() - intended)
        tasks.append(asyncio.create_task(pool.ok(senders[index % len(senders)].request(number))))
    done, unanswered = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
    for task in unanswered:
        task.cancel()
    for task in done:
        task.result()
    await asyncio.sleep(0.2)
    pool.close()
    return late


SCENARIO = Scenario(
    name="steady",
    title="1,000 messages a second, come what may",
    how=(
        "An open loop over 100 direct chats: the send times (a Poisson process) are fixed in advance and "
        "delivery is timed from the intended send time, so waiting is never left out. Synapse, which cannot "
        "carry 1,000 messages a second, is offered 20."
    ),
    figures=(
        Figure("offered_per_second", "messages offered a second", ""),
        Figure("p50_ms", "delivery, median", "ms"),
        Figure("p99_ms", "delivery, 99th percentile", "ms", Target("at_most", 15)),
        Figure("undelivered", "messages not delivered", ""),
        Figure("client_late_p99_ms", "of which the client was late, 99th percentile", "ms"),
    ),
    measure=measure,
)
