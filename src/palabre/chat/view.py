"""What is on the screen: which chat, how far back, and what it says below. Drawing only; changes nothing elsewhere."""

from datetime import datetime

from prompt_toolkit.utils import get_cwidth

from . import drawing
from .conversations import Conversations
from .drawing import Entry, Row
from .lines import Line
from .wording import Wording

WAITING, SENT, SEEN = "…", "✓", "✓✓"


class View:
    def __init__(self, conversations: Conversations, say: Wording) -> None:
        self._conversations = conversations
        self._say = say
        self.chosen: str | None = None
        self.notice = ""
        self.helping = False
        self._back = 0
        """Rows between the end of the conversation and the bottom of the window."""
        self._anchor: str | None = None
        """While scrolled back, the last line there was: what comes meanwhile does not move the text being read."""
        self._rows = 0
        self._height = 1

    # moving

    def choose(self, room_id: str | None) -> None:
        self.chosen = room_id
        self._back, self._anchor = 0, None
        self.dismiss()

    def dismiss(self) -> None:
        self.notice, self.helping = "", False

    @property
    def at_end(self) -> bool:
        return self._anchor is None and not self.helping

    def scroll(self, pages: int) -> bool:
        """Move back (or, negative, forward) by pages; whether older messages should be loaded."""
        if self.chosen is None or self.chosen not in self._conversations.chats:
            return False
        lines = self._conversations.chats[self.chosen].lines
        most = max(0, self._rows - self._height)
        page = max(1, self._height - 1)
        if pages > 0 and self._anchor is None and lines:
            self._anchor = lines[-1].event_id
        self._back = max(0, min(most, self._back + pages * page))
        if self._back == 0:
            self._anchor = None
        return pages > 0 and self._back + 2 * self._height > self._rows

    # drawing

    def list_width(self, columns: int) -> int:
        return 0 if columns < 50 else min(26, columns // 4)

    def chats(self, width: int, height: int) -> list[Row]:
        """The list on the left, kept around the chosen chat."""
        ordered = self._conversations.ordered()
        at = next((index for index, chat in enumerate(ordered) if chat.room_id == self.chosen), 0)
        first = max(0, min(at - (height - 1) // 2, len(ordered) - (height - 1)))
        rows: list[Row] = [[("class:faint", drawing.cut(self._say("chats"), width))]]
        for chat in ordered[first : first + height - 1]:
            badge = f" {chat.unread}" if chat.unread and chat.room_id != self.chosen else ""
            if any(message.room_id == chat.room_id for message in self._conversations.unsent.messages):
                badge += f" {WAITING}"
            style = "class:chosen" if chat.room_id == self.chosen else "class:unread" if badge else ""
            title = drawing.cut(self.title(chat.room_id), width - len(badge) - 1)
            space = " " * max(0, width - 1 - get_cwidth(title) - len(badge))
            rows.append([(style, f"{title}{space}{badge}"), ("", " ")])
        return rows

    def title(self, room_id: str) -> str:
        name, others = self._conversations.title(room_id)
        return name or ", ".join(self.person(room_id, user) for user in others[:4]) or self._say("nobody_left")

    def person(self, room_id: str, user_id: str) -> str:
        return self._conversations.name(room_id, user_id) or self._say("nameless")

    def heading(self, width: int) -> Row:
        if self.chosen is None or self.chosen not in self._conversations.chats:
            return [("class:faint", "Palabre")]
        typing = [self.person(self.chosen, user) for user in self._conversations.chats[self.chosen].typing]
        locked = self._conversations.is_encrypted(self.chosen)
        if typing:
            aside = self._say("typing", name=", ".join(typing))
        else:
            aside = self._say("encrypted" if locked else "not_encrypted")
        title = drawing.cut(self.title(self.chosen), max(4, width - get_cwidth(aside) - 3))
        return [("class:unread", title), ("class:faint" if locked or typing else "class:notice", f" · {aside}")]

    def conversation(self, width: int, height: int) -> list[Row]:
        if self.helping:
            return drawing.paragraphs(self._say("help_text"), width)
        if self.chosen is None or self.chosen not in self._conversations.chats:
            said = self._say("no_chats") if self._conversations.ready else self._connection()
            return drawing.paragraphs(said, width, "class:notice")
        rows = drawing.conversation(self._entries(self.chosen), width, self._say, datetime.now().astimezone())
        chat = self._conversations.chats[self.chosen]
        if chat.older is None:
            rows[:0] = drawing.paragraphs(self._say("beginning"), width, "class:faint")
        self._rows, self._height = len(rows), height
        self._back = max(0, min(self._back, len(rows) - height))
        end = len(rows) - self._back
        return rows[max(0, end - height) : end]

    def _entries(self, room_id: str) -> list[Entry]:
        """The lines of a chat, and after them what is on its way."""
        chat = self._conversations.chats[room_id]
        seen = chat.seen(self._conversations.user_id)
        entries: list[Entry] = []
        locked = 0
        for index, line in enumerate(chat.lines):
            locked = locked + 1 if line.kind == "unreadable" else 0
            if locked > 1:
                entries[-1].text = self._say.count("unreadable", locked)
            else:
                entries.append(self._entry(room_id, line, seen=index < seen))
            if line.event_id == self._anchor:
                return entries
        unsent = self._conversations.unsent
        me = self._say("you")
        for message in unsent.sent.values():
            if message.room_id == room_id:
                entries.append(Entry(message.ts, me, message.text, mine=True, mark=SENT))
        for message in unsent.messages:
            if message.room_id == room_id:
                entry = Entry(message.ts, me, message.text, mine=True, mark=WAITING)
                refusal = unsent.refused.get(message.txn_id)
                if refusal is not None:
                    entry.mark, entry.trouble = "✗", self._say("refused", reason=self._say.refusal(refusal))
                entries.append(entry)
        return entries

    def _entry(self, room_id: str, line: Line, *, seen: bool) -> Entry:
        if line.kind == "unreadable":
            return Entry(line.ts, "", self._say.count("unreadable", 1), mine=False, faint=True)
        mine = line.sender == self._conversations.user_id
        name = self._say("you") if mine else self.person(room_id, line.sender)
        if line.kind == "text":
            text = line.text
        elif line.kind == "emote":
            text = f"* {line.text}"
        else:
            text = self._say(line.kind, name=line.text)
        mark = (SEEN if seen else SENT) if mine else ""
        return Entry(line.ts, name, text, mine, faint=line.kind not in ("text", "emote"), mark=mark)

    def _connection(self) -> str:
        return self._say("connecting" if self._conversations.online is None else "offline")

    def status(self) -> str:
        """One line: what was just said to the person, else how things stand, else how to get help."""
        if self.notice:
            return self.notice
        waiting = len(self._conversations.unsent.waiting)
        if not self._conversations.online:
            return f"{self._connection()} {self._say.count('waiting', waiting)}" if waiting else self._connection()
        if self._anchor is not None:
            return self._say("back")
        return self._say("help")
