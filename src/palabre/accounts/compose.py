"""Everything about accounts, put together."""

import asyncio
import contextlib
from typing import Any

from ..core.clock import Clock
from ..core.errors import ApiError
from ..http.endpoint import Endpoint
from ..http.limits import RateLimits
from ..http.request import Request, Session
from ..storage.database import Database
from .admin.routes import AdminRoutes, ClockRoutes
from .codes.providers import ConsoleProvider, HttpProvider, Provider, QuietProvider
from .codes.routes import DevCodeRoutes
from .codes.service import CodeService
from .contacts.routes import ContactRoutes
from .contacts.service import Contacts
from .devices.routes import DeviceRoutes
from .hashing import SecretHasher
from .hooks import AccountHooks
from .identifiers import Identifiers
from .lifecycle import Lifecycle
from .login.routes import LoginRoutes
from .login.service import LoginTokens, PasswordLogin
from .options import AccountOptions
from .people.password import PasswordChange
from .people.routes import AccountRoutes
from .people.service import People
from .profiles.routes import ProfileRoutes
from .profiles.service import Profiles
from .register.routes import RegisterRoutes
from .register.service import Registration
from .sessions.authenticator import Authenticator
from .sessions.service import Sessions
from .sign_in import SignIn
from .uia.service import Uia
from .uia.stages import Stages, Terms


async def no_terms() -> dict[str, Any]:
    """Where nothing is published there is nothing to agree to."""
    return {}


class Accounts:
    """The services, by name, and the routes on top of them. `start` comes after the database's, `stop` before it."""

    def __init__(
        self,
        options: AccountOptions,
        database: Database,
        clock: Clock,
        limits: RateLimits,
        *,
        terms: Terms = no_terms,
        provider: Provider | None = None,
    ) -> None:
        self.options = options
        self.provider = provider or provider_for(options)
        self.hooks = AccountHooks()
        self.people = People(
            database,
            clock,
            SecretHasher(cheap=options.test_mode),
            self.hooks,
            options.server_name,
            default_region=options.default_region,
            fictional_numbers=options.fictional_numbers,
        )
        self.profiles = Profiles(database, self.people, self.hooks)
        self.codes = CodeService(database, clock, limits, self.provider, test_mode=options.test_mode)
        self.sign_in = SignIn(
            database,
            clock,
            self.people,
            self.profiles,
            self.codes,
            recycle_ms=options.recycle_ms,
            pin_lock_ms=options.pin_lock_ms,
        )
        self.sessions = Sessions(database, clock, self.people, self.hooks, access_token_ms=options.access_token_ms)
        self.authenticator = Authenticator(database, clock, self.people, self.sessions)
        self.sign_in.seen_lately = self.authenticator.seen_lately
        self.lifecycle = Lifecycle(database, self.people, self.sessions, self.profiles, self.codes, self.hooks)
        self.identifiers = Identifiers(self.people)
        self.login_tokens = LoginTokens(database, clock)
        stages = Stages(self.people, self.identifiers, self.codes, limits, terms)
        self.uia = Uia(database, clock, self.people, self.codes, stages, options.public_url)
        self.hooks.on_deactivated += [self.login_tokens.on_deactivated, self.uia.on_deactivated]
        self.registration = Registration(
            database,
            self.people,
            self.profiles,
            self.sessions,
            self.authenticator,
            self.sign_in,
            self.uia,
            self.hooks,
            terms,
            test_mode=options.test_mode,
        )
        self.contacts = Contacts(database, self.people, self.sign_in, self.codes)
        self.routes = self._routes(PasswordChange(database, self.people, self.sessions, self.sign_in), limits)
        if options.test_mode:
            self.routes.append(ClockRoutes(clock))
        self._flushing: asyncio.Task[None] | None = None

    def _routes(self, passwords: PasswordChange, limits: RateLimits) -> list[object]:
        name, url = self.options.server_name, self.options.public_url
        routes: list[object] = [
            LoginRoutes(
                self.sessions,
                PasswordLogin(self.people, limits),
                self.login_tokens,
                self.identifiers,
                self.uia,
                name,
            ),
            RegisterRoutes(self.registration, self.people, name),
            AccountRoutes(self.people, passwords, self.lifecycle, self.uia),
            ContactRoutes(self.contacts, self.sign_in, self.uia, url),
            DeviceRoutes(self.sessions, self.authenticator, self.uia),
            ProfileRoutes(self.profiles, self.people),
            AdminRoutes(self.people, self.sessions, self.profiles, self.lifecycle),
        ]
        if isinstance(self.provider, ConsoleProvider):
            routes.append(DevCodeRoutes(self.provider))
        return routes

    async def start(self) -> None:
        self._flushing = asyncio.create_task(self.authenticator.run())

    async def stop(self) -> None:
        """Before the database closes: writes down who was seen."""
        if self._flushing is not None:
            self._flushing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._flushing
        await self.authenticator.flush(all_of_it=True)
        if isinstance(self.provider, HttpProvider):
            await self.provider.close()

    async def guest_guard(self, endpoint: Endpoint, request: Request, session: Session) -> None:
        """For `HttpServer.guards` in test mode, where there are guests: they reach only what is declared for them."""
        if endpoint.guest:
            return
        account = await self.people.get(session.user_id)
        if account is not None and account.is_guest:
            raise ApiError(403, "M_GUEST_ACCESS_FORBIDDEN", "Guests cannot do this. Make an account.")


def provider_for(options: AccountOptions) -> Provider:
    if options.test_mode:
        return QuietProvider()
    return ConsoleProvider() if options.sms is None else HttpProvider(options.sms)
