"""Voluntary application server identification: who sends, for push services to see (RFC 8292).

The key is made once and never changed: browsers subscribe to one key, and take messages signed with no other.
"""

import asyncio

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from joserfc import jwt
from joserfc.jwk import ECKey

from ...core.clock import Clock
from ...storage.database import Database, Transaction
from . import store
from .models import base64url

VALID_SECONDS = 12 * 3600
"""Of a token. Push services take none that is valid for more than 24 hours."""
ALGORITHM = "ES256"


class Vapid:
    def __init__(self, database: Database, clock: Clock, contact: str) -> None:
        """`contact`: an `https:` address at which a push service finds out whom to talk to."""
        self._database = database
        self._clock = clock
        self._contact = contact
        self._known: ec.EllipticCurvePrivateKey | None = None

    async def public_key(self) -> str:
        """What a browser takes as `applicationServerKey`: the uncompressed point, base64url."""
        return _public(await self._key())

    async def authorization(self, endpoint: str) -> str:
        """The header of one request to the push service at `endpoint`; RFC 8292 section 3."""
        key = await self._key()
        url = httpx.URL(endpoint)
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        claims = {"aud": origin, "exp": self._clock.ms() // 1000 + VALID_SECONDS, "sub": self._contact}
        token = await asyncio.to_thread(
            jwt.encode, {"typ": "JWT", "alg": ALGORITHM}, claims, ECKey.import_key(key), algorithms=[ALGORITHM]
        )
        return f"vapid t={token}, k={_public(key)}"

    async def _key(self) -> ec.EllipticCurvePrivateKey:
        """The first is made here: inside the writer only one process finds that there is none."""
        if self._known is None:
            stored = await store.key(self._database) or await self._make()
            loaded = load_der_private_key(stored, None)
            assert isinstance(loaded, ec.EllipticCurvePrivateKey)
            self._known = loaded
        return self._known

    async def _make(self) -> bytes:
        fresh = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

        async def work(tx: Transaction) -> bytes:
            stored = await store.key(tx)
            if stored is None:
                await store.insert_key(tx, fresh, self._clock.ms())
            return stored or fresh

        return await self._database.write(work)


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    return base64url(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
