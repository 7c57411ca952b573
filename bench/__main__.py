"""`python -m bench`: runs the scenarios against both servers and writes docs/benchmarks.md."""

import argparse
import asyncio
import gc
import signal
import sys
from datetime import UTC, datetime

import uvloop

from bench.ceiling import measure_ceiling
from bench.machine import Bystanders, describe_machine, take_core
from bench.matrix import Matrix
from bench.report import DOCUMENT, render, write_report
from bench.results import Result, ServerResult, latest, save
from bench.scenario import Run, Scenario
from bench.scenarios import SCENARIOS
from bench.servers import VAR, Palabre, Server
from bench.synapse import Synapse

SCENARIO_SECONDS = 1800
"""After which a scenario is given up on one server: setting up a thousand rooms takes Synapse minutes."""

SERVERS: tuple[type[Server], ...] = (Synapse, Palabre)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="small and short, to see that it works; no report")
    parser.add_argument("--no-synapse", action="store_true", help="measure Palabre alone")
    parser.add_argument("--no-palabre", action="store_true", help="measure Synapse alone")
    parser.add_argument("--profile", action="store_true", help="sample Palabre with py-spy; no report")
    parser.add_argument("--render", action="store_true", help="only write the report again from kept results")
    return parser.parse_args(arguments)


async def measure(scenario: Scenario, kind: type[Server], options: argparse.Namespace) -> ServerResult:
    """Runs one scenario against one fresh server. A failure is a result too."""
    server = kind(scenario.name, profile=options.profile and kind is Palabre)
    bystanders = Bystanders()
    try:
        async with asyncio.timeout(SCENARIO_SECONDS), server:
            matrix = Matrix(server.address)
            values = await scenario.measure(Run(server, matrix, options.quick))
            matrix.close()
        return ServerResult(server.version, values, others_cpu=bystanders.share())
    except Exception as error:
        return ServerResult(server.version, failure=f"{type(error).__name__}: {error}"[:400])


async def run_all(options: argparse.Namespace) -> bool:
    """Measures, keeps and prints; returns whether every scenario came through on every server."""
    excluded = {"synapse": options.no_synapse, "palabre": options.no_palabre}
    kinds = [kind for kind in SERVERS if not excluded[kind.name]]
    machine = describe_machine(VAR)
    ceiling = await measure_ceiling(1 if options.quick else 5)
    print(f"The client's ceiling: {ceiling:,.0f} requests/s.", flush=True)
    # Asked to end, it ends its servers first.
    if (this := asyncio.current_task()) is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    sound = True
    for scenario in (one for one in SCENARIOS if one.name in options.only):
        measured_at = datetime.now(UTC)
        servers: dict[str, ServerResult] = {}
        for kind in kinds if not scenario.alone else [one for one in kinds if one is Palabre]:
            print(f"{scenario.name} on {kind.name} …", flush=True)
            servers[kind.name] = await measure(scenario, kind, options)
            sound &= servers[kind.name].failure is None
        result = Result(scenario.name, measured_at, options.quick, machine, ceiling, servers)
        if not options.profile:
            save(result)
        print(render([(scenario, result)]).partition("<a id")[2].partition("\n\n")[2], flush=True)
    return sound


def main() -> int:
    options = parse(sys.argv[1:])
    sound = True
    if not options.render:
        take_core()
        gc.freeze()
        gc.set_threshold(100_000, 50, 50)  # a pause of the client's collector would be booked on the server
        try:
            sound = uvloop.run(run_all(options))
        except (asyncio.CancelledError, KeyboardInterrupt):
            print("Interrupted; the servers it started have ended.")
            return 130
    if options.render or not (options.quick or options.profile):
        write_report([(scenario, latest(scenario.name)) for scenario in SCENARIOS])
        print(f"Written: {DOCUMENT}")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
