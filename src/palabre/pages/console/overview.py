"""The console's first page: what is on its way to people, and what needs the operator."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from ...http.request import Request
from ...policy.catalogue.models import Catalogue
from ...policy.catalogue.service import Catalogues
from ...policy.documents.models import Version
from ...policy.documents.service import Policies
from ...policy.rollouts.models import Phase, Rollout, Step
from .frame import CONSOLE, ConsoleRoutes, Desk, console_page
from .models import Operator

DAY_MS = 24 * 3600 * 1000
SOON_MS = 7 * DAY_MS
ORDER: tuple[Phase, ...] = ("held", "running", "scheduled", "draft", "completed", "rolled_back")
GOING_ON = ("held", "running", "scheduled")


class OverviewRoutes(ConsoleRoutes):
    def __init__(self, desk: Desk, catalogues: Catalogues, policies: Policies) -> None:
        super().__init__(desk)
        self._catalogues = catalogues
        self._policies = policies

    @console_page(CONSOLE)
    async def overview(self, request: Request, operator: Operator) -> Response:
        catalogue = await self._catalogues.now()
        now = self.desk.clock.ms()
        cards = rollout_cards(self.desk, request, catalogue, catalogue.rollouts.values(), now)
        return self.desk.show(
            request,
            operator,
            "overview.html",
            going_on=[card for card in cards if card["phase"] in GOING_ON],
            drafts=[card for card in cards if card["phase"] == "draft"],
            attention=await self._attention(request, catalogue, now),
            policies=len(catalogue.policies),
        )

    @console_page("/console/rollouts")
    async def rollouts(self, request: Request, operator: Operator) -> Response:
        catalogue = await self._catalogues.now()
        cards = rollout_cards(self.desk, request, catalogue, catalogue.rollouts.values(), self.desk.clock.ms())
        return self.desk.show(request, operator, "rollouts.html", cards=cards)

    async def _attention(self, request: Request, catalogue: Catalogue, now: int) -> list[dict[str, str]]:
        """What an operator should look at, the most pressing first: (what, of which, where)."""
        found: list[tuple[int, dict[str, str]]] = []

        def note(rank: int, path: str, name: str, key: str, **values: Any) -> None:
            found.append((rank, {"path": path, "name": name, "text": self.desk.say(request, key, **values)}))

        moment = self.desk.words(request).moment
        for rollout in catalogue.rollouts.values():
            version = catalogue.versions[rollout.terms.policy, rollout.terms.version]
            name, path = version_name(self.desk, request, version), rollout_path(rollout)
            phase = rollout.phase(now)
            if phase == "held":
                note(0, path, name, "console.attention_held", since=moment(rollout.held_since or now))
            elif phase == "draft":
                late = rollout.announce < now
                note(2, path, name, "console.attention_late" if late else "console.attention_draft")
            elif phase in ("running", "scheduled"):
                coming = next_step(rollout, now)
                if coming is not None and coming.level.restricts and coming.at - now <= SOON_MS:
                    level = self.desk.say(request, f"console_named.level.{coming.level.label}")
                    note(1, path, name, "console.attention_soon", level=level, at=moment(coming.at))
        for policy in catalogue.policies:
            newest = catalogue.of_policy(policy)[-1]
            name, path = version_name(self.desk, request, newest), version_path(newest)
            carried = [
                own
                for own in catalogue.rollouts.values()
                if own.terms.number == newest.number and own.terms.policy == policy and own.state != "rolled_back"
            ]
            if not carried:
                note(3, path, name, "console.attention_unplanned")
            warnings = sum(finding.acknowledged is not None for finding in await self._policies.findings(newest))
            if warnings:
                text = self.pages.texts.count(self.pages.language(request), "console.attention_warnings", warnings)
                found.append((4, {"path": path, "name": name, "text": text}))
        return [item for _, item in sorted(found, key=lambda pair: pair[0])]


def rollout_path(rollout: Rollout) -> str:
    return f"/console/rollouts/{quote(rollout.rollout_id, safe='')}"


def version_path(version: Version) -> str:
    return f"/console/policies/{quote(version.policy, safe='')}/{quote(version.version, safe='')}"


def version_name(desk: Desk, request: Request, version: Version) -> str:
    """`Terms and privacy policy, 2021`."""
    return f"{desk.local(request, version.document.policy.names)}, {version.version}"


def next_step(rollout: Rollout, now: int) -> Step | None:
    """The next of its steps, of whichever edition; None when all have passed, or while it does not run."""
    if rollout.state != "started":
        return None
    ladders = (rollout.ladder, *rollout.editions.values())
    coming = [step for ladder in ladders for step in ladder.steps if step.at > now]
    return min(coming, key=lambda step: step.at, default=None)


def rollout_cards(
    desk: Desk, request: Request, catalogue: Catalogue, rollouts: Iterable[Rollout], now: int
) -> list[dict[str, Any]]:
    """What a list says of each roll-out, what goes on first."""
    cards = []
    for rollout in rollouts:
        version = catalogue.versions[rollout.terms.policy, rollout.terms.version]
        coming = next_step(rollout, now)
        cards.append(
            {
                "path": rollout_path(rollout),
                "id": rollout.rollout_id,
                "name": version_name(desk, request, version),
                "phase": rollout.phase(now),
                "announce": rollout.announce,
                "deadline": rollout.ladder.deadline if rollout.terms.kind == "material" else None,
                "next": coming.level.label if coming else None,
                "next_at": coming.at if coming else None,
            }
        )
    return sorted(cards, key=lambda card: ORDER.index(card["phase"]))
