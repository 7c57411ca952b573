"""The command line: `palabre serve`, `backup`, `restore`, `chat`; and the sub-apps `policy`, `rollout`, `scenario`."""

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from .policy.commands import documents, receipts, rollouts
from .scenario.command import app as scenario

app = typer.Typer(help="Palabre, a messenger that keeps its terms.", no_args_is_help=True, add_completion=False)
documents.app.command("preview")(rollouts.preview_command)
documents.app.command("verify")(receipts.verify_receipt)
app.add_typer(documents.app, name="policy")
app.add_typer(rollouts.app, name="rollout")
app.add_typer(scenario, name="scenario")

Data = Annotated[Path, typer.Option(help="Folder that holds everything the server keeps.")]
DatabaseUrl = Annotated[str | None, typer.Option(help="postgresql://… ; without it, SQLite in the data folder.")]


@app.command()
def serve(
    data: Annotated[Path | None, typer.Option(help="Folder for everything the server keeps.  [default: var]")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.  [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.  [default: 8008]")] = None,
    server_name: Annotated[
        str | None, typer.Option(help="Part after the colon in user ids; never changes.  [default: localhost]")
    ] = None,
    database: DatabaseUrl = None,
    bus: Annotated[str | None, typer.Option(help="nats://… ; needed where several servers share a database.")] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Where people reach the server, e.g. https://chat.example.org")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file with these and further settings; options here win over it.")
    ] = None,
    test_mode: Annotated[
        bool, typer.Option("--test-mode", help="Open registration, codes 000000, movable clock; loopback only.")
    ] = False,
) -> None:
    """Run the server until it is stopped."""
    from .serve import load_settings, run

    try:
        settings = load_settings(
            config,
            data=data,
            host=host,
            port=port,
            server_name=server_name,
            database=database,
            bus=bus,
            public_url=public_url,
            test_mode=test_mode or None,
        )
        run(settings, lambda: typer.echo(f"Palabre is at {settings.base_url}. Ctrl-C stops it.", err=True))
    except (ValueError, OSError) as error:
        typer.secho(f"Palabre cannot start: {error}", fg="red", err=True)
        raise typer.Exit(1) from None


def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; what the storage or the system refuses is said in a line."""
    from .storage.database import StorageError

    try:
        asyncio.run(work)
    except (StorageError, OSError) as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from None


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="File to write; must not exist yet.")],
    data: Data = Path("var"),
    database: DatabaseUrl = None,
) -> None:
    """Write everything into one file, consistent, while the server runs."""
    from .storage import backup as storage_backup

    _finish(storage_backup.backup(database, data, file))
    typer.echo(f"Saved to {file}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `palabre backup` wrote.")],
    data: Data = Path("var"),
    database: DatabaseUrl = None,
) -> None:
    """Fill an empty database from a backup."""
    from .storage import backup as storage_backup

    _finish(storage_backup.restore(database, data, file))
    typer.echo(f"Restored from {file}. Start the server with `palabre serve`.")


@app.command()
def chat(
    server: Annotated[
        str | None, typer.Option(help="Address of the server; by default http://127.0.0.1:8008.", show_default=False)
    ] = None,
    profile: Annotated[str, typer.Option(help="Name of the person on this computer; each has an account.")] = "default",
    language: Annotated[Literal["en", "fr"] | None, typer.Option(help="By default the terminal's.")] = None,
) -> None:
    """Talk, end-to-end encrypted, from this terminal."""
    try:
        from .chat import files, run, wording
    except ImportError:
        typer.secho("The terminal client is not installed. Install it with: pip install 'palabre[chat]'", err=True)
        raise typer.Exit(1) from None
    logging.disable(logging.CRITICAL)  # log lines would be written over the screen
    say = wording.Wording(language)
    try:
        asyncio.run(run.chat(server.rstrip("/") if server else None, files.default_folder(profile), say))
    except wording.Refusal as refusal:
        typer.secho(say.refusal(refusal), fg="red", err=True)
        raise typer.Exit(1) from None
    except files.InUseError:
        typer.secho(say("in_use"), fg="red", err=True)
        raise typer.Exit(1) from None
    except (EOFError, KeyboardInterrupt):
        typer.echo()


def main() -> None:
    app()
