"""`POST /search`. Client-server API, section "Server Side Search"."""

from typing import Any

import msgspec

from ...core import errors
from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request, Session
from ..history.visibility import Access
from ..relations.service import RelationService
from ..sync.token import Token
from .models import EventContext, Found, RoomEvents, SearchBody
from .service import SearchService

DEFAULT_PAGE = 10
MAX_PAGE = 100
MAX_AROUND = 20


class SearchRoutes:
    def __init__(self, search: SearchService, relations: RelationService) -> None:
        self._search = search
        self._relations = relations

    @endpoint("POST", "/_matrix/client/v3/search", access="read", body=SearchBody)
    async def search(self, request: Request, body: SearchBody) -> JsonObject:
        query = body.search_categories.room_events
        if query is None:
            return {"search_categories": {}}
        start = _offset(request.query.get("next_batch"))
        limit = DEFAULT_PAGE if query.filter.limit is None else min(query.filter.limit, MAX_PAGE)
        found, accesses = await self._search.find(request.user_id, query)
        page = found[start : start + limit]
        answer: JsonObject = {
            "count": len(found),
            "highlights": query.search_term.casefold().split(),
            "results": [await self._result(request.session, one, accesses, query) for one in page],
        }
        if len(found) > start + limit:
            answer["next_batch"] = str(start + limit)
        if query.groupings is not None:
            answer["groups"] = {group.key: _grouped(page, group.key) for group in query.groupings.group_by}
        if query.include_state:
            answer["state"] = {
                room_id: [msgspec.Raw(event.json) for event in accesses[room_id].room.state.values()]
                for room_id in dict.fromkeys(one.event.room_id for one in page)
                if accesses[room_id].joined
            }
        return {"search_categories": {"room_events": answer}}

    async def _result(self, session: Session, one: Found, accesses: dict[str, Access], query: RoomEvents) -> JsonObject:
        access = accesses[one.event.room_id]
        rendered = await self._relations.render([one.event], session, access.visible)
        result: JsonObject = {"rank": one.rank, "result": rendered[0]}
        if query.event_context is not None:
            result["context"] = await self._context(session, one, access, query.event_context)
        return result

    async def _context(self, session: Session, one: Found, access: Access, asked: EventContext) -> JsonObject:
        before_limit = max(0, min(asked.before_limit, MAX_AROUND))
        after_limit = max(0, min(asked.after_limit, MAX_AROUND))
        before, after = await self._search.around(access, one.event, before_limit, after_limit)
        context: JsonObject = {
            "start": str(Token((before[-1] if before else one.event).pos - 1)),
            "end": str(Token((after[-1] if after else one.event).pos)),
            "events_before": await self._relations.render(before, session, access.visible),
            "events_after": await self._relations.render(after, session, access.visible),
        }
        if asked.include_profile:
            senders = dict.fromkeys(event.sender for event in (*before, one.event, *after))
            context["profile_info"] = {sender: _profile(access, sender) for sender in senders}
        return context


def _profile(access: Access, user_id: str) -> dict[str, Any]:
    content = access.room.content("m.room.member", user_id)
    return {name: content[name] for name in ("displayname", "avatar_url") if isinstance(content.get(name), str)}


def _grouped(page: list[Found], key: str) -> JsonObject:
    groups: JsonObject = {}
    for one in page:
        value = one.event.room_id if key == "room_id" else one.event.sender
        group = groups.setdefault(value, {"results": [], "order": len(groups) + 1})
        group["results"].append(one.event.event_id)
    return groups


def _offset(token: str | None) -> int:
    if not token:
        return 0
    if not token.isascii() or not token.isdecimal() or len(token) > 6:
        raise errors.invalid_param("next_batch is not a token of this server.")
    return int(token)
