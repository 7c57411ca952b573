"""The front page, what clients look for before anything else, the language switch, and the static files."""

from typing import Any

from starlette.responses import Response

from ..core import errors
from ..http.endpoint import Reply, endpoint
from ..http.request import Request
from .addresses import local_path
from .browser.service import Browsers
from .frame import LANGUAGE_COOKIE, YEAR, PageRoutes, Pages, page


class HomeRoutes(PageRoutes):
    def __init__(self, pages: Pages, browsers: Browsers) -> None:
        super().__init__(pages)
        self._browsers = browsers

    @page("/")
    async def home(self, request: Request) -> Response:
        """What this is and how to connect."""
        return self.pages.page(request, "home.html", signed_in=await self._browsers.session(request) is not None)

    @page("/account/language")
    async def language(self, request: Request) -> Response:
        """Keep the chosen language and go back."""
        response = self.pages.redirect(local_path(request.query.get("back", "")) or "/")
        language = request.query.get("to")
        if language in self.pages.texts.languages:
            self.pages.set_cookie(response, LANGUAGE_COOKIE, language, YEAR)
        return response

    @endpoint("GET", "/account/assets/{version}/{name}", access="public", tags=("Pages",))
    async def asset(self, request: Request) -> Response:
        """A static file of the pages."""
        response = self.pages.assets.get(request.params["version"], request.params["name"])
        if response is None:
            raise errors.not_found("There is no such file.")
        return response

    @endpoint("GET", "/.well-known/matrix/client", access="public", tags=("Server discovery",), returns=dict[str, Any])
    async def well_known(self, request: Request) -> Reply:
        """Client-Server API, "Well-known URIs". The second member is how clients found OAuth before v1.15."""
        base_url = self.pages.site.base_url
        body = {
            "m.homeserver": {"base_url": base_url},
            "org.matrix.msc2965.authentication": {"issuer": base_url + "/", "account": base_url + "/account"},
        }
        return Reply(body, headers={"cache-control": "max-age=3600"})
