"""Signing the terminal in, and remembering it: who it is, its token, and its keys, in a folder of the person's."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec

DEVICE_NAME = "palabre chat"
_HOPELESS = {"unreachable", "M_SESSION_EXPIRED", "M_NO_VALID_SESSION", "M_THREEPID_AUTH_FAILED", "M_LIMIT_EXCEEDED"}
"""Refusals after which asking the same question again leads nowhere."""


class Credentials(msgspec.Struct):
    homeserver: str
    user_id: str
    device_id: str
    access_token: str


class RefusedError(Exception):
    """The server said no; the text is its own."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


def load(folder: Path) -> Credentials | None:
    """The account of this folder, if one is signed in."""
    path = folder / "account.json"
    return msgspec.json.decode(path.read_bytes(), type=Credentials) if path.exists() else None


def save(folder: Path, credentials: Credentials) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "account.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(credentials))


def forget(folder: Path) -> None:
    (folder / "account.json").unlink(missing_ok=True)


Ask = Callable[[str], str]
"""Asks the person the question of a text key and returns what they typed."""


async def sign_in(homeserver: str, ask: Ask, tell: Callable[[str], None], language: str) -> Credentials:
    """Number, code, and where needed PIN or name. A wrong answer is explained and asked again."""
    secret = secrets.token_urlsafe(24)
    headers = {"Accept-Language": language}
    async with httpx.AsyncClient(base_url=homeserver, headers=headers, trust_env=False, timeout=30) as http:

        async def step(name: str, **given: Callable[[], Any]) -> dict[str, Any]:
            while True:
                try:
                    return await _post(http, name, {key: answer() for key, answer in given.items()})
                except RefusedError as refused:
                    if refused.code in _HOPELESS:
                        raise
                    tell(str(refused))

        sent = await step("code", phone=lambda: ask("phone"), client_secret=lambda: secret)
        known = {"sid": lambda: sent["sid"], "client_secret": lambda: secret}
        match = await step("verify", **known, code=lambda: ask("code"))
        rest: dict[str, Callable[[], Any]] = {"initial_device_display_name": lambda: DEVICE_NAME}
        if match["is_new"]:
            rest["display_name"] = lambda: ask("name")
        if match["needs_pin"]:
            rest["pin"] = lambda: ask("pin")
        session = await step("complete", **known, **rest)
    return Credentials(homeserver, session["user_id"], session["device_id"], session["access_token"])


async def _post(http: httpx.AsyncClient, name: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = await http.post(f"/_palabre/v1/sign-in/{name}", json=body)
    except httpx.TransportError as error:
        raise RefusedError(f"{http.base_url}: {error}", "unreachable") from None
    found: dict[str, Any] = answer.json() if answer.headers.get("content-type", "").endswith("json") else {}
    if answer.status_code != 200:
        raise RefusedError(found.get("title") or f"HTTP {answer.status_code}", found.get("code", "unreachable"))
    return found
