"""Bundled aggregations, relations and threads.

Client-server API, sections "Forming relationships between events", "Event replacements", "Threading".
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from ...core import errors, json
from ...http.request import Session
from ...storage.database import CommitCache, Database, Entry, Transaction
from ..account_data.service import AccountDataService
from ..history.erasure import Erasure
from ..history.visibility import EVERYTHING, HistoryVisibility, Visible
from ..rooms import store as rooms
from ..rooms.auth import Draft
from ..rooms.models import Event
from ..rooms.timeline import Relation, Timeline
from . import store
from .models import BUNDLED, Bundle, Page, Summary

RECURSION_DEPTH = 3
MAX_ROOMS = 20_000


class RelationService:
    def __init__(
        self,
        database: Database,
        timeline: Timeline,
        visibility: HistoryVisibility,
        erasure: Erasure,
        account_data: AccountDataService,
    ) -> None:
        self._database = database
        self._visibility = visibility
        self._erasure = erasure
        self._account_data = account_data
        self._newest: CommitCache[str, int] = CommitCache(MAX_ROOMS)
        """Of each room the position of the newest event that changes a bundled aggregation."""
        timeline.before_relating.append(self._check)
        timeline.on_related.append(self._related)
        database.listen(self._on_commit, self._newest.clear)

    # writing

    async def _check(self, tx: Transaction, room_id: str, draft: Draft, relation: Relation) -> None:
        """Raises 400 for a second identical annotation and for a thread on an event that itself relates to another."""
        if relation.rel_type == "m.annotation" and relation.key is not None:
            if await store.annotated(tx, room_id, relation.parent_id, draft.sender, draft.type, relation.key):
                raise errors.ApiError(400, "M_DUPLICATE_ANNOTATION", "You have already reacted with this.")
        elif relation.rel_type == "m.thread" and await store.relates(tx, room_id, relation.parent_id):
            raise errors.ApiError(400, "M_UNKNOWN", "A thread cannot start at an event that relates to another.")

    def _related(self, tx: Transaction, event: Event, relation: Relation) -> None:
        if relation.rel_type in BUNDLED:
            self._newest.put(event.room_id, event.pos, tx)

    def _on_commit(self, entries: list[Entry], own: bool) -> None:
        if not own:
            for _, stream, key in entries:
                if stream in ("room", "state"):
                    self._newest.forget(key)

    # bundled aggregations

    async def bundle(self, events: Sequence[Event], user_id: str, visible: Visible = EVERYTHING) -> Bundle:
        """The bundled aggregations of those of `events` that have any (section "Aggregations of child events").

        All are of one room, and `visible` is what the reader may read of it. Asks the database only when something in
        the room could relate to one of the events.
        """
        candidates = [event for event in events if event.state_key is None and await self._may_have(event)]
        if not candidates:
            return {}
        ignored = list((await self._account_data.of(user_id)).ignored)
        return await self._bundle(candidates, user_id, visible, ignored)

    async def _may_have(self, event: Event) -> bool:
        """Whether a newer event in the room changes bundled aggregations."""
        newest = await self._newest.load(event.room_id, lambda: store.newest_bundled(self._database, event.room_id))
        return newest is not None and newest > event.pos

    async def _bundle(
        self, events: Sequence[Event], user_id: str, visible: Visible, ignored: list[str], *, threads: bool = True
    ) -> Bundle:
        room_id = events[0].room_id
        parents = {event.event_id: event for event in events}
        found = await store.summaries(self._database, room_id, list(parents), user_id, ignored)
        if not threads:
            found = [summary for summary in found if summary.rel_type != "m.thread"]
        if not found:
            return {}
        latest = await self._latest(found, user_id, visible)
        inner = await self._inner(found, latest, user_id, visible, ignored)
        bundled: Bundle = {}
        for summary in found:
            event = latest.get(summary.latest)
            if event is None:
                continue
            target = bundled.setdefault(summary.parent_id, {})
            if summary.rel_type == "m.replace":
                target["m.replace"] = event.body
            else:
                own = parents[summary.parent_id].sender == user_id
                target["m.thread"] = {
                    "latest_event": decorated(event, inner.get(event.event_id)),
                    "count": summary.count,
                    "current_user_participated": own or summary.participated,
                }
        await self._references(room_id, bundled, found, visible, ignored)
        return bundled

    async def _latest(self, found: list[Summary], user_id: str, visible: Visible) -> dict[int, Event]:
        positions = [summary.latest for summary in found if summary.rel_type != "m.reference"]
        if not positions:
            return {}
        events = await store.events_at(self._database, positions)
        shown = await self._erasure.shown(visible.filter(events), user_id)
        return {event.pos: event for event in shown}

    async def _inner(
        self, found: list[Summary], latest: dict[int, Event], user_id: str, visible: Visible, ignored: list[str]
    ) -> Bundle:
        """What the newest events of threads have themselves."""
        newest = [latest[one.latest] for one in found if one.rel_type == "m.thread" and one.latest in latest]
        if not newest:
            return {}
        return await self._bundle(newest, user_id, visible, ignored, threads=False)

    async def _references(
        self, room_id: str, bundled: Bundle, found: list[Summary], visible: Visible, ignored: list[str]
    ) -> None:
        parents = [summary.parent_id for summary in found if summary.rel_type == "m.reference"]
        if not parents:
            return
        for parent_id, child_id, pos in await store.references(self._database, room_id, parents, ignored):
            if visible.allows(pos):
                chunk = bundled.setdefault(parent_id, {}).setdefault("m.reference", {"chunk": []})["chunk"]
                chunk.append({"event_id": child_id})

    async def render(
        self, events: Sequence[Event], session: Session, visible: Visible = EVERYTHING
    ) -> list[msgspec.Raw]:
        """Events in the client format as one device gets them: with bundled aggregations and its transaction ids."""
        bundled = await self.bundle(events, session.user_id, visible)
        shown = await self._erasure.shown(events, session.user_id)
        return [render(event, session, bundled.get(event.event_id)) for event in shown]

    # relations and threads

    async def children(
        self,
        session: Session,
        room_id: str,
        parent_id: str,
        rel_type: str | None,
        event_type: str | None,
        page: Page,
        *,
        recurse: bool,
    ) -> tuple[list[msgspec.Raw], int | None]:
        """One page of the events that relate to `parent_id`, and the position to go on from (None: that was all).

        Raises 404 `M_NOT_FOUND` for an event that does not exist or that the person may not read.
        """
        access = await self._visibility.access(session.user_id, room_id)
        parent = await rooms.event(self._database, room_id, parent_id)
        if parent is None or not access.visible.allows(parent.pos):
            raise errors.not_found("There is no such event.")
        wanted = msgspec.structs.replace(page, limit=page.limit + 1)
        depth = RECURSION_DEPTH if recurse else 1
        events = await store.children(self._database, room_id, parent_id, depth, rel_type, event_type, wanted)
        more = len(events) > page.limit
        events = events[: page.limit]
        after = (events[-1].pos - 1 if page.direction == "b" else events[-1].pos) if more else None
        ignored = (await self._account_data.of(session.user_id)).ignored
        shown = [event for event in access.visible.filter(events) if event.sender not in ignored]
        return await self.render(shown, session, access.visible), after

    async def threads(
        self, session: Session, room_id: str, upto: int, limit: int, *, participated: bool
    ) -> tuple[list[msgspec.Raw], int | None]:
        """Roots of threads, the newest reply first, and the position to go on from (None: that was all)."""
        access = await self._visibility.access(session.user_id, room_id)
        ignored = list((await self._account_data.of(session.user_id)).ignored)
        upto = access.visible.last_before(upto)
        participant = session.user_id if participated else None
        found = await store.threads(self._database, room_id, upto, limit + 1, participant, ignored)
        more, found = len(found) > limit, found[:limit]
        events = await rooms.events_by_id(self._database, room_id, [root for root, _ in found])
        by_id = {event.event_id: event for event in events}
        roots = access.visible.filter(by_id[root] for root, _ in found if root in by_id)
        return await self.render(roots, session, access.visible), (found[-1][1] - 1 if more else None)


def decorated(event: Event, relations: dict[str, Any] | None) -> dict[str, Any]:
    """The event in the client format with bundled aggregations."""
    if not relations:
        return event.body
    return {**event.body, "unsigned": {**event.body.get("unsigned", {}), "m.relations": relations}}


def render(event: Event, session: Session, relations: dict[str, Any] | None) -> msgspec.Raw:
    """The event as one device gets it: with bundled aggregations, and its transaction id when it sent it."""
    own = event.txn_id is not None and (event.sender, event.device_id) == (session.user_id, session.device_id)
    if not relations and not own:
        return msgspec.Raw(event.json)
    body = decorated(event, relations)
    if own:
        body = {**body, "unsigned": {**body.get("unsigned", {}), "transaction_id": event.txn_id}}
    return msgspec.Raw(json.encode(body))
