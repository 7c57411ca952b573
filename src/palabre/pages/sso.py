"""`m.login.sso`: sign-in for apps that know the legacy API only (Client-Server API, "SSO client login")."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.responses import Response

from ..accounts.login.service import LoginTokens
from ..accounts.oauth.redirects import split
from ..core import errors
from ..http.request import Request
from .addresses import Elsewhere, own_address, sign_in_address
from .browser.service import Browsers
from .forms import Form
from .frame import PageRoutes, Pages, form, page
from .people import Cards

CONFIRM = "/account/sso"
NEVER = {"javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "view-source"}
"""Schemes that run something or open files instead of an app."""
PROVIDER = "palabre"
"""The only identity provider: this server's own sign-in."""


class SsoRoutes(PageRoutes):
    def __init__(self, pages: Pages, browsers: Browsers, cards: Cards, login_tokens: LoginTokens) -> None:
        super().__init__(pages)
        self._browsers = browsers
        self._cards = cards
        self._login_tokens = login_tokens

    @page("/_matrix/client/v3/login/sso/redirect")
    async def start(self, request: Request) -> Response:
        """Where an app sends people who want to sign in."""
        return self._confirm(request)

    @page("/_matrix/client/v3/login/sso/redirect/{idp_id}")
    async def start_with(self, request: Request) -> Response:
        """The same for one provider of those in `identity_providers`."""
        if request.params["idp_id"] != PROVIDER:
            raise errors.not_found("There is no such identity provider.")
        return self._confirm(request)

    def _confirm(self, request: Request) -> Response:
        redirect_url = checked_redirect(request.query.get("redirectUrl"))
        return self.pages.redirect(CONFIRM + "?" + urlencode({"redirectUrl": redirect_url}), 302)

    @page(CONFIRM)
    async def ask(self, request: Request) -> Response:
        """Asks whether the app may come in, so that a crafted link cannot open an account to another site."""
        redirect_url = checked_redirect(request.query.get("redirectUrl"))
        session = await self._browsers.require(request)
        return self.pages.page(
            request,
            "sso.html",
            targets=[redirect_url],
            card=await self._cards.of(session.user_id),
            target=urlsplit(redirect_url).hostname or urlsplit(redirect_url).scheme,
            is_site=bool(urlsplit(redirect_url).hostname),
            action=own_address(request),
            other=sign_in_address(own_address(request), again=True),
        )

    @form(CONFIRM)
    async def answer(self, request: Request, sent: Form) -> Response:
        redirect_url = checked_redirect(request.query.get("redirectUrl"))
        session = await self._browsers.require(request)
        if session.user_id != sent["user"]:
            raise Elsewhere(own_address(request))
        if sent["answer"] != "allow":
            return self.pages.redirect("/account")
        token = await self._login_tokens.create(session.user_id)
        return self.pages.redirect(with_login_token(redirect_url, token))


def checked_redirect(url: str | None) -> str:
    """Raises 400 for an address that is none, or that would run something."""
    parts = split(url or "")
    if parts is None or parts.scheme in NEVER or (parts.scheme in ("http", "https") and not parts.hostname):
        raise errors.invalid_param("redirectUrl must be a web address or the address of an app.")
    return url or ""


def with_login_token(url: str, token: str) -> str:
    """`url` with `loginToken` in its query, and no other one."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "loginToken"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("loginToken", token)])))
