"""A dehydrated device as clients upload it and take it up again."""

import msgspec

from ....core.json import JsonObject
from ..one_time.models import KeyObject


class DehydratedBody(msgspec.Struct):
    """Body of `PUT /dehydrated_device`. `device_data` holds the private keys, encrypted for their owner."""

    device_id: str
    device_data: JsonObject
    device_keys: JsonObject
    one_time_keys: dict[str, KeyObject] = {}
    fallback_keys: dict[str, KeyObject] = {}
    initial_device_display_name: str | None = None


class Dehydrated(msgspec.Struct, frozen=True):
    device_id: str
    device_data: JsonObject


class EventsBody(msgspec.Struct):
    """Body of `POST /dehydrated_device/{device_id}/events`."""

    next_batch: str | None = None


class Events(msgspec.Struct):
    events: list[msgspec.Raw]
    next_batch: str
