"""`/_palabre/admin/v1/rollouts` and `/_palabre/admin/v1/preview`: what operators do with roll-outs.

Times in answers are milliseconds since 1970. Plans are `rollout.yaml` as JSON, with its dates as text; a deadline is
taken either way.
"""

from datetime import datetime
from typing import Any

import msgspec

from ...core import errors
from ...core.clock import Clock
from ...core.errors import ApiError
from ...core.json import JsonObject
from ...http.endpoint import Reply, endpoint
from ...http.request import Request
from ..documents.models import Document
from ..documents.reading import DocumentError, folder_from, plan_from
from .drafting import LATEST, milliseconds
from .funnel import Funnel
from .history import Operation
from .models import Ladder, Rollout
from .plan import Plan
from .preview import Preview
from .service import RolloutService

BASE = "/_palabre/admin/v1/rollouts"
TAGS = ("Operators",)
MAX_DOCUMENT = 8 << 20


class OperationBody(msgspec.Struct):
    actor: str
    reason: str


class ExtendBody(OperationBody):
    deadline: int | str
    edition: str | None = None


class DropBody(OperationBody):
    step: str
    edition: str | None = None


class ReviseBody(OperationBody):
    plan: Any


class CreateBody(ReviseBody):
    policy: str
    version: str


class PreviewBody(msgspec.Struct):
    """Of a published version `policy` and `version`; of another, `document`: its policy and wording."""

    plan: Any
    policy: str | None = None
    version: str | None = None
    document: JsonObject | None = None


