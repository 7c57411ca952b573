"""The rules of one-time codes: how often they are sent, how often they may be guessed, how long they live."""

import hashlib
import hmac
import secrets

from msgspec.structs import replace

from ...core import errors, ids
from ...core.clock import Clock
from ...core.errors import ApiError
from ...http.limits import RateLimits
from ...storage.database import Database, Transaction
from .models import (
    CODE_MS,
    FORGET_SENDS_MS,
    MAX_ATTEMPTS,
    VERIFIED_MS,
    CodeRequest,
    Sends,
    StoredCode,
    VerifiedNumber,
)
from .providers import Message, Provider, ProviderError
from .store import CodeStore

TEST_CODE = "000000"

TEXTS = {
    "en": "{code} is your Palabre code. Do not give it to anyone.",
    "fr": "{code} est votre code Palabre. Ne le donnez à personne.",
}


class CodeService:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: RateLimits,
        provider: Provider,
        *,
        test_mode: bool = False,
        store: CodeStore | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._provider = provider
        self._test_mode = test_mode
        self._store = store or CodeStore()

    async def send(
        self, e164: str, address: str, locale: str, client_secret: str | None, send_attempt: int | None
    ) -> CodeRequest:
        """Send a code to `e164`.

        With `client_secret`, asking again with the same `send_attempt` sends nothing and answers as before; a higher
        one sends a new code under the same sid (Identity Service API, "requestToken"). Raises 429 when it is too early,
        502 when the message could not be sent.
        """
        earlier = await self._store.find(self._database, e164, client_secret) if client_secret else None
        if earlier is not None and earlier.expires <= self._clock.ms():
            earlier = None
        if earlier is not None and send_attempt is not None and send_attempt <= earlier.send_attempt:
            return await self._describe(earlier)
        self._limits.check("accounts.code.number", e164)
        self._limits.check("accounts.code.address", address)
        self._limits.check("accounts.code.overall", "all")
        code = TEST_CODE if self._test_mode else f"{secrets.randbelow(1_000_000):06d}"
        sid = earlier.sid if earlier else ids.secret(random_bytes=18)
        now = self._clock.ms()
        stored = StoredCode(sid, e164, client_secret, send_attempt or 0, _hash(sid, code), 0, now + CODE_MS, None)
        before = await self._commit(stored, now)
        language = locale if locale in TEXTS else "en"
        text = TEXTS[language].format(code=code)
        try:
            await self._provider.send(Message(e164, code, text, language, now))
        except ProviderError:
            await self._take_back(stored, earlier, before)
            raise ApiError(
                502, "M_UNKNOWN", "We could not send the SMS. Nothing was changed. Try again in a minute."
            ) from None
        return await self._describe(stored)

    async def _commit(self, stored: StoredCode, now: int) -> Sends:
        """Write the code before it is sent, so that one which arrives can always be entered."""

        async def work(tx: Transaction) -> Sends:
            before = await self._store.sends(tx, stored.e164)
            wait = 0 if self._test_mode else before.wait_ms(now)
            if wait:
                raise errors.limited(wait)
            await self._store.delete_expired(tx, now)
            await self._store.forget_sends(tx, now - FORGET_SENDS_MS)
            await self._store.put_sends(tx, stored.e164, before.after(now))
            await self._store.put(tx, stored)
            return before

        return await self._database.write(work)

    async def _take_back(self, stored: StoredCode, earlier: StoredCode | None, before: Sends) -> None:
        """The message did not leave: the person may try again as if nothing had been asked."""

        async def work(tx: Transaction) -> None:
            if earlier is None:
                await self._store.delete(tx, stored.sid)
            else:
                await self._store.put(tx, earlier)
            await self._store.put_sends(tx, stored.e164, before)

        await self._database.write(work)

    async def _describe(self, code: StoredCode) -> CodeRequest:
        now = self._clock.ms()
        wait = 0 if self._test_mode else (await self._store.sends(self._database, code.e164)).wait_ms(now)
        return CodeRequest(code.sid, code.e164, max(0, code.expires - now), wait)

    async def check(self, sid: str, code: str, client_secret: str | None = None) -> VerifiedNumber:
        """Check what the person typed.

        Raises 400 `M_TOKEN_INCORRECT` (with `attempts_left`), `M_SESSION_EXPIRED`, or `M_NO_VALID_SESSION` for an
        unknown sid or one that belongs to another client; 429 when the number was guessed at too often.
        """
        known = await self._store.get(self._database, sid)
        if known is not None:
            self._limits.check("accounts.code.attempt", known.e164)
        now = self._clock.ms()

        async def work(tx: Transaction) -> VerifiedNumber | ApiError:
            stored = await self._store.get(tx, sid)
            if stored is None or stored.client_secret != client_secret:
                return _no_session()
            if stored.expires <= now or stored.attempts >= MAX_ATTEMPTS:
                return ApiError(400, "M_SESSION_EXPIRED", "This code is no longer valid. Ask for a new one.")
            if not hmac.compare_digest(stored.code_hash, _hash(sid, code)):
                await self._store.put(tx, replace(stored, attempts=stored.attempts + 1))
                left = MAX_ATTEMPTS - stored.attempts - 1
                return ApiError(
                    400, "M_TOKEN_INCORRECT", f"The code is wrong. Attempts left: {left}.", attempts_left=left
                )
            if stored.verified is None:
                await self._store.put(tx, replace(stored, verified=now, expires=now + VERIFIED_MS))
                # The number works: the next code need not wait for this one's back-off.
                await self._store.put_sends(tx, stored.e164, Sends(0, 0))
            return VerifiedNumber(sid, stored.e164)

        outcome = await self._database.write(work)
        if isinstance(outcome, ApiError):
            raise outcome
        return outcome

    async def verified(self, sid: str, client_secret: str) -> VerifiedNumber:
        """The number that this client has verified. Raises 400 `M_THREEPID_AUTH_FAILED` when there is none."""
        stored = await self._store.get(self._database, sid)
        if stored is None or stored.client_secret != client_secret or not self._is_live(stored):
            raise _not_verified()
        return VerifiedNumber(sid, stored.e164)

    async def consume(self, tx: Transaction, verified: VerifiedNumber) -> None:
        """Use a verification up, in the transaction of what it allows. Raises 400 `M_THREEPID_AUTH_FAILED`."""
        stored = await self._store.get(tx, verified.sid)
        if stored is None or stored.e164 != verified.e164 or not self._is_live(stored):
            raise _not_verified()
        await self._store.delete(tx, verified.sid)

    async def forget(self, tx: Transaction, e164: str) -> None:
        """Nothing of this number stays: the account it belonged to is gone."""
        await self._store.forget(tx, e164)

    def _is_live(self, stored: StoredCode) -> bool:
        return stored.verified is not None and stored.expires > self._clock.ms()


def _hash(sid: str, code: str) -> bytes:
    """Salted with the sid, so that equal codes do not look equal."""
    return hashlib.sha256(f"{sid}:{code}".encode("utf-8", "surrogatepass")).digest()


def _no_session() -> ApiError:
    return ApiError(400, "M_NO_VALID_SESSION", "There is no such verification. Ask for a new code.")


def _not_verified() -> ApiError:
    return ApiError(400, "M_THREEPID_AUTH_FAILED", "The phone number has not been verified, or too long ago.")
