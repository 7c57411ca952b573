"""The command line: `palabre serve`, `backup`, `restore`, `chat`. One sub-app per domain as they come."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Palabre, a messenger that keeps its terms.", no_args_is_help=True, add_completion=False)

Data = Annotated[Path, typer.Option(help="Folder that holds everything the server keeps.")]
DatabaseUrl = Annotated[str | None, typer.Option(help="postgresql://… ; without it, SQLite in the data folder.")]


@app.command()
def serve(
    data: Data = Path("var"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8008,
    server_name: Annotated[str, typer.Option(help="Part after the colon in user ids; never changes.")] = "localhost",
    database: DatabaseUrl = None,
    bus: Annotated[str | None, typer.Option(help="nats://… ; needed where several servers share a database.")] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Where people reach the server, e.g. https://chat.example.org")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with further settings.")] = None,
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
            test_mode=test_mode,
        )
        run(settings)
    except (ValueError, OSError) as error:
        typer.secho(f"Palabre cannot start: {error}", fg="red", err=True)
        raise typer.Exit(1) from None


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="File to write; must not exist yet.")],
    data: Data = Path("var"),
    database: DatabaseUrl = None,
) -> None:
    """Write everything into one file, consistent, while the server runs."""
    from .storage import backup as storage_backup

    asyncio.run(storage_backup.backup(database, data, file))
    typer.echo(f"Saved to {file}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `palabre backup` wrote.")],
    data: Data = Path("var"),
    database: DatabaseUrl = None,
) -> None:
    """Fill an empty database from a backup."""
    from .storage import backup as storage_backup

    asyncio.run(storage_backup.restore(database, data, file))
    typer.echo(f"Restored from {file}. Start the server with `palabre serve`.")


@app.command()
def chat(
    server: Annotated[str, typer.Option(help="Address of the server.")] = "http://127.0.0.1:8008",
    profile: Annotated[str, typer.Option(help="Name of the person on this computer; each has an account.")] = "default",
    language: Annotated[str | None, typer.Option(help="en or fr; by default the terminal's.")] = None,
) -> None:
    """Talk, end-to-end encrypted, from this terminal."""
    try:
        from .chat import account, run
    except ImportError:
        typer.secho("The terminal client is not installed. Install it with: pip install 'palabre[chat]'", err=True)
        raise typer.Exit(1) from None
    try:
        asyncio.run(run.chat(server.rstrip("/"), run.default_folder(profile), language))
    except account.RefusedError as refused:
        typer.secho(str(refused), fg="red", err=True)
        raise typer.Exit(1) from None
    except (EOFError, KeyboardInterrupt):
        typer.echo()


def main() -> None:
    app()
