"""Where a person lets an app into their account: OAuth's authorization endpoint, waiting devices, `m.login.sso`."""

from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from ..accounts.oauth.models import Authorization
from ..accounts.oauth.routes import PATH
from ..accounts.oauth.service import OAuth, Refused
from ..core.errors import ApiError
from ..http.request import Request
from .addresses import Elsewhere, own_address, sign_in_address
from .browser.service import Browsers
from .forms import Form
from .frame import PageRoutes, Pages, form, page
from .people import Card, Cards

AUTHORIZE = PATH + "/authorize"
DEVICE = "/account/device"


class ConsentRoutes(PageRoutes):
    def __init__(self, pages: Pages, browsers: Browsers, cards: Cards, oauth: OAuth) -> None:
        super().__init__(pages)
        self._browsers = browsers
        self._cards = cards
        self._oauth = oauth

    # the authorization endpoint

    @page(AUTHORIZE)
    async def authorize(self, request: Request) -> Response:
        """RFC 6749 section 3.1: asks the person, after they have signed in."""
        try:
            authorization = await self._authorization(request)
        except Refused as refused:
            return self.pages.redirect(refused.location)
        session = await self._browsers.require(request, fresh=authorization.wants_account)
        return self._consent_page(request, authorization, await self._cards.of(session.user_id))

    @form(AUTHORIZE)
    async def decide(self, request: Request, sent: Form) -> Response:
        """The person's answer. The question is in the address and is judged anew."""
        try:
            authorization = await self._authorization(request)
        except Refused as refused:
            return self.pages.redirect(refused.location)
        if sent["answer"] != "allow":
            return self.pages.redirect(self._oauth.deny(authorization))
        session = await self._browsers.require(request)
        if session.user_id != sent["user"]:
            raise Elsewhere(own_address(request))
        return self.pages.redirect(await self._oauth.approve(authorization, session.user_id))

    async def _authorization(self, request: Request) -> Authorization:
        query = request.scope["query_string"].decode("latin-1")
        return await self._oauth.authorization(parse_qsl(query, keep_blank_values=True))

    def _consent_page(self, request: Request, authorization: Authorization, card: Card) -> Response:
        client = authorization.client
        return self.pages.page(
            request,
            "consent.html",
            targets=[authorization.redirect_uri],
            client=client,
            card=card,
            action=own_address(request),
            other=sign_in_address(own_address(request), again=True),
            user_code=None,
        )

    # a device that waits (RFC 8628)

    @page(DEVICE)
    async def device(self, request: Request) -> Response:
        """Asks for the code that the device shows, then whether to let it in."""
        code = request.query.get("user_code") or request.query.get("code")
        session = await self._browsers.require(request)
        if not code:
            return self._code_page(request)
        try:
            device, client = await self._oauth.waiting_device(code, request.address)
        except ApiError as error:
            return self._code_page(request, code, error)
        return self.pages.page(
            request,
            "consent.html",
            client=client,
            card=await self._cards.of(session.user_id),
            action=DEVICE,
            other=sign_in_address(own_address(request), again=True),
            user_code=f"{device.user_code[:4]}-{device.user_code[4:]}",
        )

    @form(DEVICE)
    async def decide_device(self, request: Request, sent: Form) -> Response:
        session = await self._browsers.session(request)
        if session is None or session.user_id != sent["user"]:
            raise Elsewhere(DEVICE + "?" + urlencode({"user_code": sent["user_code"]}))
        approved = sent["answer"] == "allow"
        try:
            await self._oauth.answer_device(sent["user_code"], session.user_id, approved=approved)
        except ApiError as error:
            return self._code_page(request, sent["user_code"], error)
        return self.pages.page(request, "done.html", what="device_in" if approved else "device_out")

    def _code_page(self, request: Request, code: str = "", error: ApiError | None = None) -> Response:
        language = self.pages.language(request)
        message = ""
        if error is not None and error.status == 404:
            message = self.pages.texts.get(language, "device.unknown")
        elif error is not None:
            message = self.pages.explain(request, error)
        status = error.status if error else 200
        return self.pages.page(request, "device.html", status=status, code=code, error=message)
