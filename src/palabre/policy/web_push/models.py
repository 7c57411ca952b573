"""A browser's subscription to push messages."""

import base64
import hashlib
from typing import Annotated

import msgspec


class Keys(msgspec.Struct, frozen=True):
    """RFC 8291 section 2, base64url as browsers write it."""

    p256dh: Annotated[str, msgspec.Meta(max_length=128)]
    """The browser's public key."""
    auth: Annotated[str, msgspec.Meta(max_length=64)]
    """The secret that it shares with whoever may send."""


class Subscription(msgspec.Struct, frozen=True):
    user_id: str
    endpoint: str
    """Whoever knows this address can send to it: it is shown to nobody and stands in no log."""
    keys: Keys
    device_id: str | None
    """It goes when this device of the person does; None: it belongs to no device."""
    created: int

    @property
    def id(self) -> str:
        return fingerprint(self.endpoint)


def fingerprint(endpoint: str) -> str:
    """The id of a subscription: the SHA-256 of its endpoint, base64url, which a browser can work out too."""
    return base64url(hashlib.sha256(endpoint.encode()).digest())


def base64url(data: bytes) -> str:
    """Without padding, RFC 4648 section 5."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    """With padding or without. Raises ValueError."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
