"""The page from which people take along everything that the server holds about them."""

from starlette.responses import Response

from ..http.request import Request
from ..messaging.export.routes import download
from ..messaging.export.service import Export
from .browser.service import Browsers
from .frame import PageRoutes, Pages, page
from .people import Cards

FILE = "/account/export/palabre-export.zip"


class ExportPages(PageRoutes):
    def __init__(self, pages: Pages, browsers: Browsers, cards: Cards, export: Export) -> None:
        super().__init__(pages)
        self._browsers = browsers
        self._cards = cards
        self._export = export

    @page("/account/export")
    async def about(self, request: Request) -> Response:
        """What the file contains, and the file."""
        session = await self._browsers.require(request, fresh=True)
        return self.pages.page(request, "account/export.html", card=await self._cards.of(session.user_id), file=FILE)

    @page(FILE)
    async def file(self, request: Request) -> Response:
        session = await self._browsers.require(request, fresh=True)
        return await download(self._export, session.user_id)
