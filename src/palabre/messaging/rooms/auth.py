"""Who may do what in a room: the authorisation rules of room versions 1 to 12, without what only federation needs.

Pure functions over a `Room` snapshot. Each rule names the section "Authorization rules" of the room version it is from.
"""

from typing import Any

import msgspec

from ...core import errors
from .models import Content, Room
from .versions import RoomVersion

MEMBERSHIPS = frozenset(("join", "invite", "knock", "leave", "ban"))
CREATOR_LEVEL = 2**60
"""Above any level that a client can write down (room version 12: creators have infinite power)."""

_LEVELS = ("users_default", "events_default", "state_default", "ban", "redact", "kick", "invite")
_DEFAULTS = {
    "users_default": 0,
    "events_default": 0,
    "state_default": 50,
    "ban": 50,
    "redact": 50,
    "kick": 50,
    "invite": 0,
}


class Draft(msgspec.Struct):
    """An event before it has a place in the log."""

    sender: str
    type: str
    content: Content
    state_key: str | None = None
    redacts: str | None = None
    device_id: str | None = None
    txn_id: str | None = None
    ts: int | None = None


def power_in(room: Room) -> "PowerLevels":
    """The power levels of a room. Kept with the snapshot, as every message asks."""
    found = room.derived.get("power")
    if found is None:
        found = room.derived["power"] = PowerLevels(room)
    return found


class PowerLevels:
    """Power in a room, with the defaults of the specification where nothing is written."""

    __slots__ = ("_content", "_creators", "_privileged")

    def __init__(self, room: Room) -> None:
        event = room.get("m.room.power_levels")
        self._content: Content | None = event.content if event is not None else None
        self._privileged = room.version.privileged_creators
        self._creators = creators(room)

    def user(self, user_id: str) -> int:
        if self._privileged and user_id in self._creators:
            return CREATOR_LEVEL
        if self._content is None:
            return 100 if user_id in self._creators else 0
        users = self._content.get("users")
        level = users.get(user_id) if isinstance(users, dict) else None
        return self.named("users_default") if level is None else _level(level, 0)

    def named(self, name: str) -> int:
        """`ban`, `kick`, `invite`, `redact`, `users_default`, `events_default` or `state_default`."""
        if self._content is None:
            return 0 if name in ("state_default", "invite") else _DEFAULTS[name]
        return _level(self._content.get(name), _DEFAULTS[name])

    def event(self, event_type: str, is_state: bool) -> int:
        """The level needed to send events of a type."""
        if self._content is not None:
            events = self._content.get("events")
            level = events.get(event_type) if isinstance(events, dict) else None
            if level is not None:
                return _level(level, 0)
        return self.named("state_default" if is_state else "events_default")

    def notification(self, key: str) -> int:
        """The level needed to notify everybody (`room`)."""
        levels = (self._content or {}).get("notifications")
        return _level(levels.get(key) if isinstance(levels, dict) else None, 50)


def creators(room: Room) -> frozenset[str]:
    """The creator, and in version 12 the additional creators."""
    create = room.get("m.room.create")
    if create is None:
        return frozenset()
    if room.version.privileged_creators:
        more = create.content.get("additional_creators")
        named = [user for user in more if isinstance(user, str)] if isinstance(more, list) else []
        return frozenset((create.sender, *named))
    if room.version.implicit_creator:
        return frozenset((create.sender,))
    return frozenset((create.content.get("creator", create.sender),))


def authorise(room: Room, draft: Draft) -> None:
    """Raises 403 `M_FORBIDDEN` when the rules of the room do not allow `draft` now."""
    kind = draft.type
    if kind == "m.room.create":
        if room.state:
            raise errors.forbidden("A room is created once.")
        return
    if kind == "m.room.member":
        _membership(room, draft)
        return
    if room.membership(draft.sender) != "join":
        raise errors.forbidden("You are not in this room.")
    power = power_in(room)
    own = power.user(draft.sender)
    if kind == "m.room.third_party_invite":
        if own < power.named("invite"):
            raise errors.forbidden("You do not have the power to invite people to this room.")
        return
    if room.version.alias_events_are_guarded and kind == "m.room.aliases":
        if draft.state_key is None or draft.state_key != draft.sender.partition(":")[2]:
            raise errors.forbidden("The state key of m.room.aliases is your server's name.")
        return
    needed = power.event(kind, draft.state_key is not None)
    if own < needed:
        raise errors.forbidden(f"You do not have the power to send {kind} here: it takes {needed} and you have {own}.")
    if draft.state_key is not None and draft.state_key.startswith("@") and draft.state_key != draft.sender:
        raise errors.forbidden("A state key that is a user id must be your own.")
    if kind == "m.room.power_levels":
        _power_levels(room, draft, power, own)


