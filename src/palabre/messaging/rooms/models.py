"""What a room is in memory. Snapshots: a change makes a new `Room`, so a reader never sees half of one."""

import sys
from typing import Any

import msgspec

from ...core import json
from .versions import RoomVersion

Content = dict[str, Any]
StateKey = tuple[str, str]
"""(event type, state key)"""
MEMBER = "m.room.member"


class _Contains(msgspec.Struct):
    """Of an event just the content: the rest is not even decoded."""

    content: Content


class _Standing(msgspec.Struct):
    membership: Any = None


class _Stands(msgspec.Struct):
    content: _Standing


_contains = msgspec.json.Decoder(_Contains)
_stands = msgspec.json.Decoder(_Stands)


class Event(msgspec.Struct):
    """One event, as stored and as sent.

    `pos` is its position in the log and so its place in the room. `json` is the event in the client format, with
    `unsigned.prev_content` and `unsigned.redacted_because` where they apply, and without what differs between readers
    (`unsigned.transaction_id`, bundled aggregations).
    """

    pos: int
    event_id: str
    room_id: str
    type: str
    state_key: str | None
    sender: str
    ts: int
    """`origin_server_ts`, milliseconds."""
    json: bytes
    redacted_by: str | None = None
    device_id: str | None = None
    """With `txn_id`: the sender's device, which gets its transaction id back."""
    txn_id: str | None = None
    parsed: dict[str, Any] | None = None
    """`json` decoded, when somebody asked (see `body`)."""

    @property
    def body(self) -> dict[str, Any]:
        """The event in the client format, decoded. Not to be changed."""
        if self.parsed is None:
            self.parsed = json.decode(self.json)
        return self.parsed

    @property
    def content(self) -> Content:
        content: Content = self.body["content"]
        return content

    @property
    def membership(self) -> str | None:
        """Of an `m.room.member` event."""
        known = self.parsed
        value = known["content"].get("membership") if known else _stands.decode(self.json).content.membership
        return sys.intern(value) if isinstance(value, str) else None

    def for_sender(self, device_id: str) -> bytes:
        """`json` as the device that sent it gets it: with its transaction id."""
        if self.txn_id is None or self.device_id != device_id:
            return self.json
        unsigned = {**self.body.get("unsigned", {}), "transaction_id": self.txn_id}
        return json.encode({**self.body, "unsigned": unsigned})

    def stripped(self) -> dict[str, Any]:
        """Stripped state (client-server API, section "Stripped state")."""
        return {"type": self.type, "state_key": self.state_key, "sender": self.sender, "content": self.content}


class KeptMember(Event):
    """An `m.room.member` event in the state of a room. There may be thousands, so it keeps nothing that is decoded but
    the membership.
    """

    stands: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        return json.decode(self.json)

    @property
    def content(self) -> Content:
        return _contains.decode(self.json).content

    @property
    def membership(self) -> str | None:
        return self.stands


def kept(event: Event) -> Event:
    """The event as the state of a room keeps it."""
    if event.type != MEMBER or event.state_key is None:
        return event
    return KeptMember(
        event.pos,
        event.event_id,
        event.room_id,
        MEMBER,
        event.state_key,
        event.state_key if event.sender == event.state_key else event.sender,
        event.ts,
        event.json,
        event.redacted_by,
        event.device_id,
        event.txn_id,
        None,
        event.membership,
    )


class Member(msgspec.Struct, frozen=True):
    """Where one person stands in one room."""

    membership: str
    """join, invite, knock, leave or ban"""
    since: int
    """Position at which this membership began; a change of name or avatar does not move it."""
    pos: int
    """Position of the newest `m.room.member` event."""
    sender: str
    """Who made the newest member event: differs from the person for invites, kicks and bans."""
    forgotten: bool = False


class Room(msgspec.Struct, frozen=True):
    """The state of a room after its newest state event. Never changed in place; see `with_state`."""

    room_id: str
    version: RoomVersion
    state: dict[StateKey, Event]
    joined: frozenset[str]
    """User ids whose membership is join."""
    state_pos: int
    """Position of the newest state event."""
    derived: dict[str, Any] = msgspec.field(default_factory=dict)
    """What others work out from the state and want to keep as long as it holds (power levels)."""

    def with_state(self, event: Event) -> "Room":
        """The room after the state event `event`."""
        assert event.state_key is not None
        joined = self.joined
        if event.type == "m.room.member":
            if event.membership == "join":
                joined = joined if event.state_key in joined else joined | {event.state_key}
            elif event.state_key in joined:
                joined = joined - {event.state_key}
        state = {**self.state, (event.type, event.state_key): kept(event)}
        return Room(self.room_id, self.version, state, joined, max(self.state_pos, event.pos))

    def get(self, event_type: str, state_key: str = "") -> Event | None:
        return self.state.get((event_type, state_key))

    def content(self, event_type: str, state_key: str = "") -> Content:
        """Content of a state event, `{}` when there is none."""
        event = self.state.get((event_type, state_key))
        return event.content if event is not None else {}

    def text(self, event_type: str, member: str, default: str = "") -> str:
        """A string in the content of a state event; `default` when it is missing or not a string."""
        value = self.content(event_type).get(member)
        return value if isinstance(value, str) else default

    def membership(self, user_id: str) -> str:
        """join, invite, knock, ban, or leave (also for who was never here)."""
        event = self.state.get(("m.room.member", user_id))
        return (event.membership if event is not None else None) or "leave"

    def members(self, membership: str) -> list[str]:
        return [
            key
            for (kind, key), event in self.state.items()
            if kind == "m.room.member" and event.membership == membership
        ]

    @property
    def join_rule(self) -> str:
        return self.text("m.room.join_rules", "join_rule", "invite")

    @property
    def history_visibility(self) -> str:
        return self.text("m.room.history_visibility", "history_visibility", "shared")

    @property
    def encrypted(self) -> bool:
        return ("m.room.encryption", "") in self.state
