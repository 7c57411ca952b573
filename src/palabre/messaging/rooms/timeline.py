"""Putting events into a room: checks, a place in the log, rows, and the new state.

Everything that ends up in a room goes through `Timeline.append`, inside a transaction of its caller.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from ...core import errors, ids, json
from ...core.clock import Clock
from ...storage.database import Transaction
from . import store
from .auth import Draft, authorise
from .models import Event, Member, Room
from .registry import RoomRegistry
from .versions import redacted_content

MAX_EVENT_BYTES = 65_536
MAX_NAME_BYTES = 255


class Relation(NamedTuple):
    """What an event says it relates to: `m.relates_to` in its content."""

    parent_id: str
    rel_type: str
    key: str | None


class Timeline:
    def __init__(self, registry: RoomRegistry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock
        self.before_relating: list[Callable[[Transaction, str, Draft, Relation], Awaitable[None]]] = []
        """`(tx, room_id, draft, relation)`: may refuse a draft that relates to another event."""
        self.on_related: list[Callable[[Transaction, Event, Relation], None]] = []
        self.on_followed: list[Callable[[Transaction, str, str, str], Awaitable[None]]] = []
        """`(tx, user_id, old_room, new_room)`: somebody joined the room that replaces another."""

    async def append(self, tx: Transaction, room: Room, draft: Draft, *, event_id: str | None = None) -> Event:
        """Authorise `draft` against `room`, give it its place, and make it part of the transaction.

        Returns the event; after a state event `RoomRegistry.room(room_id, tx)` is the room with it. Raises 403
        `M_FORBIDDEN`, 400 `M_BAD_JSON`, 413 `M_TOO_LARGE`.
        """
        authorise(room, draft)
        relation = related(draft)
        if relation is not None:
            for check in self.before_relating:
                await check(tx, room.room_id, draft, relation)
        is_state = draft.state_key is not None
        pos = tx.advance("state" if is_state else "room", room.room_id)
        event = self._event(room, draft, pos, event_id or ids.event_id())
        store.add_event(tx, event)
        if relation is not None:
            store.add_relation(tx, relation.parent_id, relation.rel_type, relation.key, event)
            for hook in self.on_related:
                hook(tx, event, relation)
        if is_state:
            room = room.with_state(event)
            self._registry.put_room(room, tx)
            if event.type == "m.room.member":
                await self._member(tx, room, event)
        self._registry.appended(event, tx)
        return event

    def _event(self, room: Room, draft: Draft, pos: int, event_id: str) -> Event:
        check_draft(room.room_id, draft, strict=room.version.strict_canonical_json)
        ts = draft.ts if draft.ts is not None else self._clock.ms()
        body: dict[str, Any] = {
            "type": draft.type,
            "content": draft.content,
            "sender": draft.sender,
            "event_id": event_id,
            "origin_server_ts": ts,
            "room_id": room.room_id,
        }
        if draft.redacts is not None:
            body["redacts"] = draft.redacts
        if draft.state_key is not None:
            body["state_key"] = draft.state_key
            before = room.get(draft.type, draft.state_key)
            if before is not None:
                body["unsigned"] = {
                    "prev_content": before.content,
                    "prev_sender": before.sender,
                    "replaces_state": before.event_id,
                }
        encoded = json.encode(body)
        if len(encoded) > MAX_EVENT_BYTES:
            raise errors.too_large(f"An event is at most {MAX_EVENT_BYTES} bytes; this one has {len(encoded)}.")
        return Event(
            pos,
            event_id,
            room.room_id,
            draft.type,
            draft.state_key,
            draft.sender,
            ts,
            encoded,
            None,
            draft.device_id,
            draft.txn_id,
            body,
        )

    async def _member(self, tx: Transaction, room: Room, event: Event) -> None:
        user_id = event.state_key or ""
        membership = event.membership or "leave"
        before = (await self._registry.rooms_of(user_id, tx)).get(event.room_id)
        since = before.since if before is not None and before.membership == membership else event.pos
        member = Member(membership, since, event.pos, event.sender)
        await self._registry.put_member(user_id, event.room_id, member, tx)
        if membership == "join" and since == event.pos:
            await self._followed(tx, room, user_id)

    async def _followed(self, tx: Transaction, room: Room, user_id: str) -> None:
        predecessor = room.content("m.room.create").get("predecessor")
        old_id = predecessor.get("room_id") if isinstance(predecessor, dict) else None
        old = await self._registry.room(old_id, tx) if isinstance(old_id, str) else None
        if old is not None and old.text("m.room.tombstone", "replacement_room") == room.room_id:
            for hook in self.on_followed:
                await hook(tx, user_id, old.room_id, room.room_id)

    async def redact(self, tx: Transaction, room: Room, target: Event, redaction: Event) -> None:
        """Strip `target` of what redaction removes, wherever it is kept (section "Redactions")."""
        body = dict(target.body)
        body["content"] = redacted_content(room.version, target.type, target.content)
        body["unsigned"] = {"redacted_because": redaction.body, "redacted_by": redaction.event_id}
        body.pop("redacts", None)
        redacted = Event(
            target.pos,
            target.event_id,
            target.room_id,
            target.type,
            target.state_key,
            target.sender,
            target.ts,
            json.encode(body),
            redaction.event_id,
            target.device_id,
            target.txn_id,
        )
        await store.replace_json(tx, redacted)
        if target.state_key is not None:
            current = room.get(target.type, target.state_key)
            if current is not None and current.event_id == target.event_id:
                tx.advance("state", room.room_id)
                self._registry.put_room(room.with_state(redacted), tx)
        self._registry.replaced(redacted, tx)


def check_draft(room_id: str, draft: Draft, *, strict: bool) -> None:
    """Raises for names beyond 255 bytes and, when `strict`, for numbers that canonical JSON does not have."""
    if draft.type == "m.room.tombstone" and draft.content.get("replacement_room") == room_id:
        raise errors.bad_json("A room cannot be replaced by itself.")
    for name, value in (("type", draft.type), ("state key", draft.state_key or "")):
        if len(value.encode()) > MAX_NAME_BYTES:
            raise errors.bad_json(f"The {name} of an event is at most {MAX_NAME_BYTES} bytes.")
    if strict:
        json.check_canonical(draft.content)


def related(draft: Draft) -> Relation | None:
    """Client-server API, section "Forming relationships between events".

    A replacement without `m.new_content` is none (section "Validity of replacement events"), nor is one of state.
    """
    relation = draft.content.get("m.relates_to")
    if not isinstance(relation, dict):
        return None
    parent, rel_type, key = relation.get("event_id"), relation.get("rel_type"), relation.get("key")
    if not isinstance(parent, str) or not isinstance(rel_type, str) or max(len(parent), len(rel_type)) > MAX_NAME_BYTES:
        return None
    if rel_type == "m.replace":
        has_content = isinstance(draft.content.get("m.new_content"), dict) or draft.type == "m.room.encrypted"
        if draft.state_key is not None or not has_content:
            return None
    return Relation(parent, rel_type, key if isinstance(key, str) else None)
