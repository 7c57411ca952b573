"""What an account is."""

from typing import Literal

import msgspec

Status = Literal["active", "deactivated", "erased"]


class Account(msgspec.Struct, frozen=True):
    user_id: str
    status: Status
    region: str | None
    """ISO 3166-1 alpha-2 of the oldest phone number, without one of the last; None where there never was one."""
    locale: str | None
    is_guest: bool
    is_operator: bool
    has_password: bool
    has_pin: bool
    created: int
    region_since: int
    """From when the region is what it is: the account was made, or its number changed to another country."""

    @property
    def is_active(self) -> bool:
        return self.status == "active"


class PhoneNumber(msgspec.Struct, frozen=True):
    e164: str
    user_id: str
    region: str
    verified: int
    added: int


class Newcomer(msgspec.Struct, frozen=True):
    """Somebody to make an account for, whose number is known to be theirs."""

    localpart: str
    e164: str
    region: str
    """That of the number."""
    locale: str | None = None


class PinState(msgspec.Struct, frozen=True):
    pin_hash: str | None
    failures: int
    blocked_until: int


FREE_PIN_FAILURES = 5
PIN_WAIT_MS = 60_000
LONGEST_PIN_WAIT_MS = 24 * 3600 * 1000


def pin_wait_ms(failures: int) -> int:
    """How long none is taken after that many wrong PINs in a row: 1 min after the fifth, then doubling to a day."""
    if failures < FREE_PIN_FAILURES:
        return 0
    return min(PIN_WAIT_MS << min(failures - FREE_PIN_FAILURES, 20), LONGEST_PIN_WAIT_MS)
