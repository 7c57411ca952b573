"""All SQL about subscriptions to push messages, and about the key that identifies this server to push services."""

from collections.abc import Collection

from ...storage.database import Reader, Row, Transaction
from .models import Keys, Subscription

_COLUMNS = "user_id, endpoint, p256dh, auth, device_id, created"


async def put(tx: Transaction, subscription: Subscription) -> None:
    """Add it, or replace what the person had for the same endpoint."""
    await tx.execute(
        f"INSERT INTO web_push_subscriptions (id, {_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7) "
        "ON CONFLICT (user_id, id) DO UPDATE SET p256dh = excluded.p256dh, auth = excluded.auth, "
        "device_id = excluded.device_id, created = excluded.created",
        subscription.id,
        subscription.user_id,
        subscription.endpoint,
        subscription.keys.p256dh,
        subscription.keys.auth,
        subscription.device_id,
        subscription.created,
    )


async def of_people(reader: Reader, user_ids: Collection[str]) -> list[Subscription]:
    """Those of each of these people, oldest first."""
    rows = await reader.fetch(
        f"SELECT {_COLUMNS} FROM web_push_subscriptions WHERE user_id = ANY($1) ORDER BY user_id, created, id",
        list(user_ids),
    )
    return [_subscription(row) for row in rows]


async def remove(tx: Transaction, user_id: str, ids: Collection[str]) -> None:
    await tx.execute("DELETE FROM web_push_subscriptions WHERE user_id = $1 AND id = ANY($2)", user_id, list(ids))


async def take_over(tx: Transaction, user_id: str, id_: str) -> None:
    """Remove what other people have for the same endpoint."""
    await tx.execute("DELETE FROM web_push_subscriptions WHERE id = $1 AND user_id <> $2", id_, user_id)


async def remove_device(tx: Transaction, user_id: str, device_id: str) -> None:
    await tx.execute("DELETE FROM web_push_subscriptions WHERE user_id = $1 AND device_id = $2", user_id, device_id)


async def remove_all(tx: Transaction, user_id: str) -> None:
    await tx.execute("DELETE FROM web_push_subscriptions WHERE user_id = $1", user_id)


async def key(reader: Reader) -> bytes | None:
    found = await reader.fetchval("SELECT private FROM web_push_keys")
    return None if found is None else bytes(found)


async def insert_key(tx: Transaction, private: bytes, now: int) -> None:
    await tx.execute("INSERT INTO web_push_keys (number, private, created) VALUES (1, $1, $2)", private, now)


def _subscription(row: Row) -> Subscription:
    user_id, endpoint, p256dh, auth, device_id, created = row
    return Subscription(user_id, endpoint, Keys(p256dh, auth), device_id, created)
