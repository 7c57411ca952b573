"""All SQL about accounts and their phone numbers."""

from collections.abc import Collection
from typing import Any

from ...storage.database import Reader, Row, Transaction
from .models import Account, PhoneNumber, PinState

_COLUMNS = (
    "user_id, status, region, locale, is_guest, is_operator, password_hash IS NOT NULL, "
    "pin_hash IS NOT NULL, created, region_since"
)
_INSERT = (
    "INSERT INTO accounts (user_id, status, region, locale, is_guest, is_operator, password_hash, "
    "pin_failures, pin_blocked_until, created, last_seen, region_since) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $8, $9)"
)
_INSERT_NUMBER = "INSERT INTO phone_numbers (e164, user_id, region, verified, added) VALUES ($1, $2, $3, $4, $5)"


def _account(row: Row) -> Account:
    user_id, status, region, locale, guest, operator, password, pin, created, region_since = row
    return Account(
        user_id, status, region, locale, guest == 1, operator == 1, bool(password), bool(pin), created, region_since
    )


def _values(account: Account, password_hash: str | None) -> tuple[Any, ...]:
    return (
        account.user_id,
        account.status,
        account.region,
        account.locale,
        int(account.is_guest),
        int(account.is_operator),
        password_hash,
        account.created,
        account.region_since,
    )


class PeopleStore:
    async def get(self, reader: Reader, user_id: str) -> Account | None:
        row = await reader.fetchrow(f"SELECT {_COLUMNS} FROM accounts WHERE user_id = $1", user_id)
        return None if row is None else _account(row)

    async def get_many(self, reader: Reader, user_ids: Collection[str]) -> dict[str, Account]:
        rows = await reader.fetch(f"SELECT {_COLUMNS} FROM accounts WHERE user_id = ANY($1)", list(user_ids))
        return {row[0]: _account(row) for row in rows}

    async def insert(self, tx: Transaction, account: Account, password_hash: str | None) -> None:
        await tx.execute(_INSERT, *_values(account, password_hash))

    def insert_with_number(self, tx: Transaction, account: Account, number: PhoneNumber) -> None:
        """The cheap way, for many: what is taken already shows only at the end of the transaction, as `Refused`."""
        tx.defer(_INSERT, *_values(account, None))
        tx.defer(_INSERT_NUMBER, number.e164, number.user_id, number.region, number.verified, number.added)

    async def deactivate(self, tx: Transaction, user_id: str, status: str) -> None:
        await tx.execute(
            "UPDATE accounts SET status = $2, region = NULL, locale = NULL, password_hash = NULL, pin_hash = NULL, "
            "last_seen = created WHERE user_id = $1",
            user_id,
            status,
        )
        await tx.execute("DELETE FROM phone_numbers WHERE user_id = $1", user_id)

    async def set_operator(self, tx: Transaction, user_id: str, is_operator: bool) -> None:
        await tx.execute("UPDATE accounts SET is_operator = $2 WHERE user_id = $1", user_id, int(is_operator))

    async def upgrade_guest(self, tx: Transaction, user_id: str, password_hash: str | None) -> None:
        await tx.execute(
            "UPDATE accounts SET is_guest = 0, password_hash = $2 WHERE user_id = $1", user_id, password_hash
        )

    async def set_locale(self, tx: Transaction, user_id: str, locale: str) -> None:
        await tx.execute("UPDATE accounts SET locale = $2 WHERE user_id = $1", user_id, locale)

    # when somebody was here last

    async def last_seen(self, reader: Reader, user_id: str) -> int:
        value: int | None = await reader.fetchval("SELECT last_seen FROM accounts WHERE user_id = $1", user_id)
        return value or 0

    def seen(self, tx: Transaction, user_id: str, when: int) -> None:
        tx.defer(
            "UPDATE accounts SET last_seen = $2 WHERE user_id = $1 AND last_seen < $2 AND status = 'active'",
            user_id,
            when,
        )

    # secrets

    async def password_hash(self, reader: Reader, user_id: str) -> str | None:
        value: str | None = await reader.fetchval("SELECT password_hash FROM accounts WHERE user_id = $1", user_id)
        return value

    async def set_password(self, tx: Transaction, user_id: str, password_hash: str | None) -> None:
        await tx.execute("UPDATE accounts SET password_hash = $2 WHERE user_id = $1", user_id, password_hash)

    async def pin(self, reader: Reader, user_id: str) -> PinState:
        row = await reader.fetchrow(
            "SELECT pin_hash, pin_failures, pin_blocked_until FROM accounts WHERE user_id = $1", user_id
        )
        return PinState(*row) if row else PinState(None, 0, 0)

    async def set_pin(self, tx: Transaction, user_id: str, pin: PinState) -> None:
        await tx.execute(
            "UPDATE accounts SET pin_hash = $2, pin_failures = $3, pin_blocked_until = $4 WHERE user_id = $1",
            user_id,
            pin.pin_hash,
            pin.failures,
            pin.blocked_until,
        )

    # phone numbers

    async def number(self, reader: Reader, e164: str) -> PhoneNumber | None:
        row = await reader.fetchrow(
            "SELECT e164, user_id, region, verified, added FROM phone_numbers WHERE e164 = $1", e164
        )
        return PhoneNumber(*row) if row else None

    async def numbers_of(self, reader: Reader, user_id: str) -> list[PhoneNumber]:
        """Oldest first."""
        rows = await reader.fetch(
            "SELECT e164, user_id, region, verified, added FROM phone_numbers WHERE user_id = $1 ORDER BY added, e164",
            user_id,
        )
        return [PhoneNumber(*row) for row in rows]

    async def attach(self, tx: Transaction, number: PhoneNumber, now: int) -> None:
        await tx.execute(_INSERT_NUMBER, number.e164, number.user_id, number.region, number.verified, number.added)
        await self._set_region(tx, number.user_id, now)

    async def detach(self, tx: Transaction, number: PhoneNumber, now: int) -> None:
        await tx.execute("DELETE FROM phone_numbers WHERE e164 = $1", number.e164)
        await self._set_region(tx, number.user_id, now)

    async def _set_region(self, tx: Transaction, user_id: str, now: int) -> None:
        """That of the oldest number. Who has none left stays where they were: their terms remain the same."""
        region = await tx.fetchval(
            "SELECT region FROM phone_numbers WHERE user_id = $1 ORDER BY added, e164 LIMIT 1", user_id
        )
        if region is not None:
            await tx.execute(
                "UPDATE accounts SET region = $2, region_since = $3 WHERE user_id = $1 AND COALESCE(region, '') <> $2",
                user_id,
                region,
                now,
            )
