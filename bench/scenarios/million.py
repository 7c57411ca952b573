"""A million people, from the announcement to the end of the ladder."""

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
        started = perf_counter()
        subprocess.run(
            [sys.executable, "-m", "palabre", "scenario", "run", "whatsapp-2021", *options],
            check=True,
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
        )
        seconds = perf_counter() - started
        found = json.loads(numbers.read_text())
    return {
        "seconds": seconds,
        "memory_gb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6,
        "start_rows": found["rows"]["start"],
        "deadline_rows": found["rows"]["deadline"],
        "decisions": found["decisions"],
    }


SCENARIO = Scenario(
    name="million",
    title="January 2021 with a million accounts",
    how=(
        "`palabre scenario run whatsapp-2021 --accounts 1000000`: the real services on a simulated clock and a SQLite "
        "file, one process on one core. Rows are counted over all tables before and after the start of the roll-out, and "
        "before and after the day of the deadline in force, with nobody doing anything."
    ),
    figures=(
        Figure("seconds", "whole calendar, invariants checked, report written", "s", Target("at_most", 120)),
        Figure("memory_gb", "largest resident size", "GB", Target("at_most", 2)),
        Figure("start_rows", "rows written by starting the roll-out", "", Target("at_most", 99)),
        Figure("deadline_rows", "rows written by a deadline that passes", "", Target("at_most", 0)),
        Figure("decisions", "decisions recorded", ""),
    ),
    measure=measure,
    alone=True,
)
