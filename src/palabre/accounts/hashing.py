"""Hashing what people choose and remember: passwords and PINs, with Argon2id in a thread."""

import asyncio
import hashlib

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

CONCURRENT = 2
"""Each hash takes 19 MiB; more at once than this only makes all of them slower."""


class SecretHasher:
    """Argon2id with OWASP's parameters (19 MiB, 2 passes); `cheap` is for test mode, where thousands register."""

    def __init__(self, *, cheap: bool = False) -> None:
        self._cheap = cheap
        if cheap:
            self._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        else:
            self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._slots = asyncio.Semaphore(CONCURRENT)
        self._nobody = self._hasher.hash("nobody's secret")

    async def hash(self, secret: str) -> str:
        if self._cheap:
            return self._hasher.hash(secret)
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, secret)

    async def verify(self, hashed: str | None, secret: str) -> bool:
        """Whether `secret` is the one behind `hashed`. With None (no account, no password): false, after as long."""
        if self._cheap:
            return self._verify(hashed, secret)
        async with self._slots:
            return await asyncio.to_thread(self._verify, hashed, secret)

    def _verify(self, hashed: str | None, secret: str) -> bool:
        try:
            self._hasher.verify(hashed or self._nobody, secret)
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not None


def token_hash(token: str) -> bytes:
    """SHA-256, for secrets that are random and long."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
