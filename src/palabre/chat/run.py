"""`palabre chat`, from the first question to the end."""

import asyncio
import contextlib
import getpass
import logging
import os
import re
from pathlib import Path

import typer

from ..core.text import Texts
from . import account
from .conversations import Conversations
from .screen import Screen

TEXTS = Path(__file__).parent / "texts"


def default_folder(profile: str) -> Path:
    """Where the person's keys and account are kept."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "palabre" / re.sub(r"[^\w.-]", "_", profile)


async def chat(homeserver: str, folder: Path, language: str | None) -> None:
    """Sign in if need be, then talk until the person leaves. Raises `account.RefusedError`."""
    texts = Texts.load(TEXTS)
    chosen = texts.choose(language, os.environ.get("LC_ALL") or os.environ.get("LANG", "")[:2])
    credentials = account.load(folder)
    if credentials is None:
        credentials = await account.sign_in(
            homeserver,
            lambda question: _ask(texts.get(chosen, question), hidden=question == "pin"),
            lambda reason: typer.echo(texts.get(chosen, "failed", reason=reason)),
            chosen,
        )
        account.save(folder, credentials)
    logging.disable(logging.CRITICAL)  # nio's log lines would be written over the screen
    screen: Screen | None = None
    conversations = Conversations(credentials, folder, lambda: screen.redraw() if screen else None)
    screen = Screen(conversations, texts, chosen)
    follow = asyncio.create_task(conversations.run())
    try:
        await screen.application.run_async()
    finally:
        follow.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await follow
        await conversations.close()
    if screen.signed_out:
        account.forget(folder)
        typer.echo(texts.get(chosen, "signed_out"))


def _ask(question: str, *, hidden: bool) -> str:
    return (getpass.getpass(question) if hidden else input(question)).strip()
