"""The report: every figure beside its target, for people who were not there."""

import math
from collections.abc import Sequence
from pathlib import Path

from bench.machine import ROOT
from bench.results import Result
from bench.scenario import Figure, Scenario

DOCUMENT = ROOT / "docs" / "benchmarks.md"
NEAR_CEILING = 0.7
"""Share of the client's own ceiling above which a figure says more about the client."""

_INTRODUCTION = """\
# Benchmarks

Written by `make bench` (`python -m bench`); do not edit. Palabre and Synapse run one after the other on the
same machine, scenario by scenario in the same run, and the same client drives both.

**What is the same.** Each server is one process pinned on one core, the client on another; loopback, plain
HTTP/1.1 with keep-alive; an empty data directory for every scenario; SQLite in WAL mode with
`synchronous=FULL`, so that nothing is acknowledged before it is on disk (Synapse leaves `synchronous` alone
and its SQLite defaults to FULL: the run checks that and refuses to compare otherwise); rate limits off;
presence on, as both ship.

**What is in Synapse's favour.** Logs below warnings are off, passwords take the cheapest bcrypt, there is no
federation listener, and it gets smaller sizes where it would take too long.

**What counts.** Ratios within one run. Absolute times depend on the machine and on who else uses it; nothing
in the test suite asserts them.
"""


def write_report(pairs: Sequence[tuple[Scenario, Result | None]], path: Path = DOCUMENT) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(render(pairs))


def render(pairs: Sequence[tuple[Scenario, Result | None]]) -> str:
    """The whole document, as Markdown."""
    results = [result for _, result in pairs if result]
    parts = [_INTRODUCTION, _summary(pairs)]
    if results:
        parts.append(_conditions(max(results, key=lambda result: result.measured_at)))
    parts += [_section(scenario, result) for scenario, result in pairs]
    return "\n".join(parts)


def _summary(pairs: Sequence[tuple[Scenario, Result | None]]) -> str:
    rows = [
        f"| [{scenario.title}](#{scenario.name}) {_row(figure, result)}"
        for scenario, result in pairs
        for figure in scenario.figures
        if figure.target
    ]
    head = "| scenario | figure | Palabre | Synapse | ratio | target | |\n|---|---|--:|--:|--:|---|---|\n"
    return "## Targets\n\n" + head + "\n".join(rows) + "\n"


def _conditions(result: Result) -> str:
    machine, ceiling = result.machine, result.ceiling_per_second
    return f"""\
## Machine

| | |
|---|---|
| CPU | {machine.cpu}, {machine.cores} cores |
| memory | {machine.memory_gib:g} GiB |
| kernel | Linux {machine.kernel} |
| Python, SQLite | {machine.python}, {machine.sqlite} |
| disk | append 4 KiB and fsync: {machine.fsync_ms:g} ms (median) |
| load average before | {machine.load_before:g} |
| the client's ceiling | {ceiling:,.0f} requests/s against a server that does nothing: \
{ceiling / 2:,.0f} delivered messages/s |
"""


def _section(scenario: Scenario, result: Result | None) -> str:
    title = f'<a id="{scenario.name}"></a>\n\n## {scenario.title}\n\n{scenario.how}\n'
    if result is None:
        return f"{title}\nNot measured yet.\n"
    rows = "\n".join(_row(figure, result) for figure in scenario.figures)
    versions = "; ".join(
        f"{name.capitalize()} {server.version}"
        + (f", others took {server.others_cpu:.0%} of the cores" if server.others_cpu is not None else "")
        for name, server in result.servers.items()
    )
    notes = [f"Measured {result.measured_at:%Y-%m-%d %H:%M} UTC: {versions}."]
    notes += [
        f"{name.capitalize()} failed: {server.failure}." for name, server in result.servers.items() if server.failure
    ]
    notes += [] if result.whole or result.quick or scenario.alone else ["Not both servers were in this run."]
    notes += _near_ceiling(scenario, result)
    table = f"| figure | Palabre | Synapse | ratio | target | |\n|---|--:|--:|--:|---|---|\n{rows}\n"
    return f"{title}\n{table}\n" + "\n\n".join(notes) + "\n"


def _row(figure: Figure, result: Result | None) -> str:
    palabre = result.values("palabre").get(figure.key) if result else None
    synapse = result.values("synapse").get(figure.key) if result else None
    target = str(figure.target) if figure.target else ""
    verdict = ""
    if figure.target:
        verdict = _verdict(None if palabre is None else figure.target.met(palabre, synapse))
    unit = f" ({figure.unit})" if figure.unit else ""
    ratio = _ratio(palabre, synapse) if figure.unit else ""
    return f"| {figure.label}{unit} | {_number(palabre)} | {_number(synapse)} | {ratio} | {target} | {verdict} |"


def _near_ceiling(scenario: Scenario, result: Result) -> list[str]:
    """A warning when the client may have been what was measured."""
    delivered = result.values("palabre").get("delivered_per_second", 0)
    if 2 * delivered < NEAR_CEILING * result.ceiling_per_second:
        return []
    return ["Palabre came near the client's own ceiling: its figure is a lower bound."]


def _verdict(met: bool | None) -> str:
    return "not measured" if met is None else "**met**" if met else "**not met**"


def _ratio(palabre: float | None, synapse: float | None) -> str:
    """Palabre over Synapse, in words that need no thought about which way is better."""
    if not palabre or not synapse or math.isnan(palabre) or math.isnan(synapse):
        return ""
    more = palabre >= synapse
    return f"{palabre / synapse if more else synapse / palabre:.2g} × {'more' if more else 'less'}"


def _number(value: float | None) -> str:
    """Three significant digits, and no fraction from a hundred on."""
    if value is None:
        return "–"
    if math.isnan(value):
        return "none"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
