"""What has been written and is not with the server yet. It is kept on disk, so that no text is lost."""

import secrets
from pathlib import Path

import msgspec

from . import files
from .wording import Refusal


class Message(msgspec.Struct):
    room_id: str
    text: str
    ts: int
    """When it was written, in milliseconds since 1970."""
    txn_id: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(12))
    """Sent again under the same id, a message that had arrived is not there twice."""


class _Kept(msgspec.Struct):
    user_id: str
    messages: list[Message] = []
    drafts: dict[str, str] = {}


class Unsent:
    """`messages` in the order they were written; `drafts` by room: what was typed and not sent off."""

    def __init__(self, folder: Path, user_id: str) -> None:
        self._path = folder / files.UNSENT
        self._kept = _Kept(user_id)
        if self._path.exists():
            kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
            if kept.user_id == user_id:
                self._kept = kept
        self.refused: dict[str, Refusal] = {}
        """Why the server would not have a message, by transaction id."""
        self.sent: dict[str, Message] = {}
        """By event id: with the server, and not come back with a sync yet."""

    @property
    def messages(self) -> list[Message]:
        return self._kept.messages

    @property
    def drafts(self) -> dict[str, str]:
        return self._kept.drafts

    @property
    def waiting(self) -> list[Message]:
        return [message for message in self.messages if message.txn_id not in self.refused]

    def add(self, message: Message) -> None:
        self._kept.messages.append(message)
        self.save()

    def remove(self, message: Message) -> None:
        """It is not to be sent any more."""
        if message in self._kept.messages:
            self._kept.messages.remove(message)
            self.save()

    def forget_sent(self, room_id: str) -> None:
        self.sent = {event_id: message for event_id, message in self.sent.items() if message.room_id != room_id}

    def save(self) -> None:
        files.write(self._path, msgspec.json.encode(self._kept))
