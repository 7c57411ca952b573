"""The account pages: name, devices, PIN, deletion. Also where OAuth's account management links lead."""

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from ..accounts.lifecycle import Lifecycle
from ..accounts.oauth.routes import ACCOUNT_ACTIONS, UNSTABLE_ACTIONS
from ..accounts.people.service import People
from ..accounts.profiles.service import Profiles
from ..accounts.sessions.authenticator import Authenticator
from ..accounts.sessions.models import Device
from ..accounts.sessions.service import Sessions
from ..core.clock import Clock
from ..core.errors import ApiError
from ..http.request import Request
from ..policy.gate.service import Gate
from .addresses import HOME
from .browser.models import BrowserSession
from .browser.service import Browsers
from .forms import Form
from .frame import PageRoutes, Pages, form, page
from .people import Cards
from .sign_in import MAX_NAME

DAY_MS = 24 * 3600 * 1000


class AccountRoutes(PageRoutes):
    def __init__(
        self,
        pages: Pages,
        browsers: Browsers,
        cards: Cards,
        clock: Clock,
        people: People,
        profiles: Profiles,
        sessions: Sessions,
        authenticator: Authenticator,
        lifecycle: Lifecycle,
        gate: Gate,
    ) -> None:
        super().__init__(pages)
        self._browsers = browsers
        self._cards = cards
        self._clock = clock
        self._people = people
        self._profiles = profiles
        self._sessions = sessions
        self._authenticator = authenticator
        self._lifecycle = lifecycle
        self._gate = gate

    @page(HOME)
    async def home(self, request: Request) -> Response:
        """The account at a glance. `action` and `device_id` are OAuth's ("Account management URL parameters")."""
        action = request.query.get("action", "")
        target = ACCOUNT_ACTIONS.get(UNSTABLE_ACTIONS.get(action, action))
        if target is not None:
            device_id = request.query.get("device_id", "")
            if "{device_id}" in target and not device_id:
                target = "/account/devices"
            return self.pages.redirect(target.replace("{device_id}", quote(device_id, safe="")))
        session = await self._browsers.require(request)
        devices = await self._sessions.devices(session.user_id)
        return await self._show(request, session, "home.html", devices=len(devices))

    @form("/account/sign-out")
    async def sign_out(self, request: Request, sent: Form) -> Response:
        """Sign out of these pages. Apps stay signed in."""
        response = self.pages.redirect("/")
        await self._browsers.sign_out(request, response)
        return response

    # the name

    @page("/account/profile")
    async def profile(self, request: Request) -> Response:
        session = await self._browsers.require(request)
        name = (await self._profiles.get(session.user_id)).displayname or ""
        return await self._show(request, session, "profile.html", name=name)

    @form("/account/profile")
    async def set_profile(self, request: Request, sent: Form) -> Response:
        session = await self._browsers.require(request)
        name = sent["name"]
        if not 0 < len(name) <= MAX_NAME:
            error = ApiError(400, "BAD_NAME", "A name is needed.")
            return await self._show(request, session, "profile.html", error, name=name)
        try:
            await self._gate.require(session.user_id, "send")
        except ApiError as error:
            return await self._show(request, session, "profile.html", error, name=name)
        await self._profiles.set(session.user_id, "displayname", name)
        return await self._show(request, session, "profile.html", name=name, saved=True)

    # devices

    @page("/account/devices")
    async def devices(self, request: Request) -> Response:
        session = await self._browsers.require(request)
        devices = [self._describe(device) for device in await self._sessions.devices(session.user_id)]
        devices.sort(key=lambda device: device["days"] if device["days"] is not None else 10**6)
        signed_out = "signed_out" in request.query
        return await self._show(request, session, "devices.html", devices=devices, signed_out=signed_out)

    @page("/account/devices/{device_id}")
    async def device(self, request: Request) -> Response:
        session = await self._browsers.require(request)
        device = await self._sessions.device(session.user_id, request.params["device_id"])
        return await self._show(request, session, "device.html", device=self._describe(device))

    @form("/account/devices/{device_id}")
    async def sign_out_device(self, request: Request, sent: Form) -> Response:
        session = await self._browsers.require(request)
        await self._sessions.sign_out(session.user_id, [request.params["device_id"]])
        return self.pages.redirect("/account/devices?signed_out=1")

    def _describe(self, device: Device) -> dict[str, Any]:
        last_seen, address = self._authenticator.seen(device)
        now = self._clock.ms()
        return {
            "id": device.device_id,
            "path": "/account/devices/" + quote(device.device_id, safe=""),
            "name": device.display_name or device.device_id,
            "address": address,
            "days": None if last_seen is None else max(0, now - last_seen) // DAY_MS,
            "added": max(0, now - device.created) // DAY_MS,
        }

    # the PIN

    @page("/account/pin")
    async def pin(self, request: Request) -> Response:
        session = await self._browsers.require(request, fresh=True)
        return await self._show(request, session, "pin.html")

    @form("/account/pin")
    async def set_pin(self, request: Request, sent: Form) -> Response:
        session = await self._browsers.require(request, fresh=True)
        account = await self._people.require_active(session.user_id)
        try:
            if account.has_pin:
                await self._people.check_pin(session.user_id, sent["current"])
            await self._people.set_pin(session.user_id, None if "remove" in sent else sent["pin"])
        except ApiError as error:
            return await self._show(request, session, "pin.html", error)
        await self._browsers.sign_out_others(request, session.user_id)
        return await self._show(request, session, "pin.html", saved=True)

    # the end

    @page("/account/delete")
    async def delete(self, request: Request) -> Response:
        session = await self._browsers.require(request, fresh=True)
        return await self._show(request, session, "delete.html", sent=Form())

    @form("/account/delete")
    async def really_delete(self, request: Request, sent: Form) -> Response:
        session = await self._browsers.require(request, fresh=True)
        account = await self._people.require_active(session.user_id)
        try:
            if sent["sure"] != "yes":
                raise ApiError(400, "NOT_SURE", "Tick the box first.")
            if account.has_pin:
                await self._people.check_pin(session.user_id, sent["current"])
        except ApiError as error:
            return await self._show(request, session, "delete.html", error, sent=sent)
        await self._lifecycle.deactivate(session.user_id, erase="erase" in sent)
        response = self.pages.page(request, "done.html", what="deleted")
        await self._browsers.sign_out(request, response)
        return response

    async def _show(
        self,
        request: Request,
        session: BrowserSession,
        template: str,
        error: ApiError | None = None,
        **context: Any,
    ) -> Response:
        """An account page, with what went wrong in plain words: `account.<errcode>` where there is such a text."""
        message = ""
        if error is not None:
            key = f"account.{error.errcode}"
            has_text = self.pages.texts.has(key) and "retry_after_ms" not in error.extra
            language = self.pages.language(request)
            message = self.pages.texts.get(language, key) if has_text else self.pages.explain(request, error)
        return self.pages.page(
            request,
            f"account/{template}",
            status=error.status if error else 200,
            card=await self._cards.of(session.user_id),
            error=message,
            code=error.errcode if error else "",
            saved=context.pop("saved", False),
            **context,
        )
