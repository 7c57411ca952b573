"""The rules for getting into an account by phone number, used by every road: pages, OAuth, `m.login.sso`, `/register`.

1.  A code proves who holds the number **now**, not who held it when the account was made.
2.  A number without an account gets a new one.
3.  A number whose account has a **PIN** opens it only with the PIN, always. Five PINs may be wrong; after that each
    wrong one closes the door for twice as long, up to a day. Once the account has not been used for seven days
    (`pin_lock_ms`; Signal's registration lock has the same length), whoever holds the number may *start fresh* without
    the PIN.
4.  A number whose account has **no PIN** opens it while the account was used in the last 45 days (`recycle_ms`). After
    that the number counts as having changed hands, and its holder gets a new account. Operators give a number out again
    after 45 days at the earliest (the shortest quarantine of the countries we looked at: 47 CFR 52.15(f)(1)(ii) in the
    USA), and a number cannot be given out while its holder's account is in use, so a shorter time would protect nobody
    and a longer one would open accounts to strangers. WhatsApp clears an account on the same schedule.
5.  *Starting fresh* and rule 4 **detach** the old account: it loses the number, and is not opened, changed or deleted.
    Devices that are signed in to it stay so, and from one of them its owner can attach a number again.

"Used" means any request of a signed-in device. A password opens an account without any of this: it is known to
the account's owner, whoever holds the number.
"""

from collections.abc import Callable

import msgspec

from ..core import errors
from ..core.clock import Clock
from ..storage.database import Database, Reader, Transaction
from .agreement import Agree
from .codes.models import CodeRequest, VerifiedNumber
from .codes.service import CodeService
from .locales import DEFAULT, normal_locale
from .people.models import Account, PhoneNumber
from .people.service import People, number_in_use
from .profiles.service import Profiles


class AccountMatch(msgspec.Struct, frozen=True):
    """What a verified number leads to."""

    user_id: str | None
    """The account it opens; None where a new one is made."""
    needs_pin: bool
    is_new: bool
    can_start_fresh: bool = False
    """The account needs a PIN, and has not been used for so long that its holder may have a new one instead."""


