"""What a device sends to others, and what is known in memory of what waits for a device."""

from typing import NamedTuple

import msgspec

from ...core.json import JsonObject


class SendBody(msgspec.Struct):
    """Body of `PUT /sendToDevice/{eventType}/{txnId}`: user id to device id (or `*`) to content."""

    messages: dict[str, dict[str, JsonObject]]


class Waiting(NamedTuple):
    """Positions between which a device's undelivered messages lie. There may be fewer than it says, never others."""

    oldest: int
    newest: int
