"""What a profile is."""

from typing import Any

import msgspec

MAX_PROFILE = 65536
"""Bytes of a whole profile (Client-Server API, "Profiles")."""
MAX_FIELD_NAME = 255


class Profile(msgspec.Struct, frozen=True):
    user_id: str
    fields: dict[str, Any]

    @property
    def displayname(self) -> str | None:
        return self.fields.get("displayname")

    @property
    def avatar_url(self) -> str | None:
        return self.fields.get("avatar_url")


class Found(msgspec.Struct, frozen=True):
    """One result of a search in the directory."""

    user_id: str
    display_name: str | None
    avatar_url: str | None
