"""All SQL about profiles and the search among them."""

from typing import Any

from ...core import json
from ...storage.database import Reader, Transaction
from .models import Profile


class ProfileStore:
    async def get(self, reader: Reader, user_id: str) -> Profile:
        rows = await reader.fetch("SELECT field, value FROM profile_fields WHERE user_id = $1", user_id)
        return Profile(user_id, {field: json.decode(value.encode(), Any) for field, value in rows})

    async def set(self, tx: Transaction, user_id: str, field: str, value: Any, folded: str | None) -> None:
        await tx.execute(
            "INSERT INTO profile_fields (user_id, field, value, folded) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (user_id, field) DO UPDATE SET value = excluded.value, folded = excluded.folded",
            user_id,
            field,
            json.encode(value).decode(),
            folded,
        )

    async def delete(self, tx: Transaction, user_id: str, field: str) -> None:
        await tx.execute("DELETE FROM profile_fields WHERE user_id = $1 AND field = $2", user_id, field)

    async def search(self, reader: Reader, pattern: str, limit: int, offset: int) -> list[str]:
        """Ids of active accounts whose id or folded display name is LIKE `pattern`, by name."""
        rows = await reader.fetch(
            "SELECT accounts.user_id FROM accounts LEFT JOIN profile_fields "
            "ON profile_fields.user_id = accounts.user_id AND field = 'displayname' "
            "WHERE status = 'active' AND (folded LIKE $1 ESCAPE '!' OR accounts.user_id LIKE $1 ESCAPE '!') "
            "ORDER BY folded, accounts.user_id LIMIT $2 OFFSET $3",
            pattern,
            limit,
            offset,
        )
        return [row[0] for row in rows]