class SignIn:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        people: People,
        profiles: Profiles,
        codes: CodeService,
        *,
        recycle_ms: int,
        pin_lock_ms: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._profiles = profiles
        self._codes = codes
        self.seen_lately: Callable[[str], int] = lambda user_id: 0
        """When a person was heard of and it has not been written down yet; given by the sessions."""
        self._recycle_ms = recycle_ms
        self._pin_lock_ms = pin_lock_ms

    async def request_code(
        self,
        phone: str,
        region_hint: str | None,
        address: str,
        locale: str,
        client_secret: str | None = None,
        send_attempt: int | None = None,
    ) -> CodeRequest:
        """Send a code to a number as a person typed it.

        Raises 400 `M_INVALID_PARAM` for what is no phone number, 429 `M_LIMIT_EXCEEDED`, 502 when no SMS could be sent.
        """
        number = self._people.parse_number(phone, region_hint)
        language = normal_locale(locale) or DEFAULT
        return await self._codes.send(number.e164, address, language, client_secret, send_attempt)

    async def check_code(self, sid: str, code: str, address: str, client_secret: str | None = None) -> VerifiedNumber:
        """Check a code. Raises as `CodeService.check` does: 400 `M_TOKEN_INCORRECT` with `attempts_left`, …"""
        return await self._codes.check(sid, code.strip(), client_secret)

    async def account_for(self, verified: VerifiedNumber) -> AccountMatch:
        """What the number leads to, by the rules above. Changes nothing."""
        return await self._match(self._database, verified.e164)

    async def is_taken(self, e164: str) -> bool:
        """Whether the number has an account that its holder would have to open rather than make a new one."""
        return not (await self._match(self._database, e164)).is_new

    async def check_pin(self, user_id: str, pin: str) -> None:
        """Raises 403 `M_FORBIDDEN` for a wrong PIN, 429 `M_LIMIT_EXCEEDED` after too many."""
        await self._people.check_pin(user_id, pin)

    async def open_account(self, verified: VerifiedNumber, pin: str | None = None) -> str:
        """Use the verification up to open the number's account; returns its user id.

        Raises 403 `M_FORBIDDEN` where the number leads to a new account, or where the PIN is missing or wrong.
        """
        match = await self.account_for(verified)
        user_id = match.user_id
        if user_id is None:
            raise errors.forbidden("This number has no account yet.")
        if match.needs_pin:
            if pin is None:
                raise errors.forbidden("This account needs its PIN.")
            await self.check_pin(user_id, pin)

        async def work(tx: Transaction) -> str:
            current = await self._match(tx, verified.e164)
            if current.user_id != user_id or (current.needs_pin and pin is None):
                raise errors.forbidden("The account has changed meanwhile. Start again.")
            await self._codes.consume(tx, verified)
            return user_id

        return await self._database.write(work)

    async def create_account(
        self,
        verified: VerifiedNumber,
        display_name: str | None,
        locale: str | None,
        *,
        start_fresh: bool = False,
        agree: Agree | None = None,
    ) -> str:
        """Use the verification up to make an account; returns its user id.

        Raises 400 `M_THREEPID_IN_USE` where the number opens an account; `start_fresh` is the person's wish to leave a
        PIN-locked account behind. `agree` records that the person accepts the terms; what it raises makes no account.
        """

        async def work(tx: Transaction) -> str:
            user_id = await self.create_account_in(tx, verified, locale=locale, start_fresh=start_fresh)
            if agree is not None:
                await agree(tx, user_id)
            if display_name:
                await self._profiles.set_in(tx, user_id, "displayname", display_name)
            return user_id

        return await self._database.write(work)

    async def create_account_in(
        self,
        tx: Transaction,
        verified: VerifiedNumber,
        *,
        locale: str | None,
        localpart: str | None = None,
        password_hash: str | None = None,
        start_fresh: bool = False,
    ) -> str:
        """`create_account` as part of a transaction."""
        await self._codes.consume(tx, verified)
        await self._release(tx, verified.e164, start_fresh=start_fresh)
        user_id = await self._people.create(tx, localpart=localpart, locale=locale, password_hash=password_hash)
        await self._people.attach(tx, user_id, verified.e164)
        return user_id

    async def attach(self, user_id: str, verified: VerifiedNumber) -> None:
        """Give a number to an account that exists. Raises 400 `M_THREEPID_IN_USE`."""

        async def work(tx: Transaction) -> None:
            await self.attach_in(tx, user_id, verified)

        await self._database.write(work)

    async def attach_in(self, tx: Transaction, user_id: str, verified: VerifiedNumber) -> None:
        """`attach` as part of a transaction."""
        await self._people.require_active(user_id, tx)
        await self._codes.consume(tx, verified)
        owner = await self._people.number(verified.e164, tx)
        if owner is None or owner.user_id != user_id:
            await self._release(tx, verified.e164, start_fresh=False)
        await self._people.attach(tx, user_id, verified.e164)

    async def _match(self, reader: Reader, e164: str) -> AccountMatch:
        owner = await self._owner(reader, e164)
        if owner is None:
            return AccountMatch(user_id=None, needs_pin=False, is_new=True)
        _, account = owner
        last_seen = await self._people.last_seen(account.user_id, reader)
        idle = self._clock.ms() - max(last_seen, self.seen_lately(account.user_id))
        if account.has_pin:
            return AccountMatch(account.user_id, True, False, can_start_fresh=idle > self._pin_lock_ms)
        if idle > self._recycle_ms:
            return AccountMatch(user_id=None, needs_pin=False, is_new=True)
        return AccountMatch(account.user_id, needs_pin=False, is_new=False)

    async def _owner(self, reader: Reader, e164: str) -> tuple[PhoneNumber, Account] | None:
        number = await self._people.number(e164, reader)
        if number is None:
            return None
        account = await self._people.get(number.user_id, reader if isinstance(reader, Transaction) else None)
        return (number, account) if account is not None else None

    async def _release(self, tx: Transaction, e164: str, *, start_fresh: bool) -> None:
        """Detach the number from the account that had it, where the rules allow."""
        match = await self._match(tx, e164)
        if not match.is_new and not (match.can_start_fresh and start_fresh):
            raise number_in_use()
        number = await self._people.number(e164, tx)
        if number is not None:
            await self._people.detach(tx, number)
