"""`palabre rollout`: bringing a published version to everyone, and keeping hold of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
import typer
from rich.console import Console

from ..documents.reading import DocumentError, Folder, read_folder
from . import rollout_tables as tables
from .admin import SERVER, TOKEN_FILE, ActorOption, Refused, Server, ServerOption, TokenOption, actor_name, stop
from .rollout_tables import touched

app = typer.Typer(help="Bring a published version to everyone, by a date.", no_args_is_help=True)

ROLLOUTS = "/_palabre/admin/v1/rollouts"
PREVIEW = "/_palabre/admin/v1/preview"

Id = Annotated[str, typer.Argument(metavar="ROLLOUT", help="Id of the roll-out, as `palabre rollout list` shows it.")]
FolderArgument = Annotated[Path, typer.Argument(help="Folder of a policy version, with its rollout.yaml.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the records.", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before doing it.")]
EditionOption = Annotated[str | None, typer.Option("--edition", help="Only for the people of this edition.")]
Format = Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it.")]


# drafts


@app.command()
def create(
    folder: FolderArgument,
    reason: Reason,
    actor: ActorOption = None,
    server: ServerOption = SERVER,
    token_file: TokenOption = TOKEN_FILE,
) -> None:
    """Make a draft from the plan of a version that is published. Nobody is asked anything before it is started."""
    read = _read(folder)
    policy = read.document.policy
    body = {
        "policy": policy.id,
        "version": policy.version,
        "plan": msgspec.to_builtins(read.plan),
        **_said(actor, reason),
    }
    rollout = _ask(Server(server, token_file), "POST", ROLLOUTS, body)
    tables.show(rollout, Console())
    typer.echo(f"Made. See whom it reaches: palabre rollout preview {rollout['rollout_id']}")


@app.command()
def revise(
    rollout_id: Id,
    folder: FolderArgument,
    reason: Reason,
    actor: ActorOption = None,
    server: ServerOption = SERVER,
    token_file: TokenOption = TOKEN_FILE,
) -> None:
    """Give a draft the plan that is in the folder now."""
    body = {"plan": msgspec.to_builtins(_read(folder).plan), **_said(actor, reason)}
    tables.show(_ask(Server(server, token_file), "POST", f"{_path(rollout_id)}/revise", body), Console())


# looking


@app.command(name="list")
def list_(
    policy: Annotated[str | None, typer.Option(help="Only those of this policy.")] = None,
    format: Format = "text",
    server: ServerOption = SERVER,
    token_file: TokenOption = TOKEN_FILE,
) -> None:
    """All roll-outs."""
    path = f"{ROLLOUTS}?policy={quote(policy, safe='')}" if policy else ROLLOUTS
    _print(_ask(Server(server, token_file), "GET", path)["rollouts"], format, tables.overview)


@app.command()
def show(
    rollout_id: Id, format: Format = "text", server: ServerOption = SERVER, token_file: TokenOption = TOKEN_FILE
) -> None:
    """One roll-out with all of its dates."""
    _print(_ask(Server(server, token_file), "GET", _path(rollout_id)), format, tables.show)


@app.command()
def preview(
    rollout_id: Id, format: Format = "text", server: ServerOption = SERVER, token_file: TokenOption = TOKEN_FILE
) -> None:
    """How many people each step reaches on each day, from the accounts as they are."""
    _print(_ask(Server(server, token_file), "GET", f"{_path(rollout_id)}/preview"), format, tables.preview)


def preview_command(
    folder: FolderArgument, format: Format = "text", server: ServerOption = SERVER, token_file: TokenOption = TOKEN_FILE
) -> None:
    """How many people each step of a plan would reach on each day, before anything is published."""
    read = _read(folder)
    document = {
        "policy": msgspec.to_builtins(read.document.policy),
        "wording": msgspec.to_builtins(read.document.wording),
    }
    body = {"document": document, "plan": msgspec.to_builtins(read.plan)}
    _print(_ask(Server(server, token_file), "POST", PREVIEW, body), format, tables.preview)


@app.command()
def funnel(
    rollout_id: Id,
    by_day: Annotated[bool, typer.Option("--by-day", help="A line for each day and country.")] = False,
    format: Format = "text",
    server: ServerOption = SERVER,
    token_file: TokenOption = TOKEN_FILE,
) -> None:
    """How far people have come: told, seen, decided, limited, gone."""
    report = _ask(Server(server, token_file), "GET", f"{_path(rollout_id)}/funnel")
    _print(report, format, lambda found, console: tables.funnel(found, console, by_day=by_day))


@app.command()
def history(
    rollout_id: Id, format: Format = "text", server: ServerOption = SERVER, token_file: TokenOption = TOKEN_FILE
) -> None:
    """What was done to a roll-out, by whom, and why."""
    operations = _ask(Server(server, token_file), "GET", f"{_path(rollout_id)}/operations")["operations"]
    _print(operations, format, tables.history)


# operations


@app.command()
def start(
    rollout_id: Id,
    reason: Reason,
    actor: ActorOption = None,
    yes: Yes = False,
    server: ServerOption = SERVER,
    token_file: TokenOption = TOKEN_FILE,
) -> None:
    """Let it begin: people are told from its announcement on."""
    _operate(Server(server, token_file), "start", rollout_id, _said(actor, reason), yes)


@app.command()
def hold(
    rollout_id: Id,
    reason: Reason,
    actor: ActorOption = None,
    yes: Yes = False,
    server: ServerOption = SERVER,
    token_file: TokenOption = TOKEN_FILE,
) -> None:
    """Stop its clock: nothing is asked of anybody, and nobody is limited, until it is resumed."""
    _operate(Server(server, token_file), "hold", rollout_id, _said(actor, reason), yes)


@app.command()
def resume(
    rollout_id: Id,
    reason: Reason,
    actor: ActorOption = None,
    yes: Yes = False,
    server: ServerOption = SERVER,
    token_file: TokenOption = TOKEN_FILE,
) -> None:
    """Go on after a hold: every date moves by its length."""
    _operate(Server(server, token_file), "resume", rollout_id, _said(actor, reason), yes)


@app.command()
def extend(
    rollout_id: Id,
    deadline: Annotated[str, typer.Argument(help="The new deadline: 2021-05-15, or with a time in UTC.")],
    reason: Reason,
    edition: EditionOption = None,
    actor: ActorOption = None,
    yes: Yes = False,
    server: ServerOption = SERVER,
    token_file: TokenOption = TOKEN_FILE,
) -> None:
    """Give more time: every limit and deletion that is in force or to come is off until the new deadline."""
    body = {**_said(actor, reason), "deadline": deadline, "edition": edition}
    _operate(Server(server, token_file), "extend", rollout_id, body, yes)


@app.command()
def drop(
    rollout_id: Id,
    step: Annotated[str, typer.Argument(help="reminder, limited, locked, deletion_scheduled or deleted.")],
    reason: Reason,
    edition: EditionOption = None,
    actor: ActorOption = None,
    yes: Yes = False,
    server: ServerOption = SERVER,
    token_file: TokenOption = TOKEN_FILE,
) -> None:
    """Take a step off the ladder."""
    body = {**_said(actor, reason), "step": step, "edition": edition}
    _operate(Server(server, token_file), "drop", rollout_id, body, yes)


@app.command(name="roll-back")
def roll_back(
    rollout_id: Id,
    reason: Reason,
    actor: ActorOption = None,
    yes: Yes = False,
    server: ServerOption = SERVER,
    token_file: TokenOption = TOKEN_FILE,
) -> None:
    """Undo it for good: what was asked before it is asked again, and nothing else."""
    _operate(Server(server, token_file), "roll_back", rollout_id, _said(actor, reason), yes)


def _operate(server: Server, operation: str, rollout_id: str, body: dict[str, Any], yes: bool) -> None:
    """Say whom it touches, ask, and do it."""
    forecast = _ask(server, "GET", f"{_path(rollout_id)}/preview")
    typer.echo(touched(operation, forecast, body))
    if not yes:
        typer.confirm("Go on?", abort=True)
    tables.show(_ask(server, "POST", f"{_path(rollout_id)}/{operation}", body), Console())


def _ask(server: Server, method: str, path: str, body: Any = None) -> Any:
    try:
        return server.call(method, path, body)
    except Refused as refused:
        if refused.status == 401:
            stop("The server does not take this operator token. It is in operator.token in the server's data folder.")
        stop(str(refused))


def _said(actor: str | None, reason: str) -> dict[str, Any]:
    return {"actor": actor_name(actor), "reason": reason}


def _path(rollout_id: str) -> str:
    return f"{ROLLOUTS}/{quote(rollout_id, safe='')}"


def _read(folder: Path) -> Folder:
    """With its plan."""
    try:
        read = read_folder(folder)
    except DocumentError as error:
        stop(f"{folder} is no policy version.\n{error}")
    if read.plan is None:
        stop(f"{folder} has no rollout.yaml: say there when people are told, and by when they have to decide.")
    return read


def _print(found: Any, format: str, table: Callable[[Any, Console], None]) -> None:
    if format == "json":
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        table(found, Console())
