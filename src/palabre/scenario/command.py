"""`palabre scenario`: replay a calendar and write a report."""

import asyncio
import gc
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Annotated, TypeVar

import msgspec
import typer

from ..core.errors import ApiError
from ..storage.database import StorageError
from .reading import ScenarioError, home, names, read

T = TypeVar("T")

app = typer.Typer(help="Replay a calendar on the real services with a simulated clock.", no_args_is_help=True)

Base = Annotated[
    Path | None, typer.Option("--path", help="Folder that has scenarios/ and policies/.  [default: the nearest]")
]


@app.command("list")
def list_scenarios(path: Base = None) -> None:
    """What can be run."""
    for name in _say(lambda: names(home(path or Path.cwd()))):
        typer.echo(name)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="A folder in scenarios/.")],
    accounts: Annotated[int, typer.Option(min=100, help="How many people.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people and the same numbers.")] = 1,
    out: Annotated[Path, typer.Option(help="The report to write.")] = Path("report.html"),
    database: Annotated[
        str | None, typer.Option(help="postgresql://… , empty; without it, SQLite in a temporary folder.")
    ] = None,
    path: Base = None,
    numbers: Annotated[Path | None, typer.Option(help="Also write the figures as JSON, for programs.")] = None,
) -> None:
    """Live a calendar day by day, check what must be true, and write a report. Exit status 1 if it was not."""
    from .report import write
    from .runner import Outcome, Runner, rehearse
    from .services import Services

    base = _say(lambda: home(path or Path.cwd()))
    script = _say(lambda: read(base, name))
    other = script.scenario.compare
    compared = _say(lambda: read(base, other)) if other is not None else None

    async def live(folder: Path, bar: "Bar") -> tuple[Outcome, Outcome | None]:
        services = Services(folder, database)
        await services.database.start()
        try:
            outcome = await Runner(script, accounts, seed, services, bar.tick).run()
        finally:
            await services.database.close()
        return outcome, await rehearse(compared, accounts, seed) if compared is not None else None

    days = sum((period.end - period.begin).days + 1 for period in script.scenario.periods)
    began = perf_counter()
    # What a day leaves behind is freed by counting references; looking for cycles among millions of objects again and
    # again would take a quarter of the time.
    gc.disable()
    try:
        with tempfile.TemporaryDirectory(prefix="palabre-scenario-") as folder, Bar(name, days) as bar:
            outcome, rehearsed = _say(lambda: asyncio.run(live(Path(folder), bar)))
    finally:
        gc.enable()
    outcome.seconds = perf_counter() - began
    out.write_text(write(outcome, rehearsed), encoding="utf-8")
    if numbers is not None:
        numbers.write_bytes(msgspec.json.format(msgspec.json.encode(outcome.figures())))
    for rule, tally in outcome.tallies.items():
        typer.echo(f"{rule:10} {tally.checks:>12,} checks {tally.people:>16,} people {tally.breaches:>6,} broken")
    typer.echo(f"{accounts:,} people in {outcome.seconds:.1f} s. The report is {out}.")
    if outcome.breaches:
        typer.secho("\n".join(outcome.breaches[:10]), fg="red", err=True)
        raise typer.Exit(1)


class Bar:
    """Progress by day, and a line for each event of the calendar."""

    def __init__(self, name: str, days: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("days"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task(name, total=days)

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()

    def tick(self, day: date, says: str) -> None:
        """Without words, the day is over."""
        if says:
            self._progress.console.print(f"{day}  {says}")
        else:
            self._progress.update(self._task, advance=1, description=str(day))


def _say(work: Callable[[], T]) -> T:
    """What cannot be done is said in a line."""
    try:
        return work()
    except (ScenarioError, ApiError, StorageError, OSError) as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from None