def _membership(room: Room, draft: Draft) -> None:
    """Rule "If type is m.room.member"."""
    target = draft.state_key
    wanted = draft.content.get("membership")
    if target is None or not isinstance(wanted, str) or wanted not in MEMBERSHIPS:
        raise errors.bad_json("A membership event needs a state key and a membership.")
    sender = draft.sender
    current = room.membership(target)
    power = power_in(room)
    own = power.user(sender)
    if wanted == "join":
        _join(room, sender, target, current, draft.content)
    elif wanted == "invite":
        _require_joined(room, sender)
        if current == "ban":
            raise errors.forbidden("This person is banned from the room.")
        if current == "join":
            raise errors.forbidden("This person is already in the room.")
        if own < power.named("invite"):
            raise errors.forbidden("You do not have the power to invite people to this room.")
    elif wanted == "leave":
        if sender == target:
            if current not in ("join", "invite", "knock"):
                raise errors.forbidden("You are not in this room.")
            return
        _require_joined(room, sender)
        if current == "ban" and own < power.named("ban"):
            raise errors.forbidden("You do not have the power to lift bans in this room.")
        if own < power.named("kick") or power.user(target) >= own:
            raise errors.forbidden("You do not have the power to remove this person.")
    elif wanted == "ban":
        _require_joined(room, sender)
        if own < power.named("ban") or power.user(target) >= own:
            raise errors.forbidden("You do not have the power to ban this person.")
    elif wanted == "knock":
        rule = room.join_rule
        allowed = (rule == "knock" and room.version.knocking) or (
            rule == "knock_restricted" and room.version.knock_restricted
        )
        if not allowed:
            raise errors.forbidden("This room does not take requests to join.")
        if sender != target:
            raise errors.forbidden("You can only knock for yourself.")
        if current in ("ban", "join", "invite"):
            raise errors.forbidden("You cannot knock: you are already in the room, invited to it or banned from it.")


def _join(room: Room, sender: str, target: str, current: str, content: Content) -> None:
    if sender != target:
        raise errors.forbidden("You can only join for yourself.")
    if len(room.state) == 1 and sender in creators(room):
        return
    if current == "ban":
        raise errors.forbidden("You are banned from this room.")
    if current in ("join", "invite"):
        return
    rule = room.join_rule
    if rule == "public":
        return
    if (rule == "restricted" and room.version.restricted_joins) or (
        rule == "knock_restricted" and room.version.knock_restricted
    ):
        via = content.get("join_authorised_via_users_server")
        power = power_in(room)
        if isinstance(via, str) and via in room.joined and power.user(via) >= power.named("invite"):
            return
    raise errors.forbidden("You are not invited to this room.")


def _require_joined(room: Room, sender: str) -> None:
    if room.membership(sender) != "join":
        raise errors.forbidden("You are not in this room.")


def _power_levels(room: Room, draft: Draft, power: PowerLevels, own: int) -> None:
    """Rule "If type is m.room.power_levels": well-formed, and nobody gives or takes what they do not have."""
    new = draft.content
    check_power_levels(room.version, new)
    if room.version.privileged_creators:
        listed = new.get("users", {})
        if any(creator in listed for creator in creators(room)):
            raise errors.forbidden("Creators of a version 12 room are not listed in its power levels.")
    before = room.get("m.room.power_levels")
    if before is None:
        return
    old = before.content
    for name in _LEVELS:
        _change(old.get(name), new.get(name), own, name)
    for group in ("events", "notifications"):
        if group == "notifications" and room.version.number < 6:
            continue
        _changes(old.get(group), new.get(group), own, group)
    old_users, new_users = _mapping(old.get("users")), _mapping(new.get("users"))
    for user in old_users.keys() | new_users.keys():
        was, becomes = old_users.get(user), new_users.get(user)
        if was == becomes:
            continue
        if becomes is not None and _level(becomes, 0) > own:
            raise errors.forbidden("You cannot give more power than you have.")
        if was is not None and user != draft.sender and _level(was, 0) >= own:
            raise errors.forbidden("You cannot change the power of somebody who has as much as you.")
        if was is not None and _level(was, 0) > own:
            raise errors.forbidden("You cannot change a power level above your own.")


def _changes(old: Any, new: Any, own: int, group: str) -> None:
    before, after = _mapping(old), _mapping(new)
    for key in before.keys() | after.keys():
        _change(before.get(key), after.get(key), own, f"{group}.{key}")


def _change(was: Any, becomes: Any, own: int, name: str) -> None:
    if was == becomes:
        return
    if (was is not None and _level(was, 0) > own) or (becomes is not None and _level(becomes, 0) > own):
        raise errors.forbidden(f"You cannot change {name}: it is, or would be, above your own power.")


def check_power_levels(version: RoomVersion, content: Content) -> None:
    """Raises `M_BAD_JSON` for power levels that are not numbers (in versions before 10 also numbers as text)."""
    values: list[Any] = [content[name] for name in _LEVELS if name in content]
    for group in ("events", "users", "notifications"):
        mapping = content.get(group, {})
        if not isinstance(mapping, dict):
            raise errors.bad_json(f"{group} in power levels must be an object.")
        values.extend(mapping.values())
        if group == "users" and any(not user.startswith("@") or ":" not in user for user in mapping):
            raise errors.bad_json("users in power levels must be user ids.")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int):
            if isinstance(value, str) and not version.integer_power_levels and _numeric(value):
                continue
            raise errors.bad_json("Power levels must be whole numbers.")


def _numeric(text: str) -> bool:
    digits = text.strip().lstrip("+-")
    return digits.isdecimal() and len(digits) <= 16


def _level(value: Any, default: int) -> int:
    if isinstance(value, bool):
        return default
    if isinstance(value, int):
        return value
    if isinstance(value, str) and _numeric(value):
        return int(value)
    return default


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
