"""The SQL of cross-signing keys and of signatures."""

from ....core.json import decode, encode
from ....storage.database import Reader, Transaction
from .models import Keys, PublicKey, Signature, Usage

_SET_KEY = """
INSERT INTO cross_signing_keys (user_id, usage, public_key, key) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, usage) DO UPDATE SET public_key = excluded.public_key, key = excluded.key
"""
_ADD_SIGNATURE = """
INSERT INTO key_signatures (user_id, target, signer_id, signing_key, signature) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id, target, signer_id, signing_key) DO UPDATE SET signature = excluded.signature
"""


async def keys_of(reader: Reader, user_ids: list[str]) -> dict[str, Keys]:
    """User id to keys, of those of these people who have some."""
    rows = await reader.fetch(
        "SELECT user_id, usage, public_key, key FROM cross_signing_keys WHERE user_id = ANY($1)", user_ids
    )
    found: dict[str, Keys] = {}
    for user_id, usage, public_key, key in rows:
        found.setdefault(user_id, {})[usage] = PublicKey(usage, public_key, decode(bytes(key)))
    return found


async def has_public_key(reader: Reader, user_id: str, public_key: str) -> bool:
    return bool(
        await reader.fetch(
            "SELECT 1 FROM cross_signing_keys WHERE user_id = $1 AND public_key = $2", user_id, public_key
        )
    )


async def set_key(tx: Transaction, user_id: str, key: PublicKey) -> None:
    await tx.execute(_SET_KEY, user_id, key.usage, key.public_key, encode(key.key))


async def delete_key(tx: Transaction, user_id: str, usage: Usage) -> None:
    await tx.execute("DELETE FROM cross_signing_keys WHERE user_id = $1 AND usage = $2", user_id, usage)


async def signatures_on(reader: Reader, user_ids: list[str], viewer_id: str) -> list[Signature]:
    """Signatures on the keys of these people, made by themselves or by `viewer_id`."""
    rows = await reader.fetch(
        """
        SELECT user_id, target, signer_id, signing_key, signature FROM key_signatures
        WHERE user_id = ANY($1) AND (signer_id = user_id OR signer_id = $2)
        """,
        user_ids,
        viewer_id,
    )
    return [Signature(*row) for row in rows]


def add_signature(tx: Transaction, signature: Signature) -> None:
    tx.defer(_ADD_SIGNATURE, *signature)


async def forget_signatures(tx: Transaction, user_id: str, name: str) -> None:
    """Signatures made on and with a key of the person, by its name: a device id or a public key."""
    await tx.execute("DELETE FROM key_signatures WHERE user_id = $1 AND target = $2", user_id, name)
    await tx.execute("DELETE FROM key_signatures WHERE signer_id = $1 AND signing_key = $2", user_id, f"ed25519:{name}")


async def forget_person(tx: Transaction, user_id: str) -> None:
    await tx.execute("DELETE FROM cross_signing_keys WHERE user_id = $1", user_id)
    await tx.execute("DELETE FROM key_signatures WHERE user_id = $1 OR signer_id = $1", user_id)
