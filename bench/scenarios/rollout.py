"""Whether people who talk notice that new terms are being rolled out."""

import asyncio
from statistics import median

from bench.load import Ledger, audience, background, talk
from bench.matrix import Sender
from bench.operator import Operator
from bench.scenario import Figure, Run, Scenario, Target
from bench.scenarios.direct import direct_chats

PAIRS = 5
"""Windows without and with a roll-out, in turns, so that the machine's moods fall on both."""


async def measure(run: Run) -> dict[str, float]:
    chats = await direct_chats(run.matrix, run.size(palabre=100, synapse=0, quick=10))
    operator = Operator(run.server)
    await operator.publish("0")
    await operator.roll_out("0")
    warm_up, duration = run.size(palabre=3, synapse=0, quick=1), run.size(palabre=8, synapse=0, quick=2)
    without: list[float] = []
    running: list[float] = []
    starting: list[float] = []
    ledger = Ledger()
    receivers = (chat.receiver for chat in chats)
    talkers = (talk(run.matrix, Sender(chat.sender, chat.room_id), ledger) for chat in chats)
    async with audience(run.matrix, receivers, ledger), background(talkers):
        for number in range(1, PAIRS + 1):
            await asyncio.sleep(warm_up)
            without.append(await _window(ledger, duration))
            await operator.publish(str(number))
            rollout_id = await operator.roll_out(str(number))
            starting.append(await _window(ledger, warm_up))
            running.append(await _window(ledger, duration))
            await operator.roll_back(rollout_id)
    await operator.close()
    return {
        "without_per_second": median(without),
        "running_per_second": median(running),
        "starting_per_second": median(starting),
        "share": median(with_it / before for with_it, before in zip(running, without, strict=True)) * 100,
        "gaps": ledger.gaps,
    }


async def _window(ledger: Ledger, duration: float) -> float:
    ledger.latencies.clear()
    return await ledger.window(0, duration)


SCENARIO = Scenario(
    name="rollout",
    title="Talking while a roll-out runs",
    how=(
        "The hundred chats of the first scenario, at full speed, while the operator starts a roll-out that asks all "
        "200 people and takes it back again, five times: windows without and with it take turns. “Starting” is the "
        "time right after the start, in which everybody who syncs gets a room and a message from the server."
    ),
    figures=(
        Figure("without_per_second", "messages delivered, no roll-out", "1/s"),
        Figure("running_per_second", "messages delivered, roll-out running", "1/s"),
        Figure("starting_per_second", "messages delivered, while everybody is told", "1/s"),
        Figure("share", "with a roll-out, of without", "%", Target("at_least", 95)),
        Figure("gaps", "`limited` timelines (messages missed)", ""),
    ),
    measure=measure,
    alone=True,
)
