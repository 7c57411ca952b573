"""Deprecated endpoints: client-server API, `GET /events` and `GET /initialSync`."""

from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..filters.models import NO_FILTER
from ..history.models import DEFAULT_LIMIT, MAX_LIMIT
from ..rooms.service import People
from ..sync.models import SyncRequest
from ..sync.routes import MAX_TIMEOUT_MS
from ..sync.token import Token
from .models import Chunk, InitialSync, RoomInfo
from .snapshots import Snapshots
from .stream import EventStream

_V3 = "/_matrix/client/v3"
_TAGS = ("Room participation",)


class LegacyRoutes:
    def __init__(self, stream: EventStream, snapshots: Snapshots, people: People) -> None:
        self._stream = stream
        self._snapshots = snapshots
        self._people = people

    @endpoint("GET", f"{_V3}/events", access="read", guest=True, tags=_TAGS, returns=Chunk)
    async def events(self, request: Request) -> Chunk:
        since, room_id = request.query.get("from"), request.query.get("room_id")
        if room_id is None and await self._people.is_guest(request.user_id):
            raise errors.ApiError(403, "M_GUEST_ACCESS_FORBIDDEN", "A guest follows one room: give its room_id.")
        return await self._stream.events(
            _request(request, Token.parse(since) if since else None),
            room_id,
            max(_limit(request), 1),
            request.query_int("timeout", 0, high=MAX_TIMEOUT_MS),
        )

    @endpoint("GET", f"{_V3}/events/{{event_id}}", access="read", tags=_TAGS)
    async def event(self, request: Request) -> JsonObject:
        return await self._snapshots.event(_request(request), request.params["event_id"])

    @endpoint("GET", f"{_V3}/initialSync", access="read", tags=_TAGS, returns=InitialSync)
    async def initial_sync(self, request: Request) -> InitialSync:
        return await self._snapshots.everything(
            _request(request), _limit(request), archived=request.query_bool("archived")
        )

    @endpoint("GET", f"{_V3}/rooms/{{room_id}}/initialSync", access="read", guest=True, tags=_TAGS, returns=RoomInfo)
    async def room_initial_sync(self, request: Request) -> RoomInfo:
        return await self._snapshots.room(_request(request), request.params["room_id"], _limit(request))


def _request(request: Request, since: Token | None = None) -> SyncRequest:
    return SyncRequest(request.user_id, request.device_id, since, NO_FILTER)


def _limit(request: Request) -> int:
    limit = request.query_int("limit", DEFAULT_LIMIT, low=-1, high=MAX_LIMIT)
    if limit < 0:
        raise errors.invalid_param("limit must not be negative.")
    return limit
