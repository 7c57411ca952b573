"""`palabre chat`, from the first question to the end."""

import asyncio
import contextlib
from pathlib import Path

from prompt_toolkit import PromptSession, print_formatted_text

from . import account, files
from .conversations import Conversations
from .screen import Screen
from .wording import Refusal, Wording

DEFAULT_SERVER = "http://127.0.0.1:8008"


async def chat(server: str | None, folder: Path, say: Wording) -> None:
    """Sign in if need be, then talk until the person leaves. Raises `Refusal` or `files.InUseError`."""
    with files.held(folder):
        left = None
        while left in (None, "revoked"):
            credentials = account.load(folder)
            if credentials is None:
                credentials = await _sign_in(server or DEFAULT_SERVER, folder, say)
            elif server is not None and server != credentials.homeserver:
                raise Refusal("elsewhere", "", server=credentials.homeserver)
            left = await _talk(credentials, folder, say)
            if left in ("signed_out", "revoked"):
                files.forget(folder, unsent=left == "signed_out")
                print_formatted_text(say(left))


async def _sign_in(server: str, folder: Path, say: Wording) -> account.Credentials:
    prompt: PromptSession[str] = PromptSession()

    async def ask(question: str, /, **values: str) -> str:
        return (await prompt.prompt_async(say(question, **values), is_password=question.startswith("pin"))).strip()

    def tell(refusal: Refusal) -> None:
        print_formatted_text(say.refusal(refusal))

    print_formatted_text(say("welcome", server=server))
    credentials = await account.SignIn(server, say.language, ask, tell).run()
    account.save(folder, credentials)
    return credentials


async def _talk(credentials: account.Credentials, folder: Path, say: Wording) -> str:
    """Returns how it ended: `quit`, `signed_out` or `revoked`."""
    screen: Screen | None = None
    conversations = Conversations(credentials, folder, lambda: screen.redraw() if screen else None)
    screen = Screen(conversations, say)
    follow = asyncio.create_task(conversations.run())
    # A fault in the background must not leave a screen that looks alive.
    follow.add_done_callback(lambda task: screen.application.exit() if screen.application.is_running else None)
    try:
        await screen.application.run_async()
    finally:
        follow.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await follow
        await conversations.close()
    waiting = len(conversations.unsent.messages)
    if screen.left == "quit" and waiting:
        print_formatted_text(say.count("kept", waiting))
    return screen.left or "quit"
