"""A room's past over HTTP. Client-server API, section "Getting events for a room"."""

from typing import Any

import msgspec

from ...core import errors, json
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from ..filters.models import RoomEventFilter
from ..relations.routes import direction
from ..relations.service import RelationService
from ..rooms.models import Event
from ..sync.token import Token
from .models import DEFAULT_LIMIT, MAX_LIMIT, Paging
from .service import HistoryService

_V3 = "/_matrix/client/v3/rooms/{room_id}"


class HistoryRoutes:
    def __init__(self, history: HistoryService, relations: RelationService) -> None:
        self._history = history
        self._relations = relations

    @endpoint("GET", f"{_V3}/messages", access="read", guest=True)
    async def messages(self, request: Request) -> JsonObject:
        query = request.query
        paging = Paging(
            direction(query.get("dir")),
            _position(query.get("from")),
            _position(query.get("to")),
            request.query_int("limit", DEFAULT_LIMIT, low=1, high=MAX_LIMIT),
            _filter(query.get("filter")),
        )
        access, page = await self._history.messages(request.user_id, request.params["room_id"], paging)
        chunk = await self._relations.render(page.events, request.session, access.visible)
        answer: JsonObject = {"start": str(Token(page.start)), "chunk": chunk}
        if page.end is not None:
            answer["end"] = str(Token(page.end))
        if page.state:
            answer["state"] = _raw(page.state)
        return answer

    @endpoint("GET", f"{_V3}/context/{{event_id}}", access="read", guest=True)
    async def context(self, request: Request) -> JsonObject:
        limit = request.query_int("limit", DEFAULT_LIMIT, high=MAX_LIMIT)
        access, found = await self._history.context(
            request.user_id,
            request.params["room_id"],
            request.params["event_id"],
            limit,
            _filter(request.query.get("filter")),
        )
        events = [found.event, *found.before, *found.after]
        rendered = await self._relations.render(events, request.session, access.visible)
        split = 1 + len(found.before)
        return {
            "start": str(Token(found.start)),
            "end": str(Token(found.end)),
            "event": rendered[0],
            "events_before": rendered[1:split],
            "events_after": rendered[split:],
            "state": _raw(found.state),
        }

    @endpoint("GET", f"{_V3}/event/{{event_id}}", access="read", guest=True)
    async def event(self, request: Request) -> Any:
        access, event = await self._history.event(
            request.user_id, request.params["room_id"], request.params["event_id"]
        )
        return (await self._relations.render([event], request.session, access.visible))[0]

    @endpoint("GET", "/_matrix/client/v1/rooms/{room_id}/timestamp_to_event", access="read")
    async def timestamp_to_event(self, request: Request) -> JsonObject:
        if "ts" not in request.query:
            raise errors.missing_param("ts is missing.")
        event = await self._history.at_time(
            request.user_id,
            request.params["room_id"],
            request.query_int("ts", 0),
            direction(request.query.get("dir")),
        )
        return {"event_id": event.event_id, "origin_server_ts": event.ts}

    @endpoint("GET", f"{_V3}/members", access="read", guest=True)
    async def members(self, request: Request) -> JsonObject:
        query = request.query
        events = await self._history.members(request.user_id, request.params["room_id"], _position(query.get("at")))
        wanted, unwanted = query.get("membership"), query.get("not_membership")
        chosen = [
            event
            for event in events
            if (wanted is None or event.membership == wanted) and (unwanted is None or event.membership != unwanted)
        ]
        return {"chunk": _raw(chosen)}


def _position(token: str | None) -> int | None:
    return Token.parse(token).pos if token else None


def _filter(text: str | None) -> RoomEventFilter:
    if not text:
        return RoomEventFilter()
    body = text.encode("utf-8", "replace")
    json.check(body)
    chosen: RoomEventFilter = json.decode(body, RoomEventFilter)
    return chosen


def _raw(events: list[Event]) -> list[msgspec.Raw]:
    return [msgspec.Raw(event.json) for event in events]
