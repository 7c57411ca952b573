"""The pages and OAuth, put together on top of the accounts."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ..accounts.compose import Accounts
from ..accounts.oauth.routes import OAuthRoutes
from ..accounts.oauth.service import OAuth
from ..accounts.uia.stages import Terms
from ..core.clock import Clock
from ..core.text import Texts
from ..http.limits import RateLimits
from ..messaging.export.service import Export
from ..policy.compose import Policy
from ..storage.database import Database
from .account import AccountRoutes
from .browser.service import Browsers
from .confirm import ConfirmRoutes
from .consent import ConsentRoutes
from .console.compose import console_routes
from .export import ExportPages
from .frame import Pages, Site
from .home import HomeRoutes
from .people import Cards
from .policies import PolicyPages
from .sign_in import SignInRoutes
from .sso import SsoRoutes
from .terms.asking import Asking
from .terms.record_routes import RecordRoutes
from .terms.routes import TermsRoutes

TEXTS = Path(__file__).parent / "texts"


def page_routes(
    accounts: Accounts,
    policy: Policy,
    export: Export,
    database: Database,
    clock: Clock,
    limits: RateLimits,
    *,
    terms: Terms,
    token_matches: Callable[[str], bool],
) -> list[object]:
    """The routes of every page and of OAuth. `terms` are those that `Accounts` was given; `token_matches` compares with
    the operator token.
    """
    options = accounts.options
    codes: Literal["sms", "console", "test"] = "sms" if options.sms else "console"
    site = Site(
        base_url=options.public_url,
        server_name=options.server_name,
        default_region=options.default_region,
        codes="test" if options.test_mode else codes,
    )
    pages = Pages(Texts.load(TEXTS), site)
    browsers = Browsers(database, clock, accounts.people, pages)
    accounts.hooks.on_deactivated.append(browsers.forget)
    cards = Cards(accounts.people, accounts.profiles)
    oauth = OAuth(database, clock, limits, accounts.sessions, options.public_url)
    accounts.hooks.on_deactivated.append(oauth.on_deactivated)
    asking = Asking(clock, policy.catalogues, policy.decisions, policy.gate)
    return [
        OAuthRoutes(oauth, options.public_url),
        HomeRoutes(pages, browsers),
        SignInRoutes(pages, browsers, accounts.sign_in, clock, policy.sign_up),
        ConsentRoutes(pages, browsers, cards, oauth),
        SsoRoutes(pages, browsers, cards, accounts.login_tokens),
        ConfirmRoutes(
            pages,
            browsers,
            cards,
            database,
            accounts.uia,
            accounts.sign_in,
            terms,
        ),
        AccountRoutes(
            pages,
            browsers,
            cards,
            clock,
            accounts.people,
            accounts.profiles,
            accounts.sessions,
            accounts.authenticator,
            accounts.lifecycle,
            policy.gate,
        ),
        ExportPages(pages, browsers, cards, export),
        PolicyPages(pages, policy.documents, policy.catalogues, clock),
        TermsRoutes(pages, browsers, accounts.people, policy.catalogues, policy.decisions, asking, policy.views),
        RecordRoutes(pages, browsers, policy.catalogues, policy.decisions, asking, policy.records, policy.receipts),
        *console_routes(
            pages,
            browsers,
            database,
            clock,
            limits,
            accounts.people,
            policy.catalogues,
            policy.documents,
            policy.rollouts,
            policy.preview,
            policy.funnel,
            token_matches,
        ),
    ]
