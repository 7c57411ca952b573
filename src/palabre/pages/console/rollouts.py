"""One roll-out: where it is, how far people have come, what was done to it, and what can be done."""

from typing import Any

from starlette.responses import Response

from ...http.request import Request
from ...policy.catalogue.service import Catalogues
from ...policy.rollouts.funnel import Funnel
from ...policy.rollouts.history import Operation
from ...policy.rollouts.models import Rollout
from ...policy.rollouts.service import RolloutService
from . import figures
from .frame import ConsoleRoutes, Desk, console_page
from .models import Operator
from .overview import next_step, rollout_path, version_name, version_path


class RolloutRoutes(ConsoleRoutes):
    def __init__(self, desk: Desk, catalogues: Catalogues, rollouts: RolloutService, funnel: Funnel) -> None:
        super().__init__(desk)
        self._catalogues = catalogues
        self._rollouts = rollouts
        self._funnel = funnel

    @console_page("/console/rollouts/{rollout_id}")
    async def one(self, request: Request, operator: Operator) -> Response:
        rollout = await self._rollouts.as_it_would_start(request.params["rollout_id"])
        catalogue = await self._catalogues.now()
        version = catalogue.versions[rollout.terms.policy, rollout.terms.version]
        speaker = self.desk.speaker(request, version)
        history = await self._rollouts.history(rollout.rollout_id)
        report = await self._funnel.of(rollout.rollout_id)
        now = self.desk.clock.ms()
        coming = next_step(rollout, now)
        done = request.query.get("done", "")
        return self.desk.show(
            request,
            operator,
            "rollout.html",
            name=version_name(self.desk, request, version),
            version=version_path(version),
            path=rollout_path(rollout),
            rollout=rollout,
            phase=rollout.phase(now),
            coming=coming,
            operations=operations_of(rollout),
            report=report,
            stages=list(report.totals.items()),
            timeline=figures.dates(rollout, now, speaker),
            charts=figures.funnel(rollout, report, history, speaker),
            regions=figures.region_rows(report, speaker),
            history=[self._entry(operation, speaker) for operation in reversed(history)],
            done=done if any(operation.operation == done for operation in history[-1:]) else "",
        )

    def _entry(self, operation: Operation, speaker: figures.Speaker) -> dict[str, Any]:
        return {
            "operation": operation.operation,
            "actor": operation.actor,
            "reason": operation.reason,
            "at": operation.at,
            "changes": figures.changes(operation.before, operation.after, speaker),
        }


def operations_of(rollout: Rollout) -> list[str]:
    """What can be done to it as it is."""
    if rollout.state == "draft":
        return ["start"]
    if rollout.state == "rolled_back":
        return []
    moving = [] if rollout.terms.kind == "editorial" else ["extend"]
    ladders = (rollout.ladder, *rollout.editions.values())
    if any(step.level.label != "notice" for ladder in ladders for step in ladder.steps):
        moving.append("drop")
    return ["resume" if rollout.state == "held" else "hold", *moving, "roll_back"]
