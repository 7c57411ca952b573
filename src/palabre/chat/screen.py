"""What the terminal shows: chats on the left, the conversation on the right, a line to type in below."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from functools import partial
from typing import Any

from prompt_toolkit.application import Application, get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import BufferControl, FormattedTextControl, HSplit, Layout, VSplit, Window
from prompt_toolkit.styles import Style

from ..core.text import Texts
from .conversations import Conversations, Line, SendingError

STYLE = Style.from_dict(
    {
        "bar": "reverse",
        "chosen": "bold underline",
        "unread": "bold",
        "mine": "ansicyan",
        "other": "ansigreen",
        "faint": "ansibrightblack",
        "notice": "ansiyellow",
    }
)
COMMANDS = ("new", "name", "out", "quit")


class Screen:
    def __init__(self, conversations: Conversations, texts: Texts, language: str) -> None:
        self._conversations = conversations
        self._say = partial(texts.get, language)
        self._chosen: str | None = None
        self._notice = ""
        self.signed_out = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._input = Buffer(multiline=False, accept_handler=self._accept)
        self.application: Application[None] = Application(
            layout=Layout(self._layout()), key_bindings=self._keys(), style=STYLE, full_screen=True
        )

    def redraw(self) -> None:
        if self._chosen is None and self._conversations.chats:
            self._choose(next(iter(self._conversations.chats)))
        elif self._chosen is not None and self._conversations.chats[self._chosen].unread:
            self._start(self._conversations.mark_read(self._chosen))
        self.application.invalidate()

    # drawing

    def _layout(self) -> HSplit:
        columns = VSplit(
            [
                Window(FormattedTextControl(self._list), width=26, wrap_lines=False),
                Window(width=1, char="│", style="class:faint"),
                Window(FormattedTextControl(self._conversation), wrap_lines=True),
            ]
        )
        prompt = VSplit([Window(FormattedTextControl("> "), width=2), Window(BufferControl(self._input))], height=1)
        status = Window(FormattedTextControl(self._status), height=1, style="class:bar")
        return HSplit([columns, Window(height=1, char="─", style="class:faint"), prompt, status])

    def _list(self) -> StyleAndTextTuples:
        drawn: StyleAndTextTuples = [("class:faint", self._say("chats") + "\n\n")]
        for room_id, chat in self._conversations.chats.items():
            style = "class:chosen" if room_id == self._chosen else "class:unread" if chat.unread else ""
            badge = f" ({chat.unread})" if chat.unread else ""
            drawn += [(style, self._conversations.name(room_id)[:20]), ("class:unread", badge + "\n")]
        return drawn

    def _conversation(self) -> StyleAndTextTuples:
        if self._chosen is None:
            return [("class:notice", self._say("no_chats"))]
        chat = self._conversations.chats[self._chosen]
        room_for = max(1, get_app().output.get_size().rows - 6)
        drawn: StyleAndTextTuples = []
        started = self._say("started", name=self._conversations.name(self._chosen))
        drawn.append(("class:faint", started + "\n\n"))
        for line in chat.lines[-room_for:]:
            drawn += self._drawn(line, read=line.event_id == chat.read_by_other)
        return drawn

    def _drawn(self, line: Line, *, read: bool) -> StyleAndTextTuples:
        mine = line.sender == self._conversations.user_id
        time = datetime.fromtimestamp(line.ts / 1000).astimezone().strftime("%H:%M")
        text = line.text if line.text is not None else self._say("undecryptable")
        seen = f"  ✓ {self._say('read')}" if read and mine else ""
        return [
            ("class:faint", f"{time} "),
            ("class:mine" if mine else "class:other", f"{line.name}: "),
            ("" if line.text is not None else "class:faint", text),
            ("class:faint", seen + "\n"),
        ]

    def _status(self) -> str:
        if self._notice:
            return self._notice
        return self._say("help") if self._conversations.online else self._say("offline")

    # typing

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("tab")
        def _(event: KeyPressEvent) -> None:
            self._next(1)

        @keys.add("s-tab")
        def _(event: KeyPressEvent) -> None:
            self._next(-1)

        @keys.add("c-c")
        @keys.add("c-d")
        def _(event: KeyPressEvent) -> None:
            event.app.exit()

        return keys

    def _next(self, step: int) -> None:
        rooms = list(self._conversations.chats)
        if rooms:
            at = rooms.index(self._chosen) if self._chosen in rooms else -1
            self._choose(rooms[(at + step) % len(rooms)])

    def _choose(self, room_id: str) -> None:
        self._chosen = room_id
        self._notice = ""
        self._start(self._conversations.mark_read(room_id))

    def _accept(self, buffer: Buffer) -> bool:
        text = buffer.text.strip()
        self._notice = ""
        if text.startswith("/"):
            self._command(*text[1:].partition(" ")[::2])
        elif text and self._chosen is not None:
            self._start(self._conversations.send(self._chosen, text))
        elif text:
            self._notice = self._say("choose")
        return False

    def _command(self, name: str, argument: str) -> None:
        if name == "quit":
            self.application.exit()
        elif name == "out":
            self._start(self._sign_out())
        elif name == "new" and argument.strip():
            self._start(self._new(argument.strip()))
        elif name == "name" and argument.strip():
            self._start(self._conversations.set_name(argument.strip()))
        else:
            self._notice = self._say("unknown_command", command=f"/{name}", help=self._say("help"))

    async def _new(self, phone: str) -> None:
        room_id = await self._conversations.start(phone)
        if room_id is None:
            self._notice = self._say("not_here", phone=phone)
        else:
            self._choose(room_id)

    async def _sign_out(self) -> None:
        await self._conversations.sign_out()
        self.signed_out = True
        self.application.exit()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that talks to the server while the screen goes on; what it refuses is shown."""

        async def shown() -> None:
            try:
                await work
            except SendingError as error:
                self._notice = self._say("sending_failed", reason=error)
            self.application.invalidate()

        task = asyncio.get_running_loop().create_task(shown())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
