"""Who sits at the console."""

import msgspec

SESSION_MS = 12 * 3600 * 1000
MAX_ACTOR = 80


class Operator(msgspec.Struct, frozen=True):
    actor: str
    """The name that is written with every operation."""
    user_id: str | None
    """The account that signed in; None: whoever holds the operator token."""
    expires: int
    """Milliseconds since 1970."""
