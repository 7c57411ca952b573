"""The room directory over HTTP. Client-server API, sections "Room aliases" and "Published room directory"."""

from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from .models import AliasBody, PublishedQuery, VisibilityBody
from .service import DirectoryService, token

_V3 = "/_matrix/client/v3"
_ALIAS = f"{_V3}/directory/room/{{room_alias}}"
_LISTED = f"{_V3}/directory/list/room/{{room_id}}"


class DirectoryRoutes:
    def __init__(self, directory: DirectoryService) -> None:
        self._directory = directory

    @endpoint("GET", _ALIAS, access="public")
    async def get_alias(self, request: Request) -> JsonObject:
        alias = request.params["room_alias"]
        if not alias.startswith("#"):
            raise errors.invalid_param("A room alias begins with #.")
        return {"room_id": await self._directory.resolve(alias), "servers": [self._directory.server_name]}

    @endpoint("PUT", _ALIAS, access="send", body=AliasBody)
    async def put_alias(self, request: Request, body: AliasBody) -> JsonObject:
        await self._directory.add_alias(request.user_id, request.params["room_alias"], body.room_id)
        return {}

    @endpoint("DELETE", _ALIAS, access="send")
    async def delete_alias(self, request: Request) -> JsonObject:
        await self._directory.drop_alias(request.user_id, request.params["room_alias"])
        return {}

    @endpoint("GET", f"{_V3}/rooms/{{room_id}}/aliases", access="read")
    async def aliases_of(self, request: Request) -> JsonObject:
        return {"aliases": await self._directory.aliases_of(request.user_id, request.params["room_id"])}

    @endpoint("GET", _LISTED, access="public")
    async def get_listed(self, request: Request) -> JsonObject:
        published = await self._directory.published(request.params["room_id"])
        return {"visibility": "public" if published else "private"}

    @endpoint("PUT", _LISTED, access="send", body=VisibilityBody, optional_body=True)
    async def put_listed(self, request: Request, body: VisibilityBody) -> JsonObject:
        await self._directory.publish(request.user_id, request.params["room_id"], body.visibility == "public")
        return {}

    @endpoint("GET", f"{_V3}/publicRooms", access="public")
    async def get_rooms(self, request: Request) -> JsonObject:
        query = PublishedQuery(request.query_int("limit", 0), request.query.get("since"))
        return await self._rooms(request, query)

    @endpoint("POST", f"{_V3}/publicRooms", access="read", body=PublishedQuery, optional_body=True)
    async def query_rooms(self, request: Request, body: PublishedQuery) -> JsonObject:
        return await self._rooms(request, body)

    async def _rooms(self, request: Request, query: PublishedQuery) -> JsonObject:
        server = request.query.get("server")
        if server and server != self._directory.server_name:
            raise errors.not_found("This server knows the rooms of no other server.")
        if query.limit is not None and query.limit < 0:
            raise errors.invalid_param("limit must not be negative.")
        chunk, start, end, total = await self._directory.list(query)
        answer: JsonObject = {"chunk": chunk, "total_room_count_estimate": total}
        if end < total:
            answer["next_batch"] = token(end)
        if start > 0:
            answer["prev_batch"] = token(max(0, start - (end - start)))
        return answer
