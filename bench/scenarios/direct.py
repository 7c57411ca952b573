"""How many messages a second reach their reader, when a hundred pairs talk as fast as they can."""

from dataclasses import dataclass

from bench.load import Ledger, audience, background, talk
from bench.matrix import Account, Matrix, Sender, gather_bounded
from bench.scenario import Figure, Run, Scenario, Target
from bench.stats import percentile_ms


@dataclass(frozen=True)
class Chat:
    """A direct chat in which `sender` talks and `receiver` listens."""

    sender: Account
    receiver: Account
    room_id: str


async def direct_chats(matrix: Matrix, count: int) -> list[Chat]:
    """`count` direct chats between two people each, all of them different."""
    people = await matrix.register_many(2 * count)

    async def open_chat(pair: tuple[Account, Account]) -> Chat:
        return Chat(*pair, await matrix.direct_chat(*pair))

    return await gather_bounded(open_chat, zip(people[::2], people[1::2], strict=True))


async def measure(run: Run) -> dict[str, float]:
    chats = await direct_chats(run.matrix, run.size(palabre=100, synapse=100, quick=10))
    ledger = Ledger()
    receivers = (chat.receiver for chat in chats)
    talkers = (talk(run.matrix, Sender(chat.sender, chat.room_id), ledger) for chat in chats)
    async with audience(run.matrix, receivers, ledger), background(talkers):
        delivered_per_second = await ledger.window(
            warm_up=run.size(palabre=3, synapse=6, quick=1),
            duration=run.size(palabre=10, synapse=20, quick=2),
        )
    return {
        "delivered_per_second": delivered_per_second,
        "p50_ms": percentile_ms(ledger.latencies, 50),
        "p99_ms": percentile_ms(ledger.latencies, 99),
        "gaps": ledger.gaps,
    }


SCENARIO = Scenario(
    name="direct",
    title="A hundred direct chats at full speed",
    how=(
        "200 people in 100 direct chats. In each chat one sends in a closed loop (the next message sets out "
        "when the one before was answered) and the other loops on a plain `/sync?since=…&timeout=30000`. A "
        "message counts when the receiver's client has decoded it: two HTTP requests each."
    ),
    figures=(
        Figure("delivered_per_second", "messages delivered", "1/s", Target("times", 50)),
        Figure("p50_ms", "delivery at this load, median", "ms"),
        Figure("p99_ms", "delivery at this load, 99th percentile", "ms"),
        Figure("gaps", "`limited` timelines (messages missed)", ""),
    ),
    measure=measure,
)
