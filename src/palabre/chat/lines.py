"""A chat as a list of lines, made from the events of its room."""

import unicodedata
from typing import Any

import msgspec
import nio

_INVISIBLE = {"\u200e", "\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
"""Marks that turn the writing direction: in a terminal they disorder what stands beside them."""


class Line(msgspec.Struct):
    """One message. `kind` is `text`, `emote`, `attachment`, `deleted` or `unreadable`."""

    event_id: str
    sender: str
    ts: int
    kind: str
    text: str = ""
    locked: Any = None
    """The event as it came, while it cannot be decrypted: its key may still arrive."""


class Chat:
    def __init__(self, room_id: str) -> None:
        self.room_id = room_id
        self.lines: list[Line] = []
        self.older: str | None = None
        """Where the messages before `lines` begin; None: there are none."""
        self.unread = 0
        self.typing: list[str] = []
        """User ids of others who are writing just now."""
        self._receipts: dict[str, str] = {}
        """The newest event each other person has read."""
        self._edits: dict[str, nio.Event] = {}
        """By the id of the message that each replaces."""
        self._deleted: set[str] = set()

    @property
    def last_ts(self) -> int:
        return self.lines[-1].ts if self.lines else 0

    def has(self, event_id: str) -> bool:
        return any(line.event_id == event_id for line in self.lines)

    def begin(self, older: str | None) -> None:
        """Forget all lines: there is a gap between them and what comes now."""
        self.lines = []
        self.older = older

    def append(self, events: list[Any]) -> None:
        """Add what a sync brought."""
        self._note(events)
        known = {line.event_id for line in self.lines}
        found = [line for line in map(_line, events) if line and line.event_id not in known]
        self.lines += found
        self._settle()
        senders = {line.sender for line in found}
        self.typing = [user_id for user_id in self.typing if user_id not in senders]

    def prepend(self, events: list[Any], older: str | None) -> None:
        """Add what lies further back; `events` newest first."""
        self.older = older
        self._note(events)
        known = {line.event_id for line in self.lines}
        found = [line for line in map(_line, reversed(events)) if line and line.event_id not in known]
        self.lines[:0] = found
        self._settle()

    def unlock(self, decrypt: Any) -> None:
        """Try the lines that could not be read again; `decrypt` gives the readable event or None."""
        for index, line in enumerate(self.lines):
            event = decrypt(line.locked) if line.locked is not None else None
            if event is not None:
                self._note([event])
                self.lines[index] = _line(event) or Line(line.event_id, line.sender, line.ts, "deleted")
        self._settle()

    def read_by(self, user_id: str, event_id: str) -> None:
        self._receipts[user_id] = event_id

    def seen(self, me: str) -> int:
        """How many lines, from the first, somebody else has seen. Who answers has seen what stands before."""
        read = set(self._receipts.values())
        for index in range(len(self.lines) - 1, -1, -1):
            if self.lines[index].event_id in read or self.lines[index].sender != me:
                return index + 1
        return 0

    def _note(self, events: list[Any]) -> None:
        """Edits and deletions change other lines, which may come before or after them."""
        for event in events:
            if isinstance(event, nio.RedactionEvent):
                self._deleted.add(event.redacts)
            elif (target := _edited(event)) is not None:
                earlier = self._edits.get(target)
                if earlier is None or earlier.server_timestamp <= event.server_timestamp:
                    self._edits[target] = event

    def _settle(self) -> None:
        """Apply to the lines what was noted."""
        for line in self.lines:
            edit = self._edits.get(line.event_id)
            if line.event_id in self._deleted:
                line.kind, line.text, line.locked = "deleted", "", None
            elif edit is not None and edit.sender == line.sender and line.kind == "text":
                new: dict[str, Any] = edit.source["content"].get("m.new_content") or {}
                line.text = clean(str(new.get("body", "")))


def _line(event: Any) -> Line | None:
    if _edited(event) is not None:
        return None
    kind, text = _content(event)
    if kind is None:
        return None
    locked = event if kind == "unreadable" else None
    return Line(event.event_id, event.sender, event.server_timestamp, kind, clean(text), locked)


def _content(event: Any) -> tuple[str | None, str]:
    if isinstance(event, nio.RoomMessageText | nio.RoomMessageNotice):
        return "text", event.body
    if isinstance(event, nio.RoomMessageEmote):
        return "emote", event.body
    if isinstance(event, nio.RoomMessageMedia | nio.RoomEncryptedMedia):
        return "attachment", event.body
    if isinstance(event, nio.RoomMessageUnknown):
        return "text", str(event.source["content"].get("body", ""))
    if isinstance(event, nio.MegolmEvent):
        return "unreadable", ""
    if isinstance(event, nio.RedactedEvent) and event.type in ("m.room.message", "m.room.encrypted"):
        return "deleted", ""
    return None, ""


def _edited(event: Any) -> str | None:
    """The id of the message that this event replaces."""
    if not isinstance(event, nio.RoomMessage):
        return None
    relation = event.source["content"].get("m.relates_to")
    if isinstance(relation, dict) and relation.get("rel_type") == "m.replace":
        return str(relation.get("event_id"))
    return None


def clean(text: str) -> str:
    """Without signs that would steer the terminal."""
    shown = text.replace("\r\n", "\n").replace("\t", "    ")
    return "".join(
        sign
        for sign in shown
        if sign == "\n" or (unicodedata.category(sign) not in ("Cc", "Cs") and sign not in _INVISIBLE)
    ).strip("\n")
