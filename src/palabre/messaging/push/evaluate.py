"""Push rules made into predicates, once for each set of rules and type of event.

Most conditions ask for the event's type: those are answered when the predicates are made, so what is left for a message
is a handful of look-ups. Rules that name their owner are made with `READER` in that place, and the predicates are told
who reads: so everybody who has changed no rule shares one evaluator.
"""

import re
from collections.abc import Callable
from typing import Any

from ...core.json import JsonObject
from ..rooms.auth import power_in
from ..rooms.models import Event, Room
from .models import KINDS, LEGACY_MENTIONS, NOTHING, READER, Outcome, Rule, Ruleset, outcome

Predicate = Callable[[Event, Room, str], bool]
"""`(event, room, reader)`"""
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
    """One set of rules, as `ruleset(READER, …)` gives it."""

    def __init__(self, rules: Ruleset) -> None:
        self._rules = rules
        self._of_type: dict[str, list[tuple[list[Predicate], Outcome]]] = {}

    def judge(self, event: Event, room: Room, reader: str) -> Outcome:
        """What the rules of `reader` say of an event. One's own never notifies, nor does a redacted one."""
        if event.sender == reader or event.redacted_by is not None:
            return NOTHING
        rules = self._of_type.get(event.type)
        if rules is None:
            rules = self._compile(event.type)
        for predicates, result in rules:
            for predicate in predicates:
                if not predicate(event, room, reader):
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
            return [lambda event, room, reader: event.room_id == room_id]
        if kind == "sender":
            sender = rule.rule_id
            return [lambda event, room, reader: event.sender == sender]
        if rule.rule_id == ".m.rule.contains_user_name":
            return [*predicates, _names_localpart]
        if kind == "content":
            return [*predicates, _matches(("content", "body"), rule.pattern or "")]
        for condition in rule.conditions or ():
            if condition.get("kind") == "event_match" and condition.get("key") == "type":
                pattern = condition.get("pattern")
                if not isinstance(pattern, str) or not _glob(pattern).fullmatch(event_type):
                    return None
                continue
            predicate = _condition(condition)
            if predicate is None:
                return None
            predicates.append(predicate)
        return predicates


def _condition(condition: JsonObject) -> Predicate | None:
    """None for what is not understood: it never matches (section "Conditions")."""
    kind, key = condition.get("kind"), condition.get("key")
    if kind == "contains_display_name":
        return lambda event, room, reader: _names(event, room, reader)
    if kind == "room_member_count":
        match = _COUNT.fullmatch(str(condition.get("is")))
        if match is None:
            return None
        compare, number = _COMPARE[match[1] or "=="], int(match[2])
        return lambda event, room, reader: compare(len(room.joined), number)
    if not isinstance(key, str):
        return None
    if kind == "sender_notification_permission":
        return lambda event, room, reader: _may_notify(event, room, key)
    path, value = property_path(key), condition.get("value", _MISSING)
    if READER in (value, condition.get("pattern")):
        return _about_reader(str(kind), path)
    if kind == "event_match":
        pattern = condition.get("pattern")
        return _matches(path, pattern) if isinstance(pattern, str) else None
    if value is _MISSING or isinstance(value, list | dict | float):
        return None
    if kind == "event_property_is":
        return lambda event, room, reader: _same(_look_up(event, path), value)
    if kind == "event_property_contains":
        return lambda event, room, reader: _contains(_look_up(event, path), value)
    return None


def _about_reader(kind: str, path: Path) -> Predicate:
    """A condition that compares with the reader's own user id."""
    if kind == "event_property_contains":
        return lambda event, room, reader: _contains(_look_up(event, path), reader)
    return lambda event, room, reader: _same(_look_up(event, path), reader)


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

        def in_body(event: Event, room: Room, reader: str) -> bool:
            value = _look_up(event, path)
            return isinstance(value, str) and search(value[:MAX_TEXT]) is not None

        return in_body
    full = _glob(pattern).fullmatch

    def whole(event: Event, room: Room, reader: str) -> bool:
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


def _has_no_mentions(event: Event, room: Room, reader: str) -> bool:
    return "m.mentions" not in event.content


def _names(event: Event, room: Room, reader: str) -> bool:
    """`contains_display_name`: the text has the name that the reader has in this room."""
    body = event.content.get("body")
    name = room.content("m.room.member", reader).get("displayname")
    if not isinstance(body, str) or not isinstance(name, str) or not name:
        return False
    if name.casefold() not in body.casefold():
        return False
    return re.search(rf"(?:^|\W){re.escape(name)}(?:$|\W)", body, re.IGNORECASE) is not None


def _names_localpart(event: Event, room: Room, reader: str) -> bool:
    """`.m.rule.contains_user_name`: the text has the localpart of the reader's user id as a word."""
    body = event.content.get("body")
    localpart = reader[1:].partition(":")[0]
    if not isinstance(body, str) or localpart.casefold() not in body.casefold():
        return False
    return _word_glob(localpart).search(body[:MAX_TEXT]) is not None


def _may_notify(event: Event, room: Room, key: str) -> bool:
    power = power_in(room)
    return power.user(event.sender) >= power.notification(key)
