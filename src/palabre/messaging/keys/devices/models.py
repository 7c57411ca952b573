"""Device keys as clients upload and query them."""

from typing import Any

import msgspec

from ....core.json import JsonObject
from ..one_time.models import KeyObject


class DeviceKeys(msgspec.Struct):
    """What device keys must have. They are stored whole, with whatever else the device signed."""

    user_id: str
    device_id: str
    algorithms: list[str]
    keys: dict[str, str]
    signatures: dict[str, dict[str, str]]


class UploadBody(msgspec.Struct):
    """Body of `POST /keys/upload`."""

    device_keys: JsonObject | None = None
    one_time_keys: dict[str, KeyObject] = {}
    fallback_keys: dict[str, KeyObject] = {}


class Uploaded(msgspec.Struct):
    """Algorithm to number of unclaimed one-time keys."""

    one_time_key_counts: dict[str, int]


class QueryBody(msgspec.Struct):
    """Body of `POST /keys/query`: user id to device ids, none of them meaning all."""

    device_keys: dict[str, list[str]]
    timeout: int | None = None


class Queried(msgspec.Struct):
    """Answer of `POST /keys/query`, by user id. `failures` stays empty: there are no remote servers."""

    device_keys: dict[str, dict[str, JsonObject]]
    master_keys: dict[str, JsonObject]
    self_signing_keys: dict[str, JsonObject]
    user_signing_keys: dict[str, JsonObject]
    failures: dict[str, Any] = {}
