"""What a run yielded, kept as JSON so that the report can be written again without measuring again."""

from datetime import datetime
from pathlib import Path

import msgspec

from bench.machine import Machine
from bench.servers import VAR

RESULTS = VAR / "results"


class ServerResult(msgspec.Struct, frozen=True):
    """One server in one scenario: a value for every figure, or why there is none."""

    version: str
    values: dict[str, float] = {}
    others_cpu: float | None = None
    """Share of the machine's cores, 0 to 1, that processes of neither client nor server took meanwhile."""
    failure: str | None = None


class Result(msgspec.Struct, frozen=True):
    """One scenario in one run."""

    scenario: str
    measured_at: datetime
    quick: bool
    machine: Machine
    ceiling_per_second: float
    """HTTP requests per second that the client alone is good for."""
    servers: dict[str, ServerResult]
    """By name of the server."""

    @property
    def whole(self) -> bool:
        """At full length and with every server in it: what a report may compare."""
        return not self.quick and {"palabre", "synapse"} <= self.servers.keys()

    def values(self, server: str) -> dict[str, float]:
        found = self.servers.get(server)
        return found.values if found else {}


def save(result: Result) -> Path:
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{result.scenario}-{result.measured_at:%Y%m%dT%H%M%SZ}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    return path


def latest(scenario: str) -> Result | None:
    """The newest result at full length; one that has both servers before any that has not."""
    found = [msgspec.json.decode(path.read_bytes(), type=Result) for path in RESULTS.glob(f"{scenario}-*.json")]
    fit = [result for result in found if not result.quick]
    return max(fit, key=lambda result: (result.whole, result.measured_at), default=None)
