"""Identifiers. All are opaque and unguessable; none says anything about a person.

Event and room ids start with the millisecond they were made in, so that a database index on them grows at one
end instead of at random pages; the 120 random bits after it are what makes them unguessable.
"""

import base64
import secrets

from .clock import wall_ms

_LOWER = "abcdefghijkmnpqrstuvwxyz23456789"


def _timed(random_bytes: int) -> str:
    stamp = wall_ms().to_bytes(6, "big")
    return base64.urlsafe_b64encode(stamp + secrets.token_bytes(random_bytes)).decode().rstrip("=")


def event_id() -> str:
    """A room version 4+ style event id: `$` and 28 URL-safe characters."""
    return "$" + _timed(15)


def room_id(server_name: str) -> str:
    """A room id of room versions 1 to 11."""
    return f"!{_timed(12)}:{server_name}"


def room_id_v12() -> str:
    """A room id of room version 12 and later, which has no server name."""
    return "!" + _timed(25)


def localpart() -> str:
    """The localpart of a new account: 16 characters with no look-alikes."""
    return "".join(secrets.choice(_LOWER) for _ in range(16))


def device_id() -> str:
    return "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(10))


_UUID_DIGITS = 31
"""Hexadecimal digits of randomness in a UUID of version 4, the last of which gives two bits."""
_digits, _used = "", 0


def uuid() -> str:
    """A random UUID (RFC 9562 version 4). Randomness is fetched for many at a time: fetching is what takes the time."""
    global _digits, _used
    if _used == len(_digits):
        _digits, _used = secrets.token_hex(_UUID_DIGITS * 64), 0
    own = _digits[_used : _used + _UUID_DIGITS]
    _used += _UUID_DIGITS
    variant = "89ab"[int(own[30], 16) & 3]
    return f"{own[:8]}-{own[8:12]}-4{own[12:15]}-{variant}{own[15:18]}-{own[18:30]}"


def secret(prefix: str = "", random_bytes: int = 32) -> str:
    """A bearer secret (token, code, session id), URL-safe, with a prefix that names its kind."""
    return prefix + secrets.token_urlsafe(random_bytes)
