"""Receipts: a consent record signed by the operator, which anybody can check without asking the operator.

A receipt is a compact JWS (RFC 7515). Its payload is a consent receipt of the DPV-27560 profile around the record, in
canonical JSON (RFC 8785), with `iat`. The algorithm is called `Ed25519` (RFC 9864), not `EdDSA`: that older name leaves
the curve open and is deprecated.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from ...core.clock import Clock
from ...core.json import JsonObject
from ...storage.database import CommitCache, Database, Entry, Transaction
from ..documents.hashing import canonical
from . import store
from .context import CONTEXT, RECEIPT_PROFILE

STREAM = "receipt_key"
"""Of the log: a key was made or retired."""
ALGORITHM = "Ed25519"
TYPE = "consent-receipt+jws"


class Key(msgspec.Struct, frozen=True):
    kid: str
    """Its thumbprint, RFC 7638."""
    private: bytes
    retired: int | None
    """Milliseconds since 1970: from then on it signs nothing, but what it signed stays valid."""


class Receipts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._cache: CommitCache[str, tuple[Key, ...]] = CommitCache(1)
        database.listen(self._heard, self._cache.clear)

    def _heard(self, entries: list[Entry], own: bool) -> None:
        if not own and any(stream == STREAM for _, stream, _ in entries):
            self._cache.clear()

    async def sign(self, record: JsonObject) -> str:
        """The receipt for a consent record."""
        key = next(key for key in await self._keys() if key.retired is None)
        now = self._clock.ms() // 1000
        payload = canonical(
            {
                "@context": CONTEXT,
                "@type": "dpv:ConsentReceipt",
                "dct:conformsTo": RECEIPT_PROFILE,
                "dct:identifier": str(uuid4()),
                "dct:created": datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z"),
                "dpv:hasRecordOfActivity": record,
                "iat": now,
            }
        )
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE, "cty": "application/ld+json"}
        return await asyncio.to_thread(
            jws.serialize_compact, header, payload, _jwk(key.private), algorithms=[ALGORITHM]
        )

    async def jwks(self) -> JsonObject:
        """The public halves of all keys there ever were (RFC 7517 section 5), the one in use first."""
        return {"keys": [_public(key) for key in reversed(await self._keys())]}

    async def rotate(self) -> str:
        """Sign with a new key from now on, and return its `kid`. Earlier receipts stay valid."""
        fresh = _fresh()

        async def work(tx: Transaction) -> str:
            await store.retire_keys(tx, self._clock.ms())
            await self._add(tx, fresh)
            return fresh.kid

        return await self._database.write(work)

    async def _keys(self) -> tuple[Key, ...]:
        """The one in use last. The first is made here: inside the writer only one process finds that there is none."""
        found = await self._cache.load("", lambda: self._read(None))
        if found is None:
            fresh = _fresh()

            async def work(tx: Transaction) -> tuple[Key, ...]:
                return await self._read(tx) or await self._add(tx, fresh)

            found = await self._database.write(work)
        return found

    async def _read(self, tx: Transaction | None) -> tuple[Key, ...] | None:
        rows = await store.keys(tx or self._database)
        return tuple(Key(kid, private, retired) for kid, private, _, retired in rows) or None

    async def _add(self, tx: Transaction, key: Key) -> tuple[Key, ...]:
        await store.insert_key(tx, key.kid, key.private, self._clock.ms())
        tx.advance(STREAM, key.kid)
        keys = await self._read(tx)
        assert keys is not None
        self._cache.put("", keys, tx)
        return keys


class ReceiptError(ValueError):
    """The receipt is not what it should be; the message says what is wrong with it."""


def verify(receipt: str, jwks: Mapping[str, Any]) -> JsonObject:
    """The payload of a receipt that one of these public keys signed. Needs nothing but its arguments.

    Raises `ReceiptError`.
    """
    try:
        header = jws.extract_compact(receipt.encode()).headers()
    except (JoseError, ValueError):
        raise ReceiptError("This is not a receipt: it does not have the form of a compact JWS.") from None
    if header.get("alg") != ALGORITHM or header.get("typ") != TYPE:
        raise ReceiptError("This is signed, but not as a receipt of this kind.")
    keys = jwks.get("keys")
    named = (key for key in keys if isinstance(key, dict)) if isinstance(keys, list) else ()
    key = next((key for key in named if key.get("kid") == header.get("kid")), None)
    if key is None:
        raise ReceiptError("The key that the receipt names is not one of these public keys.")
    try:
        signed = jws.deserialize_compact(receipt, OKPKey.import_key(key), algorithms=[ALGORITHM])
        payload = msgspec.json.decode(signed.payload, type=dict[str, Any])
    except (JoseError, ValueError, TypeError, KeyError, msgspec.MsgspecError):
        raise ReceiptError("The signature is wrong: the receipt was changed, or not signed with this key.") from None
    return payload


def _fresh() -> Key:
    private = Ed25519PrivateKey.generate().private_bytes_raw()
    return Key(_jwk(private).thumbprint(), private, None)


def _jwk(private: bytes) -> OKPKey:
    return OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(private))


def _public(key: Key) -> JsonObject:
    return {**_jwk(key.private).as_dict(private=False), "kid": key.kid, "use": "sig", "alg": ALGORITHM}