class RolloutRoutes:
    def __init__(self, rollouts: RolloutService, preview: Preview, funnel: Funnel, clock: Clock) -> None:
        self._rollouts = rollouts
        self._preview = preview
        self._funnel = funnel
        self._clock = clock

    # reading

    @endpoint("GET", BASE, access="operator", tags=TAGS)
    async def all(self, request: Request) -> JsonObject:
        """All roll-outs, in the order in which they were made; `?policy=` those of one policy."""
        policy = request.query.get("policy")
        rollouts = [one for one in await self._rollouts.all() if policy is None or one.terms.policy == policy]
        return {"rollouts": [self._shown(rollout) for rollout in rollouts]}

    @endpoint("GET", BASE + "/{rollout_id}", access="operator", tags=TAGS)
    async def get(self, request: Request) -> JsonObject:
        return self._shown(await self._rollouts.get(request.params["rollout_id"]))

    @endpoint("GET", BASE + "/{rollout_id}/operations", access="operator", tags=TAGS)
    async def operations(self, request: Request) -> JsonObject:
        """What was done to the roll-out, oldest first, each with the roll-out before and after."""
        operations = await self._rollouts.history(request.params["rollout_id"])
        return {"operations": [self._operation(operation) for operation in operations]}

    @endpoint("GET", BASE + "/{rollout_id}/preview", access="operator", tags=TAGS)
    async def preview(self, request: Request) -> JsonObject:
        """How many people each step reaches on each day, from the accounts as they are."""
        return await self._forecast(await self._rollouts.as_it_would_start(request.params["rollout_id"]))

    @endpoint("GET", BASE + "/{rollout_id}/funnel", access="operator", tags=TAGS)
    async def funnel(self, request: Request) -> JsonObject:
        """How far people have come, by day and country; at most a minute old."""
        report: JsonObject = msgspec.to_builtins(await self._funnel.of(request.params["rollout_id"]))
        return report

    @endpoint(
        "POST",
        "/_palabre/admin/v1/preview",
        access="operator",
        body=PreviewBody,
        max_body=MAX_DOCUMENT,
        tags=TAGS,
    )
    async def preview_of(self, request: Request, body: PreviewBody) -> JsonObject:
        """The preview of a roll-out that does not exist yet, of a version that need not be published."""
        plan = _plan(body.plan)
        if body.document is not None:
            document = _document(body.document)
            policy, version = document.policy.id, document.policy.version
            return await self._forecast(await self._rollouts.imagine(policy, version, plan, document))
        if body.policy is None or body.version is None:
            raise errors.missing_param("Give policy and version, or the document.")
        return await self._forecast(await self._rollouts.imagine(body.policy, body.version, plan))

    # operations

    @endpoint("POST", BASE, access="operator", body=CreateBody, tags=TAGS)
    async def create(self, request: Request, body: CreateBody) -> Reply:
        """A draft that brings a published version to everyone."""
        rollout = await self._rollouts.create(body.policy, body.version, _plan(body.plan), body.actor, body.reason)
        return Reply(self._shown(rollout), status=201)

    @endpoint("POST", BASE + "/{rollout_id}/revise", access="operator", body=ReviseBody, tags=TAGS)
    async def revise(self, request: Request, body: ReviseBody) -> JsonObject:
        """Another plan for a draft."""
        rollout_id = request.params["rollout_id"]
        return self._shown(await self._rollouts.revise(rollout_id, _plan(body.plan), body.actor, body.reason))

    @endpoint("POST", BASE + "/{rollout_id}/start", access="operator", body=OperationBody, tags=TAGS)
    async def start(self, request: Request, body: OperationBody) -> JsonObject:
        return self._shown(await self._rollouts.start(request.params["rollout_id"], body.actor, body.reason))

    @endpoint("POST", BASE + "/{rollout_id}/hold", access="operator", body=OperationBody, tags=TAGS)
    async def hold(self, request: Request, body: OperationBody) -> JsonObject:
        """Stop its clock: nothing is asked or limited until it is resumed."""
        return self._shown(await self._rollouts.hold(request.params["rollout_id"], body.actor, body.reason))

    @endpoint("POST", BASE + "/{rollout_id}/resume", access="operator", body=OperationBody, tags=TAGS)
    async def resume(self, request: Request, body: OperationBody) -> JsonObject:
        """Go on: every date moves by the length of the hold."""
        return self._shown(await self._rollouts.resume(request.params["rollout_id"], body.actor, body.reason))

    @endpoint("POST", BASE + "/{rollout_id}/extend", access="operator", body=ExtendBody, tags=TAGS)
    async def extend(self, request: Request, body: ExtendBody) -> JsonObject:
        """A later deadline: every limit and deletion that counts from it is off until then."""
        rollout = await self._rollouts.extend(
            request.params["rollout_id"], _moment(body.deadline), body.actor, body.reason, body.edition
        )
        return self._shown(rollout)

    @endpoint("POST", BASE + "/{rollout_id}/drop", access="operator", body=DropBody, tags=TAGS)
    async def drop(self, request: Request, body: DropBody) -> JsonObject:
        """Take a step off the ladder."""
        rollout = await self._rollouts.drop(
            request.params["rollout_id"], body.step, body.actor, body.reason, body.edition
        )
        return self._shown(rollout)

    @endpoint("POST", BASE + "/{rollout_id}/roll_back", access="operator", body=OperationBody, tags=TAGS)
    async def roll_back(self, request: Request, body: OperationBody) -> JsonObject:
        """As if it had never been: the roll-out before it counts again."""
        return self._shown(await self._rollouts.roll_back(request.params["rollout_id"], body.actor, body.reason))

    # how they are shown

    def _shown(self, rollout: Rollout) -> JsonObject:
        terms = rollout.terms
        return {
            "rollout_id": rollout.rollout_id,
            "policy": terms.policy,
            "version": terms.version,
            "kind": terms.kind,
            "state": rollout.phase(self._clock.ms()),
            "announce": rollout.announce,
            "notice_period": rollout.notice_period,
            **_ladder(rollout.ladder),
            "editions": {name: _ladder(rollout.ladder_for(name)) for name in sorted(terms.within)},
            "waves": msgspec.to_builtins(rollout.waves),
            "held_since": rollout.held_since,
            "holds": [{"from": begin, "to": end} for begin, end in rollout.holds],
            "sms_reminders": rollout.sms_budget,
            "web_push_reminders": rollout.web_push_budget,
        }

    def _operation(self, operation: Operation) -> JsonObject:
        return {
            "number": operation.number,
            "operation": operation.operation,
            "actor": operation.actor,
            "reason": operation.reason,
            "at": operation.at,
            "details": operation.details,
            "before": self._shown(operation.before) if operation.before else None,
            "after": self._shown(operation.after),
        }

    async def _forecast(self, rollout: Rollout) -> JsonObject:
        forecast: JsonObject = msgspec.to_builtins(await self._preview.preview(rollout))
        return {"rollout": self._shown(rollout), **forecast}


def _ladder(ladder: Ladder) -> JsonObject:
    steps = [{"step": step.level.label, "at": step.at, "anchor": step.anchor} for step in ladder.steps]
    return {"deadline": ladder.deadline, "steps": steps}


def _plan(value: Any) -> Plan:
    try:
        return plan_from(value)
    except msgspec.ValidationError as error:
        raise errors.bad_json(f"The plan cannot be read: {error}.") from None


def _document(value: JsonObject) -> Document:
    try:
        return folder_from(value.get("policy"), value.get("wording")).document
    except DocumentError as error:
        problems = [str(problem) for problem in error.problems]
        raise ApiError(400, "M_BAD_JSON", "The document cannot be read: " + problems[0], problems=problems) from None


def _moment(value: int | str) -> int:
    """Milliseconds, given as such or as text: a day is its first moment, in UTC."""
    if isinstance(value, int):
        if not 0 <= value <= LATEST:
            raise errors.invalid_param("deadline is no time in milliseconds since 1970.")
        return value
    try:
        return milliseconds(datetime.fromisoformat(value))
    except ValueError:
        raise errors.invalid_param("deadline is no date such as 2021-05-15 or 2021-05-15T12:00:00Z.") from None
