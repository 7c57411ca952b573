"""Reading and writing versions and roll-outs."""

import msgspec

from ...storage.database import Reader, Transaction
from ..documents.models import Document, Version
from ..rollouts.models import Rollout


async def versions(reader: Reader) -> list[Version]:
    rows = await reader.fetch(
        "SELECT policy, version, number, hash, published, document FROM policy_versions ORDER BY policy, number"
    )
    return [
        Version(policy, version, number, hash_, published, msgspec.json.decode(text, type=Document))
        for policy, version, number, hash_, published, text in rows
    ]


async def rollouts(reader: Reader) -> list[Rollout]:
    rows = await reader.fetch("SELECT content FROM rollouts ORDER BY created, rollout_id")
    return [msgspec.json.decode(content, type=Rollout) for (content,) in rows]


async def insert_version(tx: Transaction, version: Version, canonical: str, actor: str, findings: str) -> None:
    await tx.execute(
        "INSERT INTO policy_versions (policy, version, number, hash, published, actor, document, findings) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        version.policy,
        version.version,
        version.number,
        version.hash,
        version.published,
        actor,
        canonical,
        findings,
    )


async def put_rollout(tx: Transaction, rollout: Rollout, created: int, plan: str) -> None:
    """Insert it, or replace its content; `created` and `plan` stay what they were at first."""
    await tx.execute(
        "INSERT INTO rollouts (rollout_id, policy, version, created, plan, content) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (rollout_id) DO UPDATE SET content = excluded.content",
        rollout.rollout_id,
        rollout.terms.policy,
        rollout.terms.version,
        created,
        plan,
        msgspec.json.encode(rollout).decode(),
    )
