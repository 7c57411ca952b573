"""A person at a terminal with `palabre chat`: types keys, and looks at what is on the screen."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prompt_toolkit.application.current import AppSession, create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from palabre.chat import run
from palabre.chat.wording import Wording

from ..api import until

ENTER, TAB, NEW_LINE, PAGE_UP, PAGE_DOWN, CTRL_C = "\r", "\t", "\n", "\x1b[5~", "\x1b[6~", "\x03"


class _Output(DummyOutput):
    def __init__(self, rows: int, columns: int) -> None:
        self._size = Size(rows=rows, columns=columns)
        self.printed = ""

    def get_size(self) -> Size:
        return self._size

    def write(self, data: str) -> None:
        self.printed += data


class Terminal:
    def __init__(self, keyboard: PipeInput, output: _Output, session: AppSession, program: asyncio.Task[None]) -> None:
        self._keyboard = keyboard
        self._output = output
        self._session = session
        self._program = program
        self._heard = 0

    @property
    def rows(self) -> list[str]:
        """What is on the screen now."""
        app = self._session.app
        screen = app.renderer.last_rendered_screen if app is not None else None
        if screen is None:
            return []
        columns = range(self._output.get_size().columns)
        return ["".join(screen.data_buffer[y][x].char for x in columns).rstrip() for y in range(screen.height)]

    @property
    def printed(self) -> str:
        """What was printed line by line, before the screen and after it."""
        return self._output.printed

    def type(self, *keys: str) -> None:
        self._keyboard.send_text("".join(keys))

    def paste(self, text: str) -> None:
        self._keyboard.send_text(f"\x1b[200~{text}\x1b[201~")

    def says(self, text: str) -> bool:
        return text in "\n".join(self.rows)

    async def hears(self, text: str) -> None:
        """Wait until this is printed, after what was heard before: questions, and what is said to answers."""
        try:
            await until(lambda: text in self.printed[self._heard :] or not self._running(), 30)
        except AssertionError:
            raise AssertionError(f"{text!r} not in {self.printed[self._heard :]!r}") from None
        self._heard = self.printed.index(text, self._heard) + len(text)

    async def sees(self, *texts: str, seconds: float = 30) -> None:
        """Wait until all of these stand on the screen."""
        try:
            await until(lambda: self._running() and all(self.says(text) for text in texts), seconds)
        except AssertionError:
            raise AssertionError(f"{texts} not on\n" + "\n".join(self.rows) + f"\n{self.printed}") from None

    async def sees_no(self, text: str) -> None:
        await until(lambda: not self.says(text), 30)

    def _running(self) -> bool:
        if self._program.done():
            self._program.result()
            raise AssertionError(f"palabre chat has ended\n{self.printed}")
        return True

    async def leave(self) -> None:
        """Ctrl-C; returns when the program has ended."""
        self.type(CTRL_C)
        await self._program

    async def ended(self) -> None:
        await asyncio.wait_for(self._program, 30)


@asynccontextmanager
async def terminal(
    folder: Path, server: str | None = None, *, language: str = "en", rows: int = 24, columns: int = 90
) -> AsyncIterator[Terminal]:
    """`palabre chat` on a terminal of this size, with the person's folder."""
    output = _Output(rows, columns)
    sessions: list[AppSession] = []
    with create_pipe_input() as keyboard:

        async def program() -> None:
            with create_app_session(input=keyboard, output=output) as session:
                sessions.append(session)
                await run.chat(server, folder, Wording(language))

        task = asyncio.create_task(program())
        await until(lambda: sessions)
        try:
            yield Terminal(keyboard, output, sessions[0], task)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
