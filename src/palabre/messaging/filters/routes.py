"""`/user/{userId}/filter`: client-server API, section "Filtering"."""

from typing import Any

from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from .service import FilterService

_TAGS = ("Room participation",)


class FilterRoutes:
    def __init__(self, filters: FilterService) -> None:
        self._filters = filters

    @endpoint(
        "POST",
        "/_matrix/client/v3/user/{user_id}/filter",
        access="account",
        guest=True,
        body=JsonObject,
        tags=_TAGS,
        max_body=65_536,
    )
    async def post_filter(self, request: Request, body: JsonObject) -> dict[str, Any]:
        request.require_self(request.params["user_id"])
        return {"filter_id": await self._filters.add(request.user_id, body)}

    @endpoint("GET", "/_matrix/client/v3/user/{user_id}/filter/{filter_id}", access="account", guest=True, tags=_TAGS)
    async def get_filter(self, request: Request) -> Any:
        request.require_self(request.params["user_id"])
        return await self._filters.get(request.user_id, request.params["filter_id"])
