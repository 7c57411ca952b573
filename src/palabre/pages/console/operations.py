"""Operating a roll-out: a form, a page that says how many people it touches and what happens to them, then the deed."""

from hashlib import sha256
from typing import Any

import msgspec
from starlette.responses import Response

from ...core import errors
from ...core.errors import ApiError
from ...http.request import Request
from ...policy.catalogue.service import Catalogues
from ...policy.documents.models import Version
from ...policy.rollouts import operations as pure
from ...policy.rollouts.drafting import milliseconds
from ...policy.rollouts.models import STEPS, Level, Rollout
from ...policy.rollouts.service import RolloutService
from ..forms import Form
from . import figures, planning
from .frame import ConsoleRoutes, Desk, console_form, console_page
from .impact import Effect, Impact
from .models import Operator
from .overview import rollout_path, version_name
from .rollouts import operations_of

PATH = "/console/rollouts/{rollout_id}/{operation}"
OPERATIONS = ("start", "hold", "resume", "extend", "drop", "roll_back")


class OperationRoutes(ConsoleRoutes):
    def __init__(self, desk: Desk, catalogues: Catalogues, rollouts: RolloutService, impact: Impact) -> None:
        super().__init__(desk)
        self._catalogues = catalogues
        self._rollouts = rollouts
        self._impact = impact

    @console_page(PATH)
    async def ask(self, request: Request, operator: Operator) -> Response:
        operation, rollout, version = await self._concerned(request)
        return self._form(request, operator, operation, rollout, version, Form())

    @console_form(PATH)
    async def operate(self, request: Request, operator: Operator, sent: Form) -> Response:
        """Without `seen`, what it would do; with the fingerprint of the roll-out that this was said of, the deed."""
        operation, rollout, version = await self._concerned(request)
        if sent["back"]:
            return self._form(request, operator, operation, rollout, version, sent)
        try:
            if not sent["reason"]:
                raise planning.UnplannedError("reason", "no_reason")
            after = self._after(operation, rollout, sent)
            if not sent["seen"]:
                return await self._confirm(request, operator, operation, rollout, after, version, sent)
            if sent["seen"] != fingerprint(await self._rollouts.get(rollout.rollout_id)):
                raise ApiError(409, "CHANGED_MEANWHILE", "The roll-out is not any more what was shown.")
            await self._do(operation, rollout, operator, sent)
        except ApiError as error:
            return self._form(request, operator, operation, rollout, version, sent, error)
        return self.pages.redirect(f"{rollout_path(rollout)}?done={operation}")

    async def _concerned(self, request: Request) -> tuple[str, Rollout, Version]:
        operation = request.params["operation"]
        if operation not in OPERATIONS:
            raise errors.not_found("There is no such operation.")
        rollout = await self._rollouts.as_it_would_start(request.params["rollout_id"])
        catalogue = await self._catalogues.now()
        return operation, rollout, catalogue.versions[rollout.terms.policy, rollout.terms.version]

    def _after(self, operation: str, rollout: Rollout, sent: Form) -> Rollout:
        """The roll-out as the operation would make it; raises what the operation would."""
        now, edition = self.desk.clock.ms(), sent["edition"] or None
        if operation == "extend":
            return pure.extend(rollout, _deadline(sent), now, edition)
        if operation == "drop":
            return pure.drop(rollout, sent["step"], now, edition)
        change = {"start": pure.start, "hold": pure.hold, "resume": pure.resume, "roll_back": pure.roll_back}
        return change[operation](rollout, now)

    async def _do(self, operation: str, rollout: Rollout, operator: Operator, sent: Form) -> None:
        by = (operator.actor, sent["reason"])
        rollout_id, edition = rollout.rollout_id, sent["edition"] or None
        if operation == "extend":
            await self._rollouts.extend(rollout_id, _deadline(sent), *by, edition)
        elif operation == "drop":
            await self._rollouts.drop(rollout_id, sent["step"], *by, edition)
        else:
            deeds = {
                "start": self._rollouts.start,
                "hold": self._rollouts.hold,
                "resume": self._rollouts.resume,
                "roll_back": self._rollouts.roll_back,
            }
            await deeds[operation](rollout_id, *by)

    async def _confirm(
        self,
        request: Request,
        operator: Operator,
        operation: str,
        rollout: Rollout,
        after: Rollout,
        version: Version,
        sent: Form,
    ) -> Response:
        effect = await self._impact.of(rollout, after)
        speaker = self.desk.speaker(request, version)
        return self.desk.show(
            request,
            operator,
            "confirm.html",
            name=version_name(self.desk, request, version),
            path=rollout_path(rollout),
            action=f"{rollout_path(rollout)}/{operation}",
            operation=operation,
            sent={name: value for name, value in sent.items() if name not in ("seen", "back")},
            seen=fingerprint(await self._rollouts.get(rollout.rollout_id)),
            effect=effect,
            moves=_moves(effect),
            coming=[(level.label, effect.coming[level]) for level in sorted(effect.coming)],
            changes=figures.changes(rollout, after, speaker),
            timeline="" if operation == "roll_back" else figures.dates(after, self.desk.clock.ms(), speaker),
        )

    def _form(
        self,
        request: Request,
        operator: Operator,
        operation: str,
        rollout: Rollout,
        version: Version,
        sent: Form,
        error: ApiError | None = None,
    ) -> Response:
        field, problem = "", ""
        if isinstance(error, planning.UnplannedError):
            field, problem = error.field, self.desk.say(request, f"console_named.plan.{error.key}")
        return self.desk.show(
            request,
            operator,
            "operation.html",
            error,
            name=version_name(self.desk, request, version),
            path=rollout_path(rollout),
            action=f"{rollout_path(rollout)}/{operation}",
            operation=operation,
            possible=operation in operations_of(rollout),
            rollout=rollout,
            editions=self._editions(request, rollout, version),
            steps=_droppable(rollout),
            sent=sent,
            field=field,
            problem=problem,
        )

    def _editions(self, request: Request, rollout: Rollout, version: Version) -> list[dict[str, Any]]:
        """The editions of the version with the deadline of each."""
        return [
            {
                "id": edition.id,
                "name": self.desk.local(request, edition.names),
                "deadline": rollout.ladder_for(edition.id).deadline,
            }
            for edition in version.document.policy.editions
        ]


def fingerprint(rollout: Rollout) -> str:
    """Of what a confirmation was asked for: the roll-out as it is written."""
    return sha256(msgspec.json.encode(rollout)).hexdigest()[:32]


def _deadline(sent: Form) -> int:
    moment = planning.read_moment(sent, "deadline")
    if moment is None:
        raise planning.UnplannedError("deadline", "missing")
    return milliseconds(moment)


def _droppable(rollout: Rollout) -> list[str]:
    """The steps of the roll-out, the last of which is dropped first."""
    ladders = (rollout.ladder, *rollout.editions.values())
    found = {step.level for ladder in ladders for step in ladder.steps if step.level is not Level.NOTICE}
    return [label for label, level in reversed(STEPS.items()) if level in found]


def _moves(effect: Effect) -> list[tuple[str, str, int]]:
    """(level now, level afterwards, people), the most people first."""
    return [(was.label, will.label, people) for (was, will), people in effect.moves.most_common()]
