"""What a one-time code is, and what is said about it to the outside."""

import msgspec

CODE_MS = 10 * 60 * 1000
VERIFIED_MS = 60 * 60 * 1000
"""How long a verified number can be used to finish what it was verified for."""
MAX_ATTEMPTS = 5
FIRST_WAIT_MS = 30_000
LONGEST_WAIT_MS = 60 * 60 * 1000
FORGET_SENDS_MS = 2 * LONGEST_WAIT_MS


class CodeRequest(msgspec.Struct, frozen=True):
    """A code is on its way."""

    sid: str
    e164: str
    expires_ms: int
    """Milliseconds until the code expires."""
    resend_after_ms: int
    """Milliseconds until another one can be asked for."""


class VerifiedNumber(msgspec.Struct, frozen=True):
    """Somebody has just shown that they receive messages sent to `e164`."""

    sid: str
    e164: str


class StoredCode(msgspec.Struct, frozen=True):
    sid: str
    e164: str
    client_secret: str | None
    send_attempt: int
    code_hash: bytes
    attempts: int
    expires: int
    """When the code, or once verified the verification, ends (ms since 1970)."""
    verified: int | None


class Sends(msgspec.Struct, frozen=True):
    """How many messages went to a number lately, and when the last did."""

    sends: int
    last: int

    def wait_ms(self, now: int) -> int:
        """Milliseconds until the next may go: 30 s after the first, then doubling up to an hour."""
        if self.sends == 0 or now - self.last > FORGET_SENDS_MS:
            return 0
        wait = min(FIRST_WAIT_MS << min(self.sends - 1, 20), LONGEST_WAIT_MS)
        return max(0, self.last + wait - now)

    def after(self, now: int) -> "Sends":
        fresh = now - self.last > FORGET_SENDS_MS
        return Sends(1 if fresh else self.sends + 1, now)
