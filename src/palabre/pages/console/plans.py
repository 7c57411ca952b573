"""Planning a roll-out: the form, whom it would reach and when, and the draft that comes of it."""

from datetime import date
from typing import Any

from starlette.responses import Response

from ...core.errors import ApiError
from ...http.request import Request
from ...policy.documents.models import Version
from ...policy.documents.service import Policies
from ...policy.rollouts.plan import Plan
from ...policy.rollouts.preview import Forecast, Preview
from ...policy.rollouts.service import RolloutService
from ..forms import Form
from . import figures, planning
from .frame import ConsoleRoutes, Desk, console_form, console_page
from .models import Operator
from .overview import rollout_path, version_name, version_path

PATH = "/console/policies/{policy}/{version}/plan"


class PlanRoutes(ConsoleRoutes):
    def __init__(self, desk: Desk, policies: Policies, rollouts: RolloutService, preview: Preview) -> None:
        super().__init__(desk)
        self._policies = policies
        self._rollouts = rollouts
        self._preview = preview

    @console_page(PATH)
    async def ask(self, request: Request, operator: Operator) -> Response:
        version = await self._policies.version(request.params["policy"], request.params["version"])
        return self._form(request, operator, version, planning.proposal(self.desk.clock.now()))

    @console_form(PATH)
    async def plan(self, request: Request, operator: Operator, sent: Form) -> Response:
        """First what the plan would do; then, confirmed, the draft. `back` returns to the form as it was filled in."""
        version = await self._policies.version(request.params["policy"], request.params["version"])
        if sent["back"]:
            return self._form(request, operator, version, sent)
        try:
            plan = planning.read_plan(sent, [edition.id for edition in version.document.policy.editions])
            if not sent["reason"]:
                raise planning.UnplannedError("reason", "no_reason")
            if sent["create"]:
                rollout = await self._rollouts.create(
                    version.policy, version.version, plan, operator.actor, sent["reason"]
                )
                return self.pages.redirect(rollout_path(rollout) + "?done=create")
            return await self._foresee(request, operator, version, plan, sent)
        except ApiError as error:
            return self._form(request, operator, version, sent, error)

    async def _foresee(
        self, request: Request, operator: Operator, version: Version, plan: Plan, sent: Form
    ) -> Response:
        rollout = await self._rollouts.imagine(version.policy, version.version, plan)
        forecast = await self._preview.preview(rollout)
        speaker = self.desk.speaker(request, version)
        return self.desk.show(
            request,
            operator,
            "preview.html",
            name=version_name(self.desk, request, version),
            path=version_path(version),
            action=version_path(version) + "/plan",
            sent={name: value for name, value in sent.items() if name not in ("create", "back")},
            forecast=forecast,
            days=days_in_words(forecast, speaker),
            editions=[(speaker.edition(edition), people) for edition, people in forecast.editions.items()],
            timeline=figures.dates(rollout, self.desk.clock.ms(), speaker),
        )

    def _form(
        self, request: Request, operator: Operator, version: Version, sent: Form, error: ApiError | None = None
    ) -> Response:
        field, problem = "", ""
        if isinstance(error, planning.UnplannedError):
            field, problem = error.field, self.desk.say(request, f"console_named.plan.{error.key}")
        return self.desk.show(
            request,
            operator,
            "plan.html",
            error,
            name=version_name(self.desk, request, version),
            path=version_path(version),
            action=version_path(version) + "/plan",
            sent=sent,
            kind=version.document.policy.kind,
            editions=[
                (edition.id, self.desk.local(request, edition.names)) for edition in version.document.policy.editions
            ],
            field=field,
            problem=problem,
            more_editions=any(value for name, value in sent.items() if name.startswith("deadline_")),
            more_waves=any(value for name, value in sent.items() if name.startswith("wave_")),
            reminders=range(1, planning.REMINDERS + 1),
            waves=range(1, planning.WAVES + 1),
            after=planning.AFTER,
        )


def days_in_words(forecast: Forecast, speaker: figures.Speaker) -> list[dict[str, Any]]:
    """What comes on each day, and the regions of those it comes to, the largest first."""
    shown = []
    for day in forecast.days:
        regions = sorted(day.regions.items(), key=lambda item: -item[1])
        shown.append(
            {
                "day": speaker.words.full(date.fromisoformat(day.day)),
                "step": day.step,
                "people": day.people,
                "regions": [(speaker.country(code), people) for code, people in regions[:6]],
                "more": sum(people for _, people in regions[6:]),
            }
        )
    return shown
