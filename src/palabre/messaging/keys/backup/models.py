"""Backups of room keys: a numbered version each time a person sets it up, and the keys in it."""

from typing import Annotated, Any, NamedTuple

import msgspec

from ....core.json import MAX_INT, JsonObject

Whole = Annotated[int, msgspec.Meta(ge=0, le=MAX_INT)]
Opaque = JsonObject | str
"""Encrypted or algorithm-dependent data that the server does not look into."""


class VersionBody(msgspec.Struct):
    """Body of `POST /room_keys/version` and `PUT /room_keys/version/{version}`."""

    algorithm: str
    auth_data: Opaque
    version: str | None = None


class Version(msgspec.Struct, frozen=True):
    """One backup, as clients see it. `etag` changes whenever a key in it does."""

    version: str
    algorithm: str
    auth_data: Any
    etag: str
    count: int


class KeyData(msgspec.Struct, frozen=True):
    """The backed-up key of one session."""

    first_message_index: Whole
    forwarded_count: Whole
    is_verified: bool
    session_data: Opaque

    def replaces(self, other: "KeyData") -> bool:
        """Whether this key is to be kept rather than `other`: section "Storing megolm keys serverside"."""
        return self._rank() < other._rank()

    def _rank(self) -> tuple[bool, int, int]:
        return not self.is_verified, self.first_message_index, self.forwarded_count


class RoomKeys(msgspec.Struct, frozen=True):
    """Session id to key."""

    sessions: dict[str, KeyData]


class BackupKeys(msgspec.Struct, frozen=True):
    """Room id to keys."""

    rooms: dict[str, RoomKeys]


class Updated(msgspec.Struct, frozen=True):
    """Answer to everything that changes keys."""

    etag: str
    count: int


class Place(NamedTuple):
    """Which keys of a backup are meant: all, those of a room, or that of a session."""

    room_id: str | None = None
    session_id: str | None = None
