"""What the room directory shows of a room, and what it can be asked."""

from typing import Any, Literal

import msgspec

from ...core import errors
from ..rooms.models import Room

MAX_ALIAS_BYTES = 255

Summary = dict[str, Any]
"""The members that published rooms, space hierarchies and room summaries have in common."""


class AliasBody(msgspec.Struct):
    """Body of `PUT /directory/room/{roomAlias}`."""

    room_id: str


class VisibilityBody(msgspec.Struct):
    """Body of `PUT /directory/list/room/{roomId}`."""

    visibility: Literal["public", "private"] = "public"


class PublishedFilter(msgspec.Struct):
    generic_search_term: str | None = None
    room_types: list[str | None] | None = None


class PublishedQuery(msgspec.Struct):
    """Body of `POST /publicRooms`."""

    limit: int | None = None
    since: str | None = None
    filter: PublishedFilter = msgspec.field(default_factory=PublishedFilter)
    include_all_networks: bool = False
    third_party_instance_id: str | None = None


def summary(room: Room) -> Summary:
    """A room as strangers may see it; what it does not have is absent."""
    found: Summary = {
        "room_id": room.room_id,
        "num_joined_members": len(room.joined),
        "world_readable": room.history_visibility == "world_readable",
        "guest_can_join": room.text("m.room.guest_access", "guest_access") == "can_join",
        "join_rule": room.join_rule,
    }
    texts = {
        "name": room.text("m.room.name", "name"),
        "topic": room.text("m.room.topic", "topic"),
        "avatar_url": room.text("m.room.avatar", "url"),
        "canonical_alias": room.text("m.room.canonical_alias", "alias"),
        "room_type": room.text("m.room.create", "type"),
    }
    found.update((name, text) for name, text in texts.items() if text)
    return found


def check_alias(alias: str, server_name: str) -> None:
    """Raises 400 `M_INVALID_PARAM` for what cannot be an alias on this server (appendix "Room Aliases")."""
    name, colon, server = alias[1:].partition(":")
    if not alias.startswith("#") or not colon or not name or any(sign.isspace() for sign in alias):
        raise errors.invalid_param("A room alias looks like #name:server.")
    if server != server_name:
        raise errors.invalid_param(f"Aliases on this server end in :{server_name}.")
    if len(alias.encode()) > MAX_ALIAS_BYTES:
        raise errors.invalid_param(f"A room alias is at most {MAX_ALIAS_BYTES} bytes.")
