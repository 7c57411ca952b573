"""The console, put together."""

from collections.abc import Callable

from ...accounts.people.service import People
from ...core.clock import Clock
from ...http.limits import RateLimits
from ...policy.catalogue.service import Catalogues
from ...policy.documents.service import Policies
from ...policy.rollouts.funnel import Funnel
from ...policy.rollouts.preview import Preview
from ...policy.rollouts.service import RolloutService
from ...storage.database import Database
from ..browser.service import Browsers
from ..frame import Pages
from .frame import Desk
from .impact import Impact
from .operations import OperationRoutes
from .overview import OverviewRoutes
from .plans import PlanRoutes
from .policies import PolicyRoutes
from .rollouts import RolloutRoutes
from .sessions import Operators
from .sign_in import SignInRoutes


def console_routes(
    pages: Pages,
    browsers: Browsers,
    database: Database,
    clock: Clock,
    limits: RateLimits,
    people: People,
    catalogues: Catalogues,
    policies: Policies,
    rollouts: RolloutService,
    preview: Preview,
    funnel: Funnel,
    token_matches: Callable[[str], bool],
) -> list[object]:
    """The routes of the console. `token_matches` is what `HttpServer` compares the operator token with."""
    operators = Operators(database, clock, limits, people, browsers, token_matches, secure=pages.site.secure)
    desk = Desk(pages, operators, clock)
    return [
        SignInRoutes(desk),
        OverviewRoutes(desk, catalogues, policies),
        PolicyRoutes(desk, catalogues, policies),
        PlanRoutes(desk, policies, rollouts, preview),
        RolloutRoutes(desk, catalogues, rollouts, funnel),
        OperationRoutes(desk, catalogues, rollouts, Impact(database, clock, catalogues)),
    ]
