"""A browser's sign-in, finished and unfinished. Neither is a Matrix session: no app gets a token from it unasked."""

import msgspec

SESSION_MS = 30 * 24 * 3600 * 1000
PROGRESS_MS = 60 * 60 * 1000
FRESH_MS = 15 * 60 * 1000
"""How long after signing in the serious things (deleting the account, …) need no new code."""


class BrowserSession(msgspec.Struct, frozen=True):
    user_id: str
    signed_in: int
    """Milliseconds since 1970."""
    expires: int


class Progress(msgspec.Struct, frozen=True):
    """A sign-in on its way from the phone number to the account."""

    sid: str
    """Names the code that was sent."""
    e164: str
    resend_at: int
    """When another code may be asked for (ms since 1970)."""
    continue_to: str
    """Path on this server where the person wanted to go."""
    verified: bool = False
    user_id: str | None = None
    """The account that the number opens with its PIN."""
    can_start_fresh: bool = False
    fresh: bool = False
    """The person chose a new account instead."""
    name: str = ""
    """What others will see, once it was typed; the terms come next."""
