"""Publishing versions, for ever: what is published is never changed and never taken away."""

import msgspec

from ...core.clock import Clock
from ...core.errors import ApiError, invalid_param, not_found
from ...storage.database import Database, Transaction
from ..catalogue.service import Catalogues
from ..lint import Finding, check
from ..rollouts.plan import Plan
from . import store
from .hashing import document_hash
from .models import Document, Version
from .reading import Folder


class Policies:
    def __init__(self, database: Database, clock: Clock, catalogues: Catalogues) -> None:
        self._database = database
        self.clock = clock
        self._catalogues = catalogues

    async def publish(self, document: Document, plan: Plan | None, actor: str) -> Version:
        """The published version. The same content again is the same version, whoever publishes it and whenever.

        Raises 400 `PALABRE_POLICY_LINT` with `findings` for errors and for warnings that nobody has acknowledged, and
        409 `PALABRE_VERSION_EXISTS` when other content was published as this version before.
        """
        if not actor.strip():
            raise invalid_param("Say who publishes it: `actor`.")
        policy, hash_, now = document.policy, document_hash(document), self.clock.now()

        async def work(tx: Transaction) -> Version:
            catalogue = await self._catalogues.now(tx)
            same = catalogue.versions.get((policy.id, policy.version))
            if same is not None and same.hash == hash_:
                return same
            if same is not None:
                raise ApiError(
                    409,
                    "PALABRE_VERSION_EXISTS",
                    f"Version {policy.version} of {policy.id} is published with other content, and cannot change. "
                    "Publish this as a new version.",
                    hash=same.hash,
                )
            earlier = catalogue.of_policy(policy.id)
            findings = check(Folder(document, plan), [version.document for version in earlier], now.date())
            _refuse(findings)
            number = earlier[-1].number + 1 if earlier else 1
            published = int(now.timestamp() * 1000)
            version = Version(policy.id, policy.version, number, hash_, published, document)
            await self._catalogues.add_version(tx, version, actor, list(findings))
            return version

        return await self._database.write(work)

    async def version(self, policy: str, version: str) -> Version:
        """Raises 404."""
        found = (await self._catalogues.now()).versions.get((policy, version))
        if found is None:
            raise not_found(f"There is no version {version} of a policy {policy}.")
        return found

    async def versions(self, policy: str) -> list[Version]:
        """Oldest first. Raises 404 for a policy of which nothing is published."""
        found = (await self._catalogues.now()).of_policy(policy)
        if not found:
            raise not_found(f"There is no policy {policy}.")
        return found

    async def policies(self) -> list[str]:
        return (await self._catalogues.now()).policies

    async def findings(self, version: Version) -> list[Finding]:
        """What the linter said when the version was published: the warnings that the operator acknowledged."""
        text = await store.findings(self._database, version.policy, version.version)
        return msgspec.json.decode(text, type=list[Finding])


def _refuse(findings: list[Finding]) -> None:
    """Raises 400 when something is in the way of publishing."""
    left = [finding for finding in findings if finding.severity == "error" or finding.acknowledged is None]
    if left:
        errors = sum(finding.severity == "error" for finding in left)
        raise ApiError(
            400,
            "PALABRE_POLICY_LINT",
            f"It cannot be published yet: {errors} errors, {len(left) - errors} warnings that are not acknowledged.",
            findings=msgspec.to_builtins(findings),
        )
