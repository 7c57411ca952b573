"""A million people, from the announcement to the end of the ladder."""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bench.machine import SERVER_CORE
from bench.scenario import Figure, Run, Scenario, Target


async def measure(run: Run) -> dict[str, float]:
    """The scenario in a process of its own, on the server's core; the server that was started is not asked."""
    accounts = run.size(palabre=1_000_000, synapse=0, quick=5_000)
    with tempfile.TemporaryDirectory() as folder:
        numbers = Path(folder) / "numbers.json"
        options = ["--accounts", str(accounts), "--out", str(Path(folder) / "report.html"), "--numbers", str(numbers)]
        command = [sys.executable, "-m", "palabre", "scenario", "run", "whatsapp-2021", *options]
        started = perf_counter()
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
        )
        if await process.wait() != 0:
            raise RuntimeError("the scenario did not end as it should")
        seconds = perf_counter() - started
        found = json.loads(numbers.read_text())
    starts = [rows for name, rows in found["rows"].items() if name.endswith("roll_out")]
    return {
        "seconds": seconds,
        "memory_gb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6,
        "start_rows": max(starts),
        "deadline_rows": found["checks"]["quiet"]["breaches"],
        "decisions": sum(found["decisions"].values()),
        "breaches": sum(tally["breaches"] for tally in found["checks"].values()),
    }


SCENARIO = Scenario(
    name="million",
    title="January 2021 with a million accounts",
    how=(
        "`palabre scenario run whatsapp-2021 --accounts 1000000`: the real services on a simulated clock and a SQLite "
        "file, one process on one core, the calendar from 2016 on, its rules checked for everybody on each of 219 "
        "days, and the report written. What is written is counted before and after each operation and each midnight."
    ),
    figures=(
        Figure("seconds", "whole calendar, invariants checked, report written", "s", Target("at_most", 120)),
        Figure("memory_gb", "largest resident size", "GB", Target("at_most", 2)),
        Figure("start_rows", "rows written by creating and starting a roll-out", "", Target("at_most", 99)),
        Figure("deadline_rows", "midnights at which anything was written", "", Target("at_most", 0)),
        Figure("breaches", "rules found broken", "", Target("at_most", 0)),
        Figure("decisions", "decisions recorded", ""),
    ),
    measure=measure,
    alone=True,
)
