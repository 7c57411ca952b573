"""One message to one browser: encrypted for it (RFC 8291), signed for its push service, and handed over (RFC 8030)."""

import asyncio
from typing import Literal

import http_ece
import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric import ec

from ...core import json
from ...core.json import JsonObject
from .addresses import PublicTransport
from .models import Subscription, unbase64url
from .vapid import Vapid

TIMEOUT_SECONDS = 10.0
"""For the whole request: a push service of somebody's own may be as slow as it likes."""
LONGEST_TTL = 28 * 86_400
"""Push services keep a message for four weeks at most."""

Fate = Literal["taken", "gone", "lost"]
"""Of a message. `taken`: it is on its way; `gone`: there is nobody at that address, so it cannot have arrived; `lost`:
it did not leave, or nobody knows.
"""

log = structlog.get_logger()


class Delivery:
    def __init__(self, vapid: Vapid, *, local: bool) -> None:
        """With `local`, push services may be on this machine or in this network."""
        self._vapid = vapid
        self._local = local
        self._client: httpx.AsyncClient | None = None

    async def send(self, subscription: Subscription, payload: JsonObject, ttl: int) -> Fate:
        """`ttl`: seconds for which it is worth delivering. The log tells what went wrong, but not where."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status = await self._post(subscription, payload, ttl)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            log.warning("push service unreachable", error=type(error).__name__)
            return "lost"
        if 200 <= status < 300:
            return "taken"
        if status in (404, 410):
            return "gone"
        log.warning("push service refused", status=status)
        return "lost"

    async def _post(self, subscription: Subscription, payload: JsonObject, ttl: int) -> int:
        """Its status; the rest of the answer is not read."""
        headers = {
            "authorization": await self._vapid.authorization(subscription.endpoint),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(max(0, min(ttl, LONGEST_TTL))),
            "urgency": "normal",
        }
        body = await asyncio.to_thread(encrypt, subscription, json.encode(payload))
        if self._client is None:
            transport = None if self._local else PublicTransport()
            self._client = httpx.AsyncClient(transport=transport, timeout=TIMEOUT_SECONDS, trust_env=False)
        async with self._client.stream("POST", subscription.endpoint, content=body, headers=headers) as answer:
            return answer.status_code

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()


def encrypt(subscription: Subscription, payload: bytes) -> bytes:
    """RFC 8291, with a key pair for this message only."""
    encrypted: bytes = http_ece.encrypt(
        payload,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=unbase64url(subscription.keys.p256dh),
        auth_secret=unbase64url(subscription.keys.auth),
        version="aes128gcm",
    )
    return encrypted
