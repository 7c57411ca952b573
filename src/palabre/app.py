"""The composition root: settings in, a server out. The only place that knows which part is given to which."""

import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path

from .accounts.compose import Accounts
from .accounts.direct.routes import SignInRoutes
from .accounts.discovery.routes import DiscoveryRoutes
from .accounts.options import AccountOptions
from .bus.open import open_bus
from .core.clock import Clock
from .http.limits import RateLimits
from .http.server import HttpServer
from .http.status import Metrics, StatusRoutes
from .messaging.compose import Messaging
from .pages.compose import page_routes
from .policy.catalogue.service import Catalogues
from .policy.compose import Policy
from .policy.sign_up import UiaTerms
from .settings import Settings
from .storage.database import Database
from .storage.open import open_database


@dataclass
class Parts:
    """A server and what it is made of."""

    server: HttpServer
    database: Database
    clock: Clock
    accounts: Accounts
    policy: Policy
    messaging: Messaging


def build(settings: Settings) -> HttpServer:
    """A server that starts its parts when the ASGI lifespan starts, and stops them in reverse."""
    return compose(settings).server


def compose(settings: Settings) -> Parts:
    settings.check()
    clock = Clock()
    bus = open_bus(settings.bus)
    database = open_database(settings.database, settings.data, bus)
    limits = RateLimits(clock, enabled=not settings.test_mode)
    token = operator_token(settings.data).encode()

    def token_matches(given: str) -> bool:
        return hmac.compare_digest(given.encode(), token)

    server = HttpServer(
        limits,
        clock,
        trusted_proxies=settings.trusted_proxies,
        operator_token_matches=token_matches,
    )
    metrics = Metrics(database)
    server.observe = metrics.observe
    server.on_start += [bus.start, database.start]
    server.on_stop += [database.close, bus.close]
    server.add(StatusRoutes(database, metrics, server.router))

    catalogues = Catalogues(database)
    terms = UiaTerms(catalogues, clock, settings.base_url)
    accounts = Accounts(account_options(settings), database, clock, limits, terms=terms)
    policy = Policy(accounts, database, clock, catalogues, settings.base_url)
    server.authenticator = accounts.authenticator
    server.guards.append(policy.gate.guard)
    server.add(*accounts.routes, *policy.routes, *phone_routes(settings, accounts, policy, limits))
    starter = settings.starter_policy and not settings.test_mode
    server.on_start += [accounts.start, lambda: policy.start(starter=starter)]
    server.on_stop[:0] = [policy.stop, accounts.stop]
    if settings.test_mode:
        server.guards.append(accounts.guest_guard)

    messaging = Messaging(
        accounts,
        database,
        bus,
        clock,
        policy,
        settings.server_name,
        encrypt_private_rooms=settings.encrypt_private_rooms,
    )
    server.add(*messaging.routes)
    server.add(
        *page_routes(
            accounts, policy, messaging.export, database, clock, limits, terms=terms, token_matches=token_matches
        )
    )
    server.on_start += [messaging.housekeeping.start, messaging.aware.peers.start]
    server.on_stop[:0] = [messaging.housekeeping.stop, messaging.aware.peers.stop]
    server.on_closing.append(messaging.aware.notifier.close)
    return Parts(server, database, clock, accounts, policy, messaging)


def phone_routes(settings: Settings, accounts: Accounts, policy: Policy, limits: RateLimits) -> list[object]:
    """What our own clients use besides the Matrix API: signing in and finding people by phone number."""
    return [
        SignInRoutes(accounts.sign_in, accounts.codes, accounts.sessions, settings.default_region, policy.sign_up),
        DiscoveryRoutes(accounts.people, limits, settings.default_region),
    ]


def account_options(settings: Settings) -> AccountOptions:
    return AccountOptions(
        server_name=settings.server_name,
        public_url=settings.base_url,
        default_region=settings.default_region,
        test_mode=settings.test_mode,
        sms=settings.sms,
    )


def operator_token(data: Path) -> str:
    """The operator's bearer token, made on the first start and kept in `operator.token`, readable by its owner only."""
    path = data / "operator.token"
    if path.exists():
        return path.read_text().strip()
    data.mkdir(parents=True, exist_ok=True)
    token = "palop_" + secrets.token_urlsafe(32)
    path.touch(mode=0o600)
    path.write_text(token + "\n")
    return token
