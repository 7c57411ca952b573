"""Calling a running server from the command line, as its operator."""

import getpass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer

ServerOption = Annotated[str, typer.Option("--server", help="Address of the running server.")]
TokenOption = Annotated[Path, typer.Option("--token-file", help="File with the operator token.")]
ActorOption = Annotated[
    str | None, typer.Option("--actor", help="Who does this, for the records.  [default: your user name]")
]
SERVER = "http://127.0.0.1:8008"
TOKEN_FILE = Path("var/operator.token")


def actor_name(given: str | None) -> str:
    return given or getpass.getuser()


class Refused(Exception):  # noqa: N818  (it is the server's answer)
    """The server said no. `body` is its problem document (RFC 9457)."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body.get("title") or f"The server answered {status}."))
        self.status = status
        self.body = body


class Server:
    """`token_file` None: only what is public."""

    def __init__(self, address: str, token_file: Path | None = None) -> None:
        self._address = address.rstrip("/")
        self._headers: dict[str, str] = {}
        if token_file is not None:
            try:
                self._headers["authorization"] = f"Bearer {token_file.read_text(encoding='utf-8').strip()}"
            except OSError as error:
                stop(f"The operator token cannot be read from {token_file}: {error.strerror}.")

    def call(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """The decoded answer. Raises Refused; ends the program when nobody answers."""
        try:
            answer = httpx.request(
                method, self._address + path, json=body, params=query, headers=self._headers, timeout=60
            )
        except httpx.HTTPError as error:
            stop(f"The server at {self._address} does not answer: {error}. Is it running? (`palabre serve`)")
        if answer.is_success:
            return answer.json()
        try:
            said = answer.json()
        except ValueError:
            said = {}
        raise Refused(answer.status_code, said if isinstance(said, dict) else {})


def stop(message: str) -> NoReturn:
    """Say why not, and end with exit code 1."""
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(1)
