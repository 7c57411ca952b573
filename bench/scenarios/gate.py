"""What asking the policy gate costs a request."""

import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.operator import document
from bench.scenario import Figure, Run, Scenario, Target
from palabre.app import Parts, compose
from palabre.http.endpoint import Endpoint
from palabre.http.request import Session
from palabre.policy.documents.hashing import document_hash
from palabre.policy.documents.models import Version
from palabre.policy.rollouts.models import FOREVER, Ladder, Level, Rollout, Step, Terms
from palabre.settings import Settings
from palabre.storage.database import Transaction

DAY = 24 * 3600 * 1000
ROUNDS = 5


async def one_person(parts: Parts) -> str:
    """Somebody with a phone number who is asked to accept a version that is being rolled out."""
    now = parts.clock.ms()
    asked = document("1")
    version = Version(asked.policy.id, "1", 1, document_hash(asked), now, asked)
    steps = (
        Step(Level.NOTICE, now, "announce"),
        Step(Level.REMINDER, now + 20 * DAY, "deadline"),
        Step(Level.LIMITED, now + 30 * DAY, "deadline"),
        Step(Level.LOCKED, now + 60 * DAY, "deadline"),
    )
    rollout = Rollout("bench-1", Terms.of(version), "started", now, 30 * DAY, Ladder(now + 30 * DAY, steps))

    async def work(tx: Transaction) -> str:
        await parts.policy.catalogues.add_version(tx, version, "bench", [])
        await parts.policy.catalogues.put_rollout(tx, rollout, now, "{}")
        user_id = await parts.accounts.people.create(tx)
        await parts.accounts.people.attach(tx, user_id, "+33612345678")
        return user_id

    return await parts.database.write(work)


async def measure(run: Run) -> dict[str, float]:
    """In this process: the server that was started is not asked."""
    with tempfile.TemporaryDirectory() as folder:
        parts = compose(Settings(data=Path(folder), test_mode=True))
        await parts.database.start()
        try:
            return await _measure(parts, run)
        finally:
            await parts.database.close()


async def _measure(parts: Parts, run: Run) -> dict[str, float]:
    user_id = await one_person(parts)
    gate = parts.policy.gate
    send = Endpoint("PUT", "/send", "send")
    session = Session(user_id=user_id, device_id="bench", token_id=0)
    request: Any = None
    standing = await gate.standing(user_id)
    if standing.level is not Level.NOTICE or standing.valid_until >= FOREVER:
        raise RuntimeError("the person should be on the ladder")

    async def cached(times: int) -> float:
        started = perf_counter()
        for _ in range(times):
            await gate.guard(send, request, session)
        return (perf_counter() - started) / times * 1e6

    async def computed(times: int) -> float:
        started = perf_counter()
        for _ in range(times):
            gate._cache.clear()
            await gate.guard(send, request, session)
        return (perf_counter() - started) / times * 1e6

    async def cold(times: int) -> float:
        started = perf_counter()
        for _ in range(times):
            for service in (gate, parts.policy.decisions, parts.accounts.people):
                service._cache.clear()
            await gate.guard(send, request, session)
        return (perf_counter() - started) / times * 1e6

    times = run.size(palabre=100_000, synapse=0, quick=10_000)
    return {
        "cached_us": min([await cached(times) for _ in range(ROUNDS)]),
        "computed_us": min([await computed(times // 10) for _ in range(ROUNDS)]),
        "cold_us": min([await cold(times // 100) for _ in range(ROUNDS)]),
    }


SCENARIO = Scenario(
    name="gate",
    title="The policy gate",
    how=(
        "Whether somebody who is being asked to accept new terms may send a message: the guard that runs before every "
        "request, called in a loop within one process; the best of five rounds. “Cached” is a request like any other; "
        "“computed” the first one after something changed, with the account and the decisions in memory; “cold” with "
        "both read from SQLite."
    ),
    figures=(
        Figure("cached_us", "gate, standing cached", "µs", Target("at_most", 1)),
        Figure("computed_us", "gate, standing computed", "µs", Target("at_most", 20)),
        Figure("cold_us", "gate, everything read from the database", "µs"),
    ),
    measure=measure,
    alone=True,
)
