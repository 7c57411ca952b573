"""What the endpoints from before `/sync` answer, and the shape events have there."""

from collections.abc import Iterable
from typing import Any

import msgspec

from ...core import json
from ...core.json import JsonObject
from ..rooms.models import Event


class Chunk(msgspec.Struct):
    """`GET /events`: what happened after `start`, oldest first. `end` is where to go on."""

    start: str
    end: str
    chunk: list[JsonObject]


class RoomInfo(msgspec.Struct, omit_defaults=True):
    """One room as it is. Of an invitation there is only the `invite`, the event itself."""

    room_id: str
    membership: str | None = None
    """None: of somebody who looks in from outside."""
    visibility: str | None = None
    """`public` for a room in the directory, `private` for others."""
    invite: JsonObject | None = None
    messages: Chunk | None = None
    state: list[JsonObject] | None = None
    account_data: list[JsonObject] | None = None
    presence: list[JsonObject] | None = None
    receipts: list[JsonObject] | None = None


class InitialSync(msgspec.Struct):
    """`GET /initialSync`: everything of a person. `end` is where `GET /events` goes on."""

    end: str
    rooms: list[RoomInfo]
    presence: list[JsonObject]
    receipts: list[JsonObject]
    account_data: list[JsonObject]


def old_event(event: Event, device_id: str) -> JsonObject:
    """An event with the member that was later named `sender` besides."""
    body: JsonObject = json.decode(event.for_sender(device_id))
    return {**body, "user_id": event.sender}


def old_presence(events: Iterable[bytes | msgspec.Raw]) -> list[JsonObject]:
    """`m.presence` events with the person in the content, where they were before `sender`."""
    bodies: list[JsonObject] = [json.decode(bytes(event)) for event in events]
    return [{**body, "content": {**body["content"], "user_id": body["sender"]}} for body in bodies]


def of_room(room_id: str, events: Iterable[msgspec.Raw]) -> list[JsonObject]:
    """What belongs to a room but does not say so in `/sync`, where it stands beneath its room."""
    return [{**decoded(event), "room_id": room_id} for event in events]


def decoded(event: msgspec.Raw) -> dict[str, Any]:
    body: dict[str, Any] = json.decode(bytes(event))
    return body
