"""Checking Ed25519 signatures (appendix "Signing JSON"). The server checks, it never signs."""

import binascii
from base64 import b64decode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ....core.json import JsonObject
from ..checks import signable, signatures_by

KEY_BYTES = 32


def unpadded(text: str) -> bytes | None:
    """The bytes of unpadded base64, or None for what is not that."""
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def is_public_key(text: str) -> bool:
    raw = unpadded(text)
    return raw is not None and len(raw) == KEY_BYTES and not text.endswith("=")


def signed_by(signed: JsonObject, user_id: str, key_id: str, public_key: str) -> bool:
    """Whether `signed` carries a good signature of `user_id` under `key_id`, made with `public_key`."""
    signature = unpadded(signatures_by(signed, user_id).get(key_id, ""))
    raw_key = unpadded(public_key)
    if not signature or raw_key is None or len(raw_key) != KEY_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(raw_key).verify(signature, signable(signed))
    except InvalidSignature:
        return False
    return True
