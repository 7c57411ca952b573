"""Push rules made into predicates, once for each person and type of event.

Most conditions ask for the event's type: those are answered when the predicates are made, so what is left for a message
is a handful of look-ups.
"""

import re
from collections.abc import Callable
from typing import Any

from ...core.json import JsonObject
from ..rooms.auth import power_in
from ..rooms.models import Event, Room
from .models import KINDS, LEGACY_MENTIONS, NOTHING, Outcome, Rule, Ruleset, outcome

Predicate = Callable[[Event, Room], bool]
Path = tuple[str, ...]

MAX_TYPES = 64
MAX_TEXT = 4096
"""Characters of a message that patterns look at."""
_MISSING: Any = object()
_COUNT = re.compile(r"(==|<=|>=|<|>)?([0-9]{1,9})")
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "==": lambda count, number: count == number,
    "<": lambda count, number: count < number,
    ">": lambda count, number: count > number,
    "<=": lambda count, number: count <= number,
    ">=": lambda count, number: count >= number,
}


class Evaluator:
    """One person's rules."""

    def __init__(self, user_id: str, rules: Ruleset) -> None:
        self._user_id = user_id
        self._rules = rules
        self._of_type: dict[str, list[tuple[list[Predicate], Outcome]]] = {}

    def judge(self, event: Event, room: Room) -> Outcome:
        """What the rules say of somebody else's event. One's own never notifies, nor does a redacted one."""
        if event.sender == self._user_id or event.redacted_by is not None:
            return NOTHING
        rules = self._of_type.get(event.type)
        if rules is None:
            rules = self._compile(event.type)
        for predicates, result in rules:
            for predicate in predicates:
                if not predicate(event, room):
                    break
            else:
                return result
        return NOTHING

    def _compile(self, event_type: str) -> list[tuple[list[Predicate], Outcome]]:
        compiled: list[tuple[list[Predicate], Outcome]] = []
        for kind in KINDS:
            for rule in self._rules[kind]:
                if rule.enabled:
                    predicates = self._predicates(kind, rule, event_type)
                    if predicates is not None:
                        compiled.append((predicates, outcome(rule.actions)))
        if len(self._of_type) >= MAX_TYPES:
            self._of_type.clear()
        self._of_type[event_type] = compiled
        return compiled

    def _predicates(self, kind: str, rule: Rule, event_type: str) -> list[Predicate] | None:
        """None when the rule can never match an event of this type."""
        predicates: list[Predicate] = [_has_no_mentions] if rule.rule_id in LEGACY_MENTIONS else []
        if kind == "room":
            room_id = rule.rule_id
            return [lambda event, room: event.room_id == room_id]
        if kind == "sender":
            sender = rule.rule_id
            return [lambda event, room: event.sender == sender]
        if kind == "content":
            return [*predicates, _matches(("content", "body"), rule.pattern or "")]
        for condition in rule.conditions or ():
            if condition.get("kind") == "event_match" and condition.get("key") == "type":
                pattern = condition.get("pattern")
                if not isinstance(pattern, str) or not _glob(pattern).fullmatch(event_type):
                    return None
                continue
            predicate = _condition(condition, self._user_id)
            if predicate is None:
                return None
            predicates.append(predicate)
        return predicates


def _condition(condition: JsonObject, user_id: str) -> Predicate | None:
    """None for what is not understood: it never matches (section "Conditions")."""
    kind, key = condition.get("kind"), condition.get("key")
    if kind == "contains_display_name":
        return lambda event, room: _names(event, room, user_id)
    if kind == "room_member_count":
        match = _COUNT.fullmatch(str(condition.get("is")))
        if match is None:
            return None
        compare, number = _COMPARE[match[1] or "=="], int(match[2])
        return lambda event, room: compare(len(room.joined), number)
    if not isinstance(key, str):
        return None
    if kind == "sender_notification_permission":
        return lambda event, room: _may_notify(event, room, key)
    path, value = property_path(key), condition.get("value", _MISSING)
    if kind == "event_match":
        pattern = condition.get("pattern")
        return _matches(path, pattern) if isinstance(pattern, str) else None
    if value is _MISSING or isinstance(value, list | dict | float):
        return None
    if kind == "event_property_is":
        return lambda event, room: _same(_look_up(event, path), value)
    if kind == "event_property_contains":
        return lambda event, room: _contains(_look_up(event, path), value)
    return None


def property_path(key: str) -> Path:
    """A dot-separated property path (appendix): `\\.` is a dot within a name, `\\\\` a backslash."""
    parts, current, escaped = [], "", False
    for sign in key:
        if escaped:
            current += sign if sign in ".\\" else "\\" + sign
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == ".":
            parts.append(current)
            current = ""
        else:
            current += sign
    return (*parts, current + ("\\" if escaped else ""))


def _look_up(event: Event, path: Path) -> Any:
    value: Any = event.body
    for name in path:
        if type(value) is not dict:
            return _MISSING
        value = value.get(name, _MISSING)
    return value


def _same(value: Any, wanted: Any) -> bool:
    return type(value) is type(wanted) and bool(value == wanted)


def _contains(value: Any, wanted: Any) -> bool:
    return type(value) is list and any(_same(item, wanted) for item in value)


def _matches(path: Path, pattern: str) -> Predicate:
    """`event_match`: the whole value; of `content.body` any part between word boundaries."""
    if path == ("content", "body"):
        search = _word_glob(pattern).search

        def in_body(event: Event, room: Room) -> bool:
            value = _look_up(event, path)
            return isinstance(value, str) and search(value[:MAX_TEXT]) is not None

        return in_body
    full = _glob(pattern).fullmatch

    def whole(event: Event, room: Room) -> bool:
        value = _look_up(event, path)
        return isinstance(value, str) and full(value) is not None

    return whole


def _translate(pattern: str) -> str:
    """A glob as a regular expression. The atomic groups take the nearest match, which is as good as any other for what
    follows, so a pattern of many stars cannot take for ever.
    """
    pieces = ["".join("." if sign == "?" else re.escape(sign) for sign in piece) for piece in pattern.split("*")]
    if len(pieces) == 1:
        return pieces[0]
    return pieces[0] + "".join(f"(?>.*?{piece})" for piece in pieces[1:-1]) + ".*?" + pieces[-1]


def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(_translate(pattern), re.IGNORECASE | re.DOTALL)


def _word_glob(pattern: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?:^|(?<=[^A-Za-z0-9_])){_translate(pattern)}(?:$|(?=[^A-Za-z0-9_]))", re.IGNORECASE | re.DOTALL
    )


def _has_no_mentions(event: Event, room: Room) -> bool:
    return "m.mentions" not in event.content


def _names(event: Event, room: Room, user_id: str) -> bool:
    """`contains_display_name`: the text has the name that the reader has in this room."""
    body = event.content.get("body")
    name = room.content("m.room.member", user_id).get("displayname")
    if not isinstance(body, str) or not isinstance(name, str) or not name:
        return False
    if name.casefold() not in body.casefold():
        return False
    return re.search(rf"(?:^|\W){re.escape(name)}(?:$|\W)", body, re.IGNORECASE) is not None


def _may_notify(event: Event, room: Room, key: str) -> bool:
    power = power_in(room)
    return power.user(event.sender) >= power.notification(key)
