"""Push rules: what they look like, and those that everybody has. Client-server API, section "Push Rules"."""

from typing import Any, Literal, get_args

import msgspec

from ...core import json
from ...core.json import JsonObject

Kind = Literal["override", "content", "room", "sender", "underride"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which they are asked."""
CONDITIONAL = frozenset(("override", "underride"))
Action = str | JsonObject


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    rule_id: str
    default: bool
    enabled: bool
    actions: list[Action]
    conditions: list[JsonObject] | None = None
    pattern: str | None = None


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a person has changed about a default rule."""

    enabled: bool | None = None
    actions: list[Action] | None = None


class Custom(msgspec.Struct, omit_defaults=True):
    """What a person has made of the rules; this is what is stored."""

    rules: dict[Kind, list[Rule]] = {}
    changes: dict[str, Change] = {}
    """By the id of a default rule."""


Ruleset = dict[Kind, list[Rule]]

_SOUND: JsonObject = {"set_tweak": "sound", "value": "default"}
_HIGHLIGHT: JsonObject = {"set_tweak": "highlight"}


def _is(key: str, pattern: str) -> JsonObject:
    return {"kind": "event_match", "key": key, "pattern": pattern}


def _rule(rule_id: str, conditions: list[JsonObject], *actions: Action, enabled: bool = True) -> Rule:
    return Rule(rule_id, True, enabled, list(actions), conditions)


_TWO = {"kind": "room_member_count", "is": "2"}
_MAY_NOTIFY_ROOM = {"kind": "sender_notification_permission", "key": "room"}

READER = "@\x00"
"""Stands for the user id of whoever reads, in rules that are made once for everybody. Nobody can write it in a rule."""

MASTER = ".m.rule.master"
LEGACY_MENTIONS = frozenset((".m.rule.contains_display_name", ".m.rule.roomnotif", ".m.rule.contains_user_name"))
"""Rules older than `m.mentions` (gone from version 1.17): they look at the text of events that have no `m.mentions`."""


def defaults(user_id: str) -> Ruleset:
    """The rules of somebody who has changed none (section "Predefined Rules")."""
    localpart = user_id[1:].partition(":")[0]
    override = [
        _rule(MASTER, [], enabled=False),
        _rule(".m.rule.suppress_notices", [_is("content.msgtype", "m.notice")]),
        _rule(
            ".m.rule.invite_for_me",
            [_is("type", "m.room.member"), _is("content.membership", "invite"), _is("state_key", user_id)],
            "notify",
            _SOUND,
        ),
        _rule(".m.rule.member_event", [_is("type", "m.room.member")]),
        _rule(
            ".m.rule.is_user_mention",
            [{"kind": "event_property_contains", "key": r"content.m\.mentions.user_ids", "value": user_id}],
            "notify",
            _SOUND,
            _HIGHLIGHT,
        ),
        _rule(".m.rule.contains_display_name", [{"kind": "contains_display_name"}], "notify", _SOUND, _HIGHLIGHT),
        _rule(
            ".m.rule.is_room_mention",
            [{"kind": "event_property_is", "key": r"content.m\.mentions.room", "value": True}, _MAY_NOTIFY_ROOM],
            "notify",
            _HIGHLIGHT,
        ),
        _rule(".m.rule.roomnotif", [_is("content.body", "@room"), _MAY_NOTIFY_ROOM], "notify", _HIGHLIGHT),
        _rule(".m.rule.tombstone", [_is("type", "m.room.tombstone"), _is("state_key", "")], "notify", _HIGHLIGHT),
        _rule(".m.rule.reaction", [_is("type", "m.reaction")]),
        _rule(".m.rule.room.server_acl", [_is("type", "m.room.server_acl"), _is("state_key", "")]),
        _rule(
            ".m.rule.suppress_edits",
            [{"kind": "event_property_is", "key": r"content.m\.relates_to.rel_type", "value": "m.replace"}],
        ),
    ]
    user_name = Rule(".m.rule.contains_user_name", True, True, ["notify", _SOUND, _HIGHLIGHT], None, localpart)
    encrypted, message = _is("type", "m.room.encrypted"), _is("type", "m.room.message")
    ring: JsonObject = {"set_tweak": "sound", "value": "ring"}
    underride = [
        _rule(".m.rule.call", [_is("type", "m.call.invite")], "notify", ring),
        _rule(".m.rule.encrypted_room_one_to_one", [_TWO, encrypted], "notify", _SOUND),
        _rule(".m.rule.room_one_to_one", [_TWO, message], "notify", _SOUND),
        _rule(".m.rule.message", [message], "notify"),
        _rule(".m.rule.encrypted", [encrypted], "notify"),
    ]
    return {"override": override, "content": [user_name], "room": [], "sender": [], "underride": underride}


def ruleset(user_id: str, custom: Custom | None) -> Ruleset:
    """The person's rules in the order of their weight: theirs before the default ones, but after the master rule."""
    result = defaults(user_id)
    if custom is None:
        return result
    for kind, rules in result.items():
        own = custom.rules.get(kind, [])
        changed = [_changed(rule, custom.changes.get(rule.rule_id)) for rule in rules]
        first = 1 if kind == "override" else 0
        result[kind] = [*changed[:first], *own, *changed[first:]]
    return result


def _changed(rule: Rule, change: Change | None) -> Rule:
    if change is None:
        return rule
    enabled = rule.enabled if change.enabled is None else change.enabled
    actions = rule.actions if change.actions is None else change.actions
    return msgspec.structs.replace(rule, enabled=enabled, actions=actions)


def read_custom(stored: bytes | None) -> Custom | None:
    custom: Custom | None = None if stored is None else json.decode(stored, Custom)
    return custom


class Outcome(msgspec.Struct, frozen=True):
    """What the rules say of an event."""

    notify: bool
    highlight: bool
    actions: list[Any]


NOTHING = Outcome(False, False, [])


def outcome(actions: list[Action]) -> Outcome:
    notify = "notify" in actions
    highlight = any(
        isinstance(action, dict) and action.get("set_tweak") == "highlight" and action.get("value", True) is not False
        for action in actions
    )
    return Outcome(notify, notify and highlight, actions)
