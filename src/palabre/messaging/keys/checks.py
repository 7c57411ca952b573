"""Checks that several kinds of keys share."""

from typing import Any

from ...core import errors
from ...core.json import JsonObject, canonical

MAX_ID_BYTES = 255


def is_id(text: str) -> bool:
    """Whether `text` can name something in the database: not empty, at most 255 bytes, no NUL."""
    return 0 < len(text.encode()) <= MAX_ID_BYTES and "\0" not in text


def require_id(text: str, what: str) -> str:
    if not is_id(text):
        raise errors.invalid_param(f"{what} must have 1 to {MAX_ID_BYTES} bytes and no NUL character.")
    return text


def require_user_ids(user_ids: Any) -> None:
    for user_id in user_ids:
        if not (user_id.startswith("@") and is_id(user_id)):
            raise errors.invalid_param("One of the user ids is not a user id.")


def signable(signed: JsonObject) -> bytes:
    """What a signature covers: canonical JSON without `signatures` and `unsigned` (appendix "Signing JSON")."""
    return canonical({name: value for name, value in signed.items() if name not in ("signatures", "unsigned")})


def signatures_by(signed: JsonObject, user_id: str) -> dict[str, str]:
    """Key id (`ed25519:…`) to signature, of those that `user_id` made. What is not of that shape is left out."""
    signatures = signed.get("signatures")
    by_user = signatures.get(user_id) if isinstance(signatures, dict) else None
    if not isinstance(by_user, dict):
        return {}
    return {key_id: value for key_id, value in by_user.items() if isinstance(value, str)}
