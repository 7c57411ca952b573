"""What the terminal shows: chats on the left, the conversation on the right, a line to type in below."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import nio
from prompt_toolkit.application import Application, get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import BufferControl, Dimension, FormattedTextControl, HSplit, Layout, VSplit, Window
from prompt_toolkit.styles import Style

from .conversations import Conversations
from .drawing import Rows
from .sending import OFFLINE, NotReadyError
from .view import View
from .wording import Refusal, Wording

STYLE = Style.from_dict(
    {
        "bar": "reverse",
        "chosen": "reverse",
        "unread": "bold",
        "mine": "ansicyan",
        "other": "ansigreen",
        "faint": "ansibrightblack",
        "notice": "ansiyellow",
        "trouble": "ansired",
    }
)
INPUT_ROWS = 5
STATUS_ROWS = 3
FEW_LINES = 30


class Screen:
    """`left` says why it ended: None while it runs, then `quit`, `signed_out` or `revoked`."""

    def __init__(self, conversations: Conversations, say: Wording) -> None:
        self._conversations = conversations
        self._say = say
        self._view = View(conversations, say)
        self.left: str | None = None
        self._may_sign_out = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._input = Buffer(multiline=True, accept_handler=self._accept, on_text_changed=self._typed)
        self.application: Application[None] = Application(
            layout=Layout(self._layout()), key_bindings=self._keys(), style=STYLE, full_screen=True
        )

    def redraw(self) -> None:
        """Something came from the server."""
        if self._conversations.revoked and self.left is None:
            self._leave("revoked")
        view, chats = self._view, self._conversations.chats
        if view.chosen is not None and view.chosen not in chats:
            view.choose(None)
        if view.chosen is None and self._conversations.ready and chats:
            self._choose(self._conversations.ordered()[0].room_id)
        self._fill()
        self._mark_read()
        self.application.invalidate()

    def _fill(self) -> None:
        """A screenful of history, where the last sync brought less."""
        chat = self._conversations.chats.get(self._view.chosen or "")
        if chat is not None and chat.older is not None and len(chat.lines) < FEW_LINES:
            self._start(self._conversations.load_older(chat.room_id))

    def _mark_read(self) -> None:
        chosen = self._view.chosen
        if chosen is not None and self._view.at_end and self._conversations.chats[chosen].unread:
            self._start(self._conversations.mark_read(chosen))

    # drawing

    def _layout(self) -> HSplit:
        view = self._view
        prompt = Window(FormattedTextControl(lambda: "> "), width=2, dont_extend_width=True)
        typing = Window(
            BufferControl(self._input),
            height=lambda: Dimension(min=1, max=INPUT_ROWS),
            dont_extend_height=True,
            wrap_lines=True,
        )
        columns = VSplit(
            [
                Window(Rows(view.chats), width=lambda: Dimension.exact(view.list_width(_columns()))),
                Window(width=1, char="│", style="class:faint"),
                HSplit(
                    [
                        Window(Rows(lambda width, height: [view.heading(width)]), height=1),
                        Window(Rows(view.conversation)),
                    ]
                ),
            ]
        )
        line = Window(height=1, char="─", style="class:faint")
        status = Window(
            FormattedTextControl(self._status),
            height=lambda: Dimension(min=1, max=STATUS_ROWS),
            dont_extend_height=True,
            wrap_lines=True,
            style="class:bar",
        )
        return HSplit([columns, line, VSplit([prompt, typing]), status])

    def _status(self) -> StyleAndTextTuples:
        return [("", f" {self._view.status()}")]

    # typing

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        view = self._view
        keys.add("enter")(lambda event: self._input.validate_and_handle())
        keys.add("escape", "enter")(lambda event: self._input.insert_text("\n"))
        keys.add("c-j")(lambda event: self._input.insert_text("\n"))
        keys.add("tab")(lambda event: self._next(1))
        keys.add("s-tab")(lambda event: self._next(-1))
        keys.add("pageup")(lambda event: self._scroll(1))
        keys.add("pagedown")(lambda event: self._scroll(-1))
        keys.add("c-l")(lambda event: event.app.renderer.clear())
        keys.add("c-c")(lambda event: self._leave("quit"))
        keys.add("c-d")(lambda event: self._leave("quit"))
        keys.add("escape", eager=False)(lambda event: view.dismiss())
        return keys

    def _typed(self, buffer: Buffer) -> None:
        if self._view.chosen is not None:
            typing = bool(buffer.text) and not buffer.text.startswith("/")
            self._start(self._conversations.tell_typing(self._view.chosen, typing))

    def _scroll(self, pages: int) -> None:
        if self._view.scroll(pages) and self._view.chosen is not None:
            self._start(self._conversations.load_older(self._view.chosen))
        self._mark_read()

    def _next(self, step: int) -> None:
        rooms = [chat.room_id for chat in self._conversations.ordered()]
        if rooms:
            at = rooms.index(self._view.chosen) if self._view.chosen in rooms else -1
            self._choose(rooms[(at + step) % len(rooms)])

    def _choose(self, room_id: str) -> None:
        """Open a chat; what was typed stays with the chat it was typed in."""
        begun = self._input.text if self._view.chosen is None else ""
        self._keep_draft()
        self._view.choose(None)  # a draft that comes back is not somebody typing
        draft = begun or self._conversations.unsent.drafts.pop(room_id, "")
        self._input.document = Document(draft)
        self._view.choose(room_id)
        self._fill()
        self._start(self._conversations.mark_read(room_id))

    def _keep_draft(self) -> None:
        if self._view.chosen is not None and self._input.text.strip():
            self._conversations.unsent.drafts[self._view.chosen] = self._input.text

    def _accept(self, buffer: Buffer) -> bool:
        """Enter. True keeps the text in the line: nothing that was typed disappears because it could not be used."""
        text = buffer.text.strip()
        self._view.dismiss()
        may_sign_out, self._may_sign_out = self._may_sign_out, False
        if text.startswith("/") and not text.startswith("//"):
            name, _, argument = text[1:].partition(" ")
            return not self._command(name, argument.strip(), may_sign_out)
        if text and self._view.chosen is None:
            self._view.notice = self._say("choose" if self._conversations.ready else "connecting")
            return True
        if text and self._view.chosen is not None:
            self._conversations.send(self._view.chosen, text.removeprefix("/") if text.startswith("//") else text)
        return False

    def _command(self, name: str, argument: str, may_sign_out: bool) -> bool:
        """Whether it is one."""
        if name == "quit":
            self._input.reset()
            self._leave("quit")
        elif name == "help":
            self._view.helping = True
        elif name == "new" and argument:
            self._start(self._new(argument))
        elif name == "name" and argument:
            self._start(self._conversations.set_name(argument))
        elif name == "drop" and self._view.chosen is not None:
            self._conversations.drop(self._view.chosen)
        elif name == "out" and may_sign_out:
            self._start(self._sign_out())
        elif name == "out":
            self._may_sign_out = True
            self._view.notice = self._say("really_out")
        else:
            known = name in ("new", "name")
            self._view.notice = (
                self._say(f"usage_{name}") if known else self._say("unknown_command", command=f"/{name}")
            )
            return False
        return True

    async def _new(self, phone: str) -> None:
        self._view.notice = self._say("looking")
        room_id = await self._conversations.start(phone)
        self._view.dismiss()
        if room_id is None:
            self._view.notice = self._say("not_here", phone=phone)
        else:
            self._choose(room_id)

    async def _sign_out(self) -> None:
        await self._conversations.sign_out()
        self._leave("signed_out")

    def _leave(self, why: str) -> None:
        if self.left is not None:
            return
        self.left = why
        self._keep_draft()
        self._conversations.unsent.save()
        if self.application.is_running:
            self.application.exit()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that talks to the server while the screen goes on; what goes wrong is said."""

        async def shown() -> None:
            try:
                await work
            except Refusal as refusal:
                self._view.notice = self._say("failed", reason=self._say.refusal(refusal))
            except (*OFFLINE, NotReadyError, nio.ProtocolError):
                self._view.notice = self._say("failed", reason=self._say("no_answer"))
            self.application.invalidate()

        task = asyncio.get_running_loop().create_task(shown())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _columns() -> int:
    return get_app().output.get_size().columns
