"""What a new server begins with: a policy for a messenger as it is, in force from the first day.

It is `policies/palabre` of the checkout, and comes along in the package. An operator publishes their own in its place.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from msgspec.structs import replace

from ..core.errors import ApiError
from .catalogue.service import Catalogues
from .documents.models import Document
from .documents.reading import read_folder
from .documents.service import Policies
from .rollouts.plan import Plan
from .rollouts.service import RolloutService

ACTOR, REASON = "Palabre", "A new server begins with the starter policy."
_PACKAGED = Path(__file__).parent / "starter"
_CHECKOUT = Path(__file__).parents[3] / "policies" / "palabre"

log = structlog.get_logger()


async def begin(policies: Policies, rollouts: RolloutService, catalogues: Catalogues) -> None:
    """Publish the starter and roll it out, where nothing else was published. Goes on where a crash ended it."""
    catalogue = await catalogues.now()
    if any(rollout.state != "draft" for rollout in catalogue.rollouts.values()):
        return
    read = await asyncio.to_thread(read_folder, _PACKAGED if _PACKAGED.exists() else _CHECKOUT)
    policy = read.document.policy.id
    if set(catalogue.policies) - {policy} or read.plan is None:
        return
    document, plan = from_today(read.document, read.plan, policies.clock.now())
    try:
        published = catalogue.of_policy(policy)
        version = published[-1] if published else await policies.publish(document, plan, ACTOR)
        drafts = list(catalogue.rollouts.values())
        rollout = drafts[-1] if drafts else await rollouts.create(policy, version.version, plan, ACTOR, REASON)
        await rollouts.start(rollout.rollout_id, ACTOR, REASON)
    except ApiError as error:
        if error.status != 409:
            raise
        log.info("another process has published the starter policy")


def from_today(document: Document, plan: Plan, now: datetime) -> tuple[Document, Plan]:
    """The calendar of the starter is an example: its dates move to begin today."""
    policy = replace(document.policy, effective=now.date().isoformat())
    length = plan.deadline - (plan.announce or plan.deadline)
    return replace(document, policy=policy), replace(plan, announce=None, deadline=now + length + timedelta(days=1))
