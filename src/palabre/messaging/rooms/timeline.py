"""Putting events into a room: checks, a place in the log, rows, and the new state.

Everything that ends up in a room goes through `Timeline.append`, inside a transaction of its caller.
"""

from typing import Any

from ...core import errors, ids, json
from ...core.clock import Clock
from ...storage.database import Transaction
from . import store
from .auth import Draft, authorise
from .models import Content, Event, Member, Room
from .registry import RoomRegistry
from .versions import redacted_content

MAX_EVENT_BYTES = 65_536
MAX_NAME_BYTES = 255


class Timeline:
    def __init__(self, registry: RoomRegistry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    async def append(self, tx: Transaction, room: Room, draft: Draft, *, event_id: str | None = None) -> Event:
        """Authorise `draft` against `room`, give it its place, and make it part of the transaction.

        Returns the event; after a state event `RoomRegistry.room(room_id, tx)` is the room with it. Raises 403
        `M_FORBIDDEN`, 400 `M_BAD_JSON`, 413 `M_TOO_LARGE`.
        """
        authorise(room, draft)
        is_state = draft.state_key is not None
        pos = tx.advance("state" if is_state else "room", room.room_id)
        event = self._event(room, draft, pos, event_id or ids.event_id())
        store.add_event(tx, event)
        self._relate(tx, event, draft.content)
        if is_state:
            room = room.with_state(event)
            self._registry.put_room(room, tx)
            if event.type == "m.room.member":
                await self._member(tx, event)
        self._registry.appended(event, tx)
        return event

    def _event(self, room: Room, draft: Draft, pos: int, event_id: str) -> Event:
        check_draft(draft, strict=room.version.strict_canonical_json)
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

    async def _member(self, tx: Transaction, event: Event) -> None:
        user_id = event.state_key or ""
        membership = event.membership or "leave"
        before = (await self._registry.rooms_of(user_id, tx)).get(event.room_id)
        since = before.since if before is not None and before.membership == membership else event.pos
        member = Member(membership, since, event.pos, event.sender)
        await self._registry.put_member(user_id, event.room_id, member, tx)
        tx.advance("membership", user_id)

    @staticmethod
    def _relate(tx: Transaction, event: Event, content: Content) -> None:
        """Remember what the event relates to (client-server API, section "Forming relationships between events")."""
        relation = content.get("m.relates_to")
        if not isinstance(relation, dict):
            return
        parent, rel_type, key = relation.get("event_id"), relation.get("rel_type"), relation.get("key")
        if isinstance(parent, str) and isinstance(rel_type, str):
            store.add_relation(tx, parent, rel_type, key if isinstance(key, str) else None, event)

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
                self._registry.put_room(room.with_state(redacted), tx)
        self._registry.replaced(redacted, tx)


def check_draft(draft: Draft, *, strict: bool) -> None:
    """Raises for names beyond 255 bytes and, when `strict`, for numbers that canonical JSON does not have."""
    for name, value in (("type", draft.type), ("state key", draft.state_key or "")):
        if len(value.encode()) > MAX_NAME_BYTES:
            raise errors.bad_json(f"The {name} of an event is at most {MAX_NAME_BYTES} bytes.")
    if strict:
        json.check_canonical(draft.content)
