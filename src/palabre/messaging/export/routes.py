"""`/_palabre/v1/account/export`."""

from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

from ...http.endpoint import endpoint
from ...http.request import Request
from .service import Export


class ExportRoutes:
    def __init__(self, export: Export) -> None:
        self._export = export

    @endpoint("GET", "/_palabre/v1/account/export", access="account", limit="accounts.export", tags=("Account",))
    async def export(self, request: Request) -> StreamingResponse:
        """Everything that the server holds about me, as a ZIP file of JSON. Open at every level."""
        return await download(self._export, request.user_id)


async def download(export: Export, user_id: str) -> StreamingResponse:
    """The answer that hands the export over. Refusals are raised before it begins."""
    pieces = export.zipped(user_id)
    first = await anext(pieces)

    async def all_of_it() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    headers = {
        "content-disposition": 'attachment; filename="palabre-export.zip"',
        "cache-control": "no-store",
        "access-control-allow-origin": "*",
    }
    return StreamingResponse(all_of_it(), media_type="application/zip", headers=headers)
