"""Cross-signing keys, signatures on keys, and what one person sees of them."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

from ....core.json import JsonObject

Usage = Literal["master", "self_signing", "user_signing"]


class CrossSigningKey(msgspec.Struct):
    """What a cross-signing key must have. It is stored whole."""

    user_id: str
    usage: list[str]
    keys: dict[str, str]
    signatures: dict[str, dict[str, str]] = {}


class PublicKey(NamedTuple):
    """A person's key for one usage: the key itself in unpadded base64, and the object it came in."""

    usage: Usage
    public_key: str
    key: JsonObject

    @property
    def key_id(self) -> str:
        return f"ed25519:{self.public_key}"


Keys = dict[Usage, PublicKey]


class Signature(NamedTuple):
    """`signer_id` signed with `signing_key` (`ed25519:…`) the key `target` of `user_id`: a device or a master key."""

    user_id: str
    target: str
    signer_id: str
    signing_key: str
    signature: str


class SigningBody(msgspec.Struct):
    """Body of `POST /keys/device_signing/upload`."""

    master_key: JsonObject | None = None
    self_signing_key: JsonObject | None = None
    user_signing_key: JsonObject | None = None
    auth: JsonObject | None = None


SignaturesBody = dict[str, dict[str, JsonObject]]
"""Body of `POST /keys/signatures/upload`: user id to device id or public key to signed object."""


class SignaturesResult(msgspec.Struct):
    """User id to device id or public key to error."""

    failures: dict[str, dict[str, JsonObject]]


class View:
    """The cross-signing keys of some people and the signatures on their keys, as one person may see them."""

    def __init__(self, viewer_id: str, keys: dict[str, Keys], signatures: Iterable[Signature]) -> None:
        self._viewer_id = viewer_id
        self._keys = keys
        self._signatures: dict[tuple[str, str], list[Signature]] = {}
        for signature in signatures:
            self._signatures.setdefault((signature.user_id, signature.target), []).append(signature)

    def sign(self, user_id: str, target: str, key: JsonObject) -> None:
        """Add to `key` the signatures that were made on it."""
        for signature in self._signatures.get((user_id, target), ()):
            by_signer = key.setdefault("signatures", {}).setdefault(signature.signer_id, {})
            by_signer[signature.signing_key] = signature.signature

    def keys(self, usage: Usage) -> dict[str, JsonObject]:
        """User id to key. User-signing keys are for their owner alone."""
        found = {}
        for user_id, of_user in self._keys.items():
            if usage in of_user and (usage != "user_signing" or user_id == self._viewer_id):
                _, public_key, key = of_user[usage]
                self.sign(user_id, public_key, key)
                found[user_id] = key
        return found
