"""Roll-outs as an operator works with them: each operation is one transaction, with who did it and why."""

from collections.abc import Callable
from typing import Any

import msgspec

from ...core import errors
from ...core.clock import Clock
from ...core.errors import ApiError
from ...storage.database import Database, Transaction
from ..catalogue.models import Catalogue
from ..catalogue.service import Catalogues
from ..documents.models import Document, Version
from ..documents.reading import PLAN_FILE, Folder
from ..lint import check
from . import operations, store
from .history import Operation, OperationName
from .models import Rollout
from .plan import Plan

MAX_TEXT = 4000
_WAVES = f"{PLAN_FILE}: waves"


class RolloutService:
    """Every operation needs an `actor` and a `reason`, and raises 404 for an unknown roll-out, 409
    `PALABRE_ROLLOUT_STATE` for what cannot be done as things are, 400 for what makes no sense.
    """

    def __init__(self, database: Database, clock: Clock, catalogues: Catalogues) -> None:
        self._database = database
        self._clock = clock
        self._catalogues = catalogues

    # reading

    async def get(self, rollout_id: str) -> Rollout:
        return _existing(await self._catalogues.now(), rollout_id)

    async def all(self) -> list[Rollout]:
        """In the order in which they were made."""
        return list((await self._catalogues.now()).rollouts.values())

    async def history(self, rollout_id: str) -> list[Operation]:
        """Oldest first."""
        await self.get(rollout_id)
        return await store.operations(self._database, rollout_id)

    async def as_it_would_start(self, rollout_id: str) -> Rollout:
        """The roll-out; a draft that announces when it is started, with the dates it would have if that were now."""
        rollout = await self.get(rollout_id)
        if rollout.state != "draft":
            return rollout
        plan = await store.plan(self._database, rollout_id)
        if plan.announce is not None:
            return rollout
        version = _published(await self._catalogues.now(), rollout.terms.policy, rollout.terms.version)
        return operations.draft(rollout_id, version, plan, self._clock.ms())

    async def imagine(self, policy: str, version: str, plan: Plan, document: Document | None = None) -> Rollout:
        """The roll-out that `create` would make, without making it; with `document`, of a version that is not
        published yet.
        """
        catalogue, now = await self._catalogues.now(), self._clock.ms()
        if document is None:
            found = _published(catalogue, policy, version)
        else:
            earlier = catalogue.of_policy(policy)
            found = Version(policy, version, earlier[-1].number + 1 if earlier else 1, "", now, document)
        return operations.draft(next_id(catalogue, policy, version), found, plan, now)

    # drafts

    async def create(self, policy: str, version: str, plan: Plan, actor: str, reason: str) -> Rollout:
        """A draft of a published version. There is one roll-out of a version at a time."""
        actor, reason, now = _said(actor, "actor"), _said(reason, "reason"), self._clock.ms()

        async def work(tx: Transaction) -> Rollout:
            catalogue = await self._catalogues.now(tx)
            published = _published(catalogue, policy, version)
            for other in catalogue.rollouts.values():
                if (other.terms.policy, other.terms.version) == (policy, version) and other.state != "rolled_back":
                    raise _conflict(
                        f"{policy} {version} has a roll-out already: {other.rollout_id}, which is "
                        f"{other.phase(now).replace('_', ' ')}. "
                        + ("Revise that draft." if other.state == "draft" else "Roll that one back first.")
                    )
            _check_plan(published.document, plan)
            rollout = operations.draft(next_id(catalogue, policy, version), published, plan, now)
            await self._put(tx, "create", None, rollout, actor, reason, now, {"plan": plan}, plan)
            return rollout

        return await self._database.write(work)

    async def revise(self, rollout_id: str, plan: Plan, actor: str, reason: str) -> Rollout:
        """Another plan for a draft."""
        actor, reason, now = _said(actor, "actor"), _said(reason, "reason"), self._clock.ms()

        async def work(tx: Transaction) -> Rollout:
            catalogue = await self._catalogues.now(tx)
            before = _existing(catalogue, rollout_id)
            if before.state != "draft":
                raise _conflict(f"Only a draft can be revised; this one is {before.phase(now).replace('_', ' ')}.")
            if await store.plan(tx, rollout_id) == plan:
                raise _conflict("This is the plan already.")
            published = _published(catalogue, before.terms.policy, before.terms.version)
            _check_plan(published.document, plan)
            after = operations.draft(rollout_id, published, plan, now)
            await self._put(tx, "revise", before, after, actor, reason, now, {"plan": plan}, plan)
            await store.set_plan(tx, rollout_id, msgspec.json.encode(plan).decode())
            return after

        return await self._database.write(work)

    async def start(self, rollout_id: str, actor: str, reason: str) -> Rollout:
        """From its announcement on the roll-out counts; that is now where the plan says no date."""
        actor, reason, now = _said(actor, "actor"), _said(reason, "reason"), self._clock.ms()

        async def work(tx: Transaction) -> Rollout:
            catalogue = await self._catalogues.now(tx)
            before = _existing(catalogue, rollout_id)
            after = before
            if before.state == "draft":
                published = _published(catalogue, before.terms.policy, before.terms.version)
                _require_newest(catalogue, before)
                plan = await store.plan(tx, rollout_id)
                after = operations.draft(rollout_id, published, plan, now)
            after = operations.start(after, now)
            await self._put(tx, "start", before, after, actor, reason, now, {})
            return after

        return await self._database.write(work)

    # operations

    async def hold(self, rollout_id: str, actor: str, reason: str) -> Rollout:
        return await self._operate("hold", rollout_id, actor, reason, operations.hold)

    async def resume(self, rollout_id: str, actor: str, reason: str) -> Rollout:
        return await self._operate("resume", rollout_id, actor, reason, operations.resume)

    async def roll_back(self, rollout_id: str, actor: str, reason: str) -> Rollout:
        return await self._operate("roll_back", rollout_id, actor, reason, operations.roll_back)

    async def extend(
        self, rollout_id: str, deadline: int, actor: str, reason: str, edition: str | None = None
    ) -> Rollout:
        """`deadline` in milliseconds since 1970."""
        return await self._operate(
            "extend",
            rollout_id,
            actor,
            reason,
            lambda rollout, now: operations.extend(rollout, deadline, now, edition),
            deadline=deadline,
            edition=edition,
        )

    async def drop(self, rollout_id: str, step: str, actor: str, reason: str, edition: str | None = None) -> Rollout:
        return await self._operate(
            "drop",
            rollout_id,
            actor,
            reason,
            lambda rollout, now: operations.drop(rollout, step, now, edition),
            step=step,
            edition=edition,
        )

    async def _operate(
        self,
        operation: OperationName,
        rollout_id: str,
        actor: str,
        reason: str,
        change: Callable[[Rollout, int], Rollout],
        **details: Any,
    ) -> Rollout:
        actor, reason, now = _said(actor, "actor"), _said(reason, "reason"), self._clock.ms()
        details = {name: value for name, value in details.items() if value is not None}

        async def work(tx: Transaction) -> Rollout:
            before = _existing(await self._catalogues.now(tx), rollout_id)
            after = change(before, now)
            await self._put(tx, operation, before, after, actor, reason, now, details)
            return after

        return await self._database.write(work)

    async def _put(
        self,
        tx: Transaction,
        operation: OperationName,
        before: Rollout | None,
        after: Rollout,
        actor: str,
        reason: str,
        now: int,
        details: dict[str, Any],
        plan: Plan | None = None,
    ) -> None:
        """The roll-out as it is now, and the line in its history, in the same transaction."""
        number = await store.last_number(tx, after.rollout_id) + 1
        await self._catalogues.put_rollout(tx, after, now, msgspec.json.encode(plan).decode())
        await store.insert_operation(
            tx, Operation(after.rollout_id, number, operation, actor, reason, now, details, before, after)
        )


