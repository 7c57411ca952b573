"""Space hierarchies and room summaries over HTTP. Client-server API, sections "Spaces" and "Room summaries"."""

from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ...policy.gate.service import Gate
from ..directory.service import DirectoryService
from .service import DEFAULT_PAGE, MAX_DEPTH, MAX_PAGE, SpaceService

_V1 = "/_matrix/client/v1"


class SpaceRoutes:
    def __init__(self, spaces: SpaceService, directory: DirectoryService, gate: Gate) -> None:
        self._spaces = spaces
        self._directory = directory
        self._gate = gate

    @endpoint("GET", f"{_V1}/rooms/{{room_id}}/hierarchy", access="read")
    async def hierarchy(self, request: Request) -> JsonObject:
        suggested_only = request.query_bool("suggested_only")
        max_depth = request.query_int("max_depth", MAX_DEPTH, high=MAX_DEPTH)
        asked = f"{max_depth}_{int(suggested_only)}"
        rooms, more = await self._spaces.hierarchy(
            request.user_id,
            request.params["room_id"],
            _start(request.query.get("from"), asked),
            request.query_int("limit", DEFAULT_PAGE, low=1, high=MAX_PAGE),
            max_depth,
            suggested_only=suggested_only,
        )
        return {"rooms": rooms} if more is None else {"rooms": rooms, "next_batch": f"{more}_{asked}"}

    @endpoint("GET", f"{_V1}/room_summary/{{room_id_or_alias}}", access="public", optional_auth=True)
    async def room_summary(self, request: Request) -> JsonObject:
        room_id = await self._directory.resolve(request.params["room_id_or_alias"])
        session = request.session_or_none
        if session is not None:
            await self._gate.require(session.user_id, "read")
        return await self._spaces.summary(session.user_id if session is not None else None, room_id)


def _start(token: str | None, asked: str) -> int:
    """A token is the number of rooms already given and what was asked for, which must not change between pages."""
    if not token:
        return 0
    number, _, before = token.partition("_")
    if not number.isascii() or not number.isdecimal() or len(number) > 9:
        raise errors.invalid_param("from is not a token of this server.")
    if before != asked:
        raise errors.invalid_param("suggested_only and max_depth cannot change between pages.")
    return int(number)
