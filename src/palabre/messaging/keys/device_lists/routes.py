"""`GET /keys/changes`: Client-Server API, module "End-to-End Encryption"."""

from collections.abc import Callable

from ....core import errors
from ....http.endpoint import endpoint
from ....http.request import Request
from ....storage.database import Database
from .models import DeviceLists
from .service import DeviceListService


class DeviceListRoutes:
    """`position_of` is the sync layer's: the position of the log that a sync token stands for, or `M_INVALID_PARAM`."""

    def __init__(self, database: Database, lists: DeviceListService, position_of: Callable[[str], int]) -> None:
        self._database = database
        self._lists = lists
        self._position_of = position_of

    # `to` is a hint, and telling a client more than it asked for is harmless: the answer reaches to the present.
    @endpoint(
        "GET", "/_matrix/client/v3/keys/changes", access="read", tags=("End-to-end encryption",), returns=DeviceLists
    )
    async def changes(self, request: Request) -> DeviceLists:
        tokens = [request.query.get(name) for name in ("from", "to")]
        if None in tokens:
            raise errors.missing_param("Give the tokens from and to.")
        since, _ = (self._position_of(token or "") for token in tokens)
        return await self._lists.changes(request.user_id, since, self._database.position)
