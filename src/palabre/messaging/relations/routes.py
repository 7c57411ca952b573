"""Relations and threads over HTTP. Client-server API, sections "Relationships API" and "Querying threads in a room"."""

from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ...storage.database import Database
from ..sync.token import Token
from .models import Direction, Page
from .service import RECURSION_DEPTH, RelationService

_ROOM = "/_matrix/client/v1/rooms/{room_id}"
_RELATIONS = f"{_ROOM}/relations/{{event_id}}"


class RelationRoutes:
    def __init__(self, relations: RelationService, database: Database) -> None:
        self._relations = relations
        self._database = database

    @endpoint(
        "GET",
        _RELATIONS,
        f"{_RELATIONS}/{{rel_type}}",
        f"{_RELATIONS}/{{rel_type}}/{{event_type}}",
        access="read",
    )
    async def children(self, request: Request) -> JsonObject:
        params, query = request.params, request.query
        start = Token.parse(query["from"]).pos if query.get("from") else None
        end = Token.parse(query["to"]).pos if query.get("to") else None
        recurse = request.query_bool("recurse")
        way = direction(query.get("dir", "b"))
        if way == "b":
            after, upto = end or 0, self._database.position if start is None else start
        else:
            after, upto = start or 0, self._database.position if end is None else end
        chunk, rest = await self._relations.children(
            request.session,
            params["room_id"],
            params["event_id"],
            params.get("rel_type"),
            params.get("event_type"),
            Page(after, upto, request.query_int("limit", 20, low=1, high=100), way),
            recurse=recurse,
        )
        answer: JsonObject = {"chunk": chunk}
        if rest is not None:
            answer["next_batch"] = str(Token(rest))
        if start is not None:
            answer["prev_batch"] = str(Token(start))
        if "recurse" in query:
            answer["recursion_depth"] = RECURSION_DEPTH if recurse else 1
        return answer

    @endpoint("GET", f"{_ROOM}/threads", access="read")
    async def threads(self, request: Request) -> JsonObject:
        query = request.query
        include = query.get("include", "all")
        if include not in ("all", "participated"):
            raise errors.invalid_param("include must be all or participated.")
        upto = Token.parse(query["from"]).pos if query.get("from") else self._database.position
        chunk, rest = await self._relations.threads(
            request.session,
            request.params["room_id"],
            upto,
            request.query_int("limit", 20, low=1, high=100),
            participated=include == "participated",
        )
        return {"chunk": chunk} if rest is None else {"chunk": chunk, "next_batch": str(Token(rest))}


def direction(value: str | None) -> Direction:
    """`dir` of a request. Raises `M_MISSING_PARAM` or `M_INVALID_PARAM`."""
    if value is None:
        raise errors.missing_param("dir is missing: it must be b or f.")
    if value == "b":
        return "b"
    if value == "f":
        return "f"
    raise errors.invalid_param("dir must be b or f.")
