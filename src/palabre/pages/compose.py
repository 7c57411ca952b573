"""The pages and OAuth, put together on top of the accounts."""

from pathlib import Path
from typing import Literal

from ..accounts.compose import Accounts, default_terms
from ..accounts.oauth.routes import OAuthRoutes
from ..accounts.oauth.service import OAuth
from ..accounts.uia.stages import Terms
from ..core.clock import Clock
from ..core.text import Texts
from ..http.limits import RateLimits
from ..storage.database import Database
from .account import AccountRoutes
from .browser.service import Browsers
from .confirm import ConfirmRoutes
from .consent import ConsentRoutes
from .frame import Pages, Site
from .home import HomeRoutes
from .people import Cards
from .sign_in import SignInRoutes
from .sso import SsoRoutes

TEXTS = Path(__file__).parent / "texts"


def page_routes(
    accounts: Accounts, database: Database, clock: Clock, limits: RateLimits, *, terms: Terms | None = None
) -> list[object]:
    """The routes of every page and of OAuth. `terms` are those that `Accounts` was given."""
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
    return [
        OAuthRoutes(oauth, options.public_url),
        HomeRoutes(pages, browsers),
        SignInRoutes(pages, browsers, accounts.sign_in, clock),
        ConsentRoutes(pages, browsers, cards, oauth),
        SsoRoutes(pages, browsers, cards, accounts.login_tokens),
        ConfirmRoutes(
            pages,
            browsers,
            cards,
            database,
            accounts.uia,
            accounts.sign_in,
            terms or default_terms(options.public_url),
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
        ),
    ]
