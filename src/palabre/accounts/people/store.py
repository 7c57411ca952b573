"""All SQL about accounts and their phone numbers."""

from ...storage.database import Reader, Transaction
from .models import Account, PhoneNumber, PinState


class PeopleStore:
    async def get(self, reader: Reader, user_id: str) -> Account | None:
        row = await reader.fetchrow(
            "SELECT user_id, status, region, locale, is_guest, is_operator, password_hash IS NOT NULL, "
            "pin_hash IS NOT NULL, created, region_since FROM accounts WHERE user_id = $1",
            user_id,
        )
        if row is None:
            return None
        user_id, status, region, locale, *flags, created, region_since = row
        guest, operator, password, pin = (bool(flag) for flag in flags)
        return Account(user_id, status, region, locale, guest, operator, password, pin, created, region_since)

    async def insert(self, tx: Transaction, account: Account, password_hash: str | None) -> None:
        await tx.execute(
            "INSERT INTO accounts (user_id, status, region, locale, is_guest, is_operator, password_hash, "
            "pin_failures, pin_blocked_until, created, last_seen, region_since) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $8, $9)",
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

    async def deactivate(self, tx: Transaction, user_id: str, status: str) -> None:
        await tx.execute(
            "UPDATE accounts SET status = $2, region = NULL, locale = NULL, password_hash = NULL, pin_hash = NULL "
            "WHERE user_id = $1",
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
        tx.defer("UPDATE accounts SET last_seen = $2 WHERE user_id = $1 AND last_seen < $2", user_id, when)

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
        await tx.execute(
            "INSERT INTO phone_numbers (e164, user_id, region, verified, added) VALUES ($1, $2, $3, $4, $5)",
            number.e164,
            number.user_id,
            number.region,
            number.verified,
            number.added,
        )
        await self._set_region(tx, number.user_id, now)

    async def detach(self, tx: Transaction, number: PhoneNumber, now: int) -> None:
        await tx.execute("DELETE FROM phone_numbers WHERE e164 = $1", number.e164)
        await self._set_region(tx, number.user_id, now)

    async def _set_region(self, tx: Transaction, user_id: str, now: int) -> None:
        region = await tx.fetchval(
            "SELECT region FROM phone_numbers WHERE user_id = $1 ORDER BY added, e164 LIMIT 1", user_id
        )
        await tx.execute(
            "UPDATE accounts SET region = $2, region_since = $3 "
            "WHERE user_id = $1 AND COALESCE(region, '') <> COALESCE($2, '')",
            user_id,
            region,
            now,
        )