def next_id(catalogue: Catalogue, policy: str, version: str) -> str:
    """`terms.2021.1`. Known beforehand, so that a preview puts everybody in the wave in which they will be."""
    terms = [rollout.terms for rollout in catalogue.rollouts.values()]
    return f"{policy}.{version}.{1 + sum((own.policy, own.version) == (policy, version) for own in terms)}"


def _existing(catalogue: Catalogue, rollout_id: str) -> Rollout:
    rollout = catalogue.rollouts.get(rollout_id)
    if rollout is None:
        raise errors.not_found("There is no such roll-out.")
    return rollout


def _published(catalogue: Catalogue, policy: str, version: str) -> Version:
    published = catalogue.versions.get((policy, version))
    if published is None:
        raise errors.not_found(f"{policy} {version} is not published. Publish it before its roll-out.")
    return published


def _require_newest(catalogue: Catalogue, rollout: Rollout) -> None:
    terms = rollout.terms
    for other in catalogue.rollouts.values():
        if (
            other.terms.policy == terms.policy
            and other.terms.number > terms.number
            and other.state in ("started", "held")
        ):
            raise _conflict(
                f"{other.rollout_id} carries {other.terms.version}, which is newer than {terms.version}. Roll it back "
                f"first, or publish the terms of {terms.version} again as a new version."
            )


def _check_plan(document: Document, plan: Plan) -> None:
    """Raises 400 `PALABRE_POLICY_LINT` for a ladder with errors, whether it was published with the version or not.

    Waves may leave people out here: that is a trial.
    """
    found = [finding for finding in check(Folder(document, plan)) if finding.severity == "error"]
    errors = [one for one in found if one.place.startswith(PLAN_FILE) and not one.place.startswith(_WAVES)]
    if errors:
        raise ApiError(
            400,
            "PALABRE_POLICY_LINT",
            f"This plan cannot be carried out: {errors[0].message} {errors[0].mend}",
            findings=msgspec.to_builtins(errors),
        )


def _said(text: str, what: str) -> str:
    text = text.strip()
    if not text or len(text) > MAX_TEXT:
        raise errors.invalid_param(f"The {what} must be given, in at most {MAX_TEXT} characters.")
    return text


def _conflict(error: str) -> ApiError:
    return ApiError(409, "PALABRE_ROLLOUT_STATE", error)
