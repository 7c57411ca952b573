"""One-time and fallback keys, and what is known in memory of a device's supply of them."""

from typing import NamedTuple

import msgspec

from ....core.json import JsonObject

KeyObject = str | JsonObject
"""A key as the device uploaded it; the server does not look inside."""


class NewKey(NamedTuple):
    """One uploaded key. `key` is its canonical JSON."""

    algorithm: str
    key_id: str
    key: bytes


class Supply(msgspec.Struct, frozen=True):
    """What a device has left, for `/sync` and for the answer of `/keys/upload`."""

    counts: dict[str, int]
    """Algorithm to number of unclaimed one-time keys; algorithms without any are missing."""
    unused_fallbacks: list[str]
    """Algorithms with a fallback key that nobody has claimed yet."""


NO_SUPPLY = Supply({}, [])


class ClaimBody(msgspec.Struct):
    """Body of `POST /keys/claim`: user id to device id to algorithm."""

    one_time_keys: dict[str, dict[str, str]]


class Claimed(msgspec.Struct):
    """User id to device id to `<algorithm>:<key_id>` to key."""

    one_time_keys: dict[str, dict[str, dict[str, msgspec.Raw]]]
    failures: JsonObject = {}
