"""Rules about accounts: making them, their passwords, PINs and numbers, and ending them."""

import re
from collections.abc import Collection, Iterable

from ...core import errors, ids
from ...core.clock import Clock
from ...core.errors import ApiError
from ...storage.database import CommitCache, Database, Entry, Reader, Transaction
from .. import phone
from ..hashing import SecretHasher
from ..hooks import AccountHooks
from ..locales import DEFAULT, normal_locale
from ..phone import Number
from .models import Account, Newcomer, PhoneNumber, PinState, pin_wait_ms
from .store import PeopleStore

MAX_PASSWORD = 512
PIN = re.compile(r"[0-9]{4,20}")
LOCALPART = re.compile(r"[a-z0-9._=/+-]+")


class People:
    """Accounts. What other domains read of an account, `get`, is cached in memory."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        hasher: SecretHasher,
        hooks: AccountHooks,
        server_name: str,
        *,
        default_region: str | None = None,
        fictional_numbers: bool = False,
        store: PeopleStore | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher
        self._hooks = hooks
        self._server_name = server_name
        self._default_region = default_region
        self._fictional = fictional_numbers
        self._store = store or PeopleStore()
        self._cache: CommitCache[str, Account] = CommitCache(50_000)
        database.listen(self._heard, self._cache.clear)

    def _heard(self, entries: list[Entry], own: bool) -> None:
        if not own:
            for _, stream, key in entries:
                if stream == "session":
                    self._cache.forget(key)

    # reading

    async def get(self, user_id: str, tx: Transaction | None = None) -> Account | None:
        """The account, whatever its state; None where there is none of that name. In a transaction, pass it."""
        return await self._cache.load(user_id, lambda: self._store.get(tx or self._database, user_id), tx)

    async def many(self, tx: Transaction, user_ids: Collection[str]) -> dict[str, Account]:
        """Those of these accounts that exist, read with one statement."""
        return await self._store.get_many(tx, user_ids)

    async def require_active(self, user_id: str, tx: Transaction | None = None) -> Account:
        """Raises 403 `M_USER_DEACTIVATED`, or 404 for an unknown account."""
        account = await self.get(user_id, tx)
        if account is None:
            raise errors.not_found("There is no such account.")
        if not account.is_active:
            raise ApiError(403, "M_USER_DEACTIVATED", "This account has been deactivated.")
        return account

    def parse_number(self, text: str, region_hint: str | None = None) -> Number:
        """A number as typed, by default in the country of this server. Raises 400 `M_INVALID_PARAM`."""
        return phone.parse(text, region_hint or self._default_region, fictional=self._fictional)

    def parse_msisdn(self, address: str) -> Number:
        return phone.parse_msisdn(address, fictional=self._fictional)

    async def number(self, e164: str, reader: Reader | None = None) -> PhoneNumber | None:
        """Whose number this is."""
        return await self._store.number(reader or self._database, e164)

    async def numbers_of(self, user_id: str, reader: Reader | None = None) -> list[PhoneNumber]:
        """Oldest first."""
        return await self._store.numbers_of(reader or self._database, user_id)

    async def last_seen(self, user_id: str, reader: Reader | None = None) -> int:
        """When the account was last used, in ms since 1970, accurate to an hour."""
        return await self._store.last_seen(reader or self._database, user_id)

    def user_id(self, localpart: str) -> str:
        return f"@{localpart}:{self._server_name}"

    def local_user_id(self, name: str) -> str:
        """The user id meant by a user id or a bare localpart."""
        return name if name.startswith("@") else self.user_id(name.lower())

    # making

    def check_localpart(self, username: str) -> str:
        """The localpart for a chosen name (appendices, "User Identifiers"). Raises 400 `M_INVALID_USERNAME`."""
        localpart = username.lower()
        if not LOCALPART.fullmatch(localpart) or localpart.startswith("_") or len(self.user_id(localpart)) > 255:
            raise ApiError(
                400, "M_INVALID_USERNAME", "A user name consists of the characters a-z, 0-9, and . _ = - / +"
            )
        return localpart

    async def check_available(self, localpart: str, reader: Reader | None = None) -> None:
        """Raises 400 `M_USER_IN_USE`. Names of deactivated accounts stay taken."""
        if await self._store.get(reader or self._database, self.user_id(localpart)) is not None:
            raise ApiError(400, "M_USER_IN_USE", "This user name is taken.")

    async def create(
        self,
        tx: Transaction,
        *,
        localpart: str | None = None,
        locale: str | None = None,
        password_hash: str | None = None,
        is_guest: bool = False,
        is_operator: bool = False,
    ) -> str:
        """Make an account and return its user id; without `localpart` an opaque one. Raises 400 `M_USER_IN_USE`."""
        localpart = localpart or ids.localpart()
        await self.check_available(localpart, tx)
        user_id = self.user_id(localpart)
        now = self._clock.ms()
        account = Account(
            user_id=user_id,
            status="active",
            region=None,
            locale=normal_locale(locale),
            is_guest=is_guest,
            is_operator=is_operator,
            has_password=password_hash is not None,
            has_pin=False,
            created=now,
            region_since=now,
        )
        await self._store.insert(tx, account, password_hash)
        for hook in self._hooks.on_account_created:
            await hook(tx, user_id)
        return user_id

    async def create_many(self, tx: Transaction, newcomers: Iterable[Newcomer]) -> None:
        """Make many accounts with their numbers in one go; one that is taken refuses them all (`Refused`)."""
        now = self._clock.ms()
        for one in newcomers:
            user_id = self.user_id(self.check_localpart(one.localpart))
            account = Account(
                user_id, "active", one.region, normal_locale(one.locale), False, False, False, False, now, now
            )
            self._store.insert_with_number(tx, account, PhoneNumber(one.e164, user_id, one.region, now, now))
            for hook in self._hooks.on_account_created:
                await hook(tx, user_id)

    # numbers

    async def attach(self, tx: Transaction, user_id: str, e164: str) -> None:
        """Give the account a number that was verified just now. Raises 400 `M_THREEPID_IN_USE`."""
        owner = await self._store.number(tx, e164)
        if owner is not None and owner.user_id == user_id:
            return
        if owner is not None:
            raise number_in_use()
        now = self._clock.ms()
        region = phone.parse(e164, fictional=True).region
        await self._store.attach(tx, PhoneNumber(e164, user_id, region, now, now), now)
        self._changed(tx, user_id)

    async def detach(self, tx: Transaction, number: PhoneNumber) -> None:
        """Take the number from its account, which stays as it is otherwise, signed-in devices included."""
        await self._store.detach(tx, number, self._clock.ms())
        self._changed(tx, number.user_id)

    # secrets

    async def hash_password(self, password: str) -> str:
        """Raises 400 `M_WEAK_PASSWORD` for an empty one and `M_INVALID_PARAM` for one beyond 512 characters."""
        if not password:
            raise ApiError(400, "M_WEAK_PASSWORD", "The password is empty.")
        if len(password) > MAX_PASSWORD:
            raise errors.invalid_param(f"The password is longer than {MAX_PASSWORD} characters.")
        return await self._hasher.hash(password)

    async def check_password(self, user_id: str | None, password: str) -> bool:
        """Takes as long for an account that does not exist (None) as for a wrong password."""
        hashed = await self._store.password_hash(self._database, user_id) if user_id else None
        return await self._hasher.verify(hashed, password[:MAX_PASSWORD])

    async def set_password(self, tx: Transaction, user_id: str, password_hash: str | None) -> None:
        await self._store.set_password(tx, user_id, password_hash)
        self._changed(tx, user_id)

    async def set_pin(self, user_id: str, pin: str | None) -> None:
        """Set the PIN (4 to 20 digits), or remove it with None. Raises 400 `M_INVALID_PARAM`."""
        if pin is not None and not PIN.fullmatch(pin):
            raise errors.invalid_param("A PIN has 4 to 20 digits.")
        hashed = None if pin is None else await self._hasher.hash(pin)

        async def work(tx: Transaction) -> None:
            await self.require_active(user_id, tx)
            await self._store.set_pin(tx, user_id, PinState(hashed, 0, 0))
            self._changed(tx, user_id)

        await self._database.write(work)

    async def check_pin(self, user_id: str, pin: str) -> None:
        """Raises 403 `M_FORBIDDEN` for a wrong PIN, 429 after too many: then not even the right one is taken."""
        now = self._clock.ms()

        async def begin(tx: Transaction) -> PinState:
            """Count the attempt before it is judged: guesses sent at the same time count too."""
            state = await self._store.pin(tx, user_id)
            if state.blocked_until > now:
                raise errors.limited(state.blocked_until - now)
            failures = state.failures + 1
            counted = PinState(state.pin_hash, failures, now + pin_wait_ms(failures))
            await self._store.set_pin(tx, user_id, counted)
            return counted

        state = await self._database.write(begin)
        if not await self._hasher.verify(state.pin_hash, pin[:MAX_PASSWORD]):
            raise errors.forbidden("The PIN is wrong.")

        async def succeed(tx: Transaction) -> None:
            current = await self._store.pin(tx, user_id)
            if current.pin_hash == state.pin_hash:
                await self._store.set_pin(tx, user_id, PinState(current.pin_hash, 0, 0))

        await self._database.write(succeed)

    # the rest of a life

    async def set_operator(self, user_id: str, is_operator: bool) -> None:
        async def work(tx: Transaction) -> None:
            await self.require_active(user_id, tx)
            await self._store.set_operator(tx, user_id, is_operator)
            self._changed(tx, user_id)

        await self._database.write(work)

    async def upgrade_guest(self, tx: Transaction, user_id: str, password_hash: str | None) -> None:
        """Make a guest a full account. Raises 403 for one that is no guest."""
        if not (await self.require_active(user_id, tx)).is_guest:
            raise errors.forbidden("This is not a guest account.")
        await self._store.upgrade_guest(tx, user_id, password_hash)
        self._changed(tx, user_id)

    async def set_locale(self, user_id: str, locale: str) -> None:
        async def work(tx: Transaction) -> None:
            await self._store.set_locale(tx, user_id, normal_locale(locale) or DEFAULT)
            self._changed(tx, user_id)

        await self._database.write(work)

    async def end(self, tx: Transaction, user_id: str, *, erase: bool) -> None:
        """Deactivate: the number is free, nobody can sign in again. `lifecycle` sees to devices, profile and hooks."""
        await self._store.deactivate(tx, user_id, "erased" if erase else "deactivated")
        self._changed(tx, user_id)

    def seen(self, tx: Transaction, user_id: str, when: int) -> None:
        self._store.seen(tx, user_id, when)

    def _changed(self, tx: Transaction, user_id: str) -> None:
        self._cache.drop(user_id, tx)
        tx.advance("session", user_id)


def number_in_use() -> ApiError:
    return ApiError(400, "M_THREEPID_IN_USE", "This phone number belongs to another account.")
