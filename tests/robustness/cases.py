"""What makes no sense, anywhere it can stand."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

NOT_JSON: list[bytes] = [
    b"",
    b"\x00",
    b"\xff\xfe\x00{",
    b"{",
    b'{"a":',
    b"{'a': 1}",
    b'{"a": 1}}',
    b'{"a": NaN}',
    b'{"a": -Infinity}',
    b'{"a": 0x10}',
    b'{"a": "\x00"}',
    b'\xef\xbb\xbf{"a": 1}',
    '{"a": 1}'.encode("utf-16"),
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 5_000 + b"]" * 5_000,
    b'{"a":' * 200 + b"1" + b"}" * 200,
    b"[]",
    b"null",
    b"true",
    b"0",
    b'"text"',
]
"""None of these is an object; every endpoint that takes JSON refuses them (an absent body may be allowed)."""

NOT_VALUES: list[bytes] = [
    b'{"a": "\xff"}',
    b'{"a": 1e400}',
    b'{"a": ' + b"9" * 5_000 + b"}",
    rb'{"a": "\ud800"}',
    rb'{"\udfff": 1}',
    rb'{"a": "\ud800\u0041"}',
]
"""With values that nobody can hold. Refused, unless they stand where nobody looks."""

LONG = Random(1).randbytes(6_000).hex()
"""Longer than an entry of a PostgreSQL index may be, which no compression changes."""
HUGE = "\ue000 to be 1e400"
LONE_SURROGATE = "\ud800"

WRONG: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    2**53,
    -(2**63),
    10**30,
    "",
    HUGE,
    LONE_SURROGATE,
    "\x00",
    "\U0001f335\u202e",
    "@",
    "!:",
    "x" * 70_000,
    LONG,
    [],
    {},
    [[]],
    [None, 1, "a", {}],
    {"": {"": [None]}},
    {"a": 1, "\x00": 2},
]
"""What stands where something else should."""

SEGMENTS = [
    "%00",
    "%ff",
    "%ed%a0%80",
    "%",
    "%zz",
    "%2e%2e%2f%2e%2e",
    "..",
    "@",
    "%40%3a",
    "%21",
    "$",
    "%0a%0d",
    "%F0%9F%8C%B5",
    "%27%20OR%201%3D1--",
    "{x}",
    "9" * 40,
    "-1",
    LONG,
]
"""What stands in a path where a name should."""

QUERY = [
    "",
    "x",
    "-1",
    "1.5",
    "9" * 30,
    "%00",
    "%ff",
    "%ed%a0%80",
    "%",
    "%F0%9F%8C%B5",
    "[]",
    "%7B%7D",
    "null",
    "true",
    "f",
    "b",
    LONG,
]
PARAMETERS = [
    "since",
    "from",
    "to",
    "limit",
    "dir",
    "filter",
    "at",
    "membership",
    "not_membership",
    "ts",
    "full_state",
    "set_presence",
    "use_state_after",
    "access_token",
    "user_id",
    "kind",
    "username",
    "version",
    "format",
    "only",
    "before",
    "after",
    "suggested_only",
    "max_depth",
    "via",
    "include",
    "recurse",
    "server",
    "next_batch",
    "room_id",
    "archived",
    "event_id",
    "redirectUrl",
    "client_id",
    "response_type",
    "state",
    "scope",
    "token",
    "session",
    "action",
    "language",
]


STATE: dict[str, Any] = {
    "m.room.name": {"name": "Salle"},
    "m.room.topic": {"topic": "x", "m.topic": {"m.text": [{"body": "x", "mimetype": "text/plain"}]}},
    "m.room.avatar": {"url": "mxc://a/b", "info": {"w": 1}},
    "m.room.join_rules": {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": "!a"}]},
    "m.room.history_visibility": {"history_visibility": "shared"},
    "m.room.guest_access": {"guest_access": "can_join"},
    "m.room.pinned_events": {"pinned": ["$a"]},
    "m.room.canonical_alias": {"alias": "#a:test.local", "alt_aliases": ["#a:test.local"]},
    "m.room.server_acl": {"allow": ["*"], "deny": [], "allow_ip_literals": True},
    "m.room.encryption": {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_ms": 1},
    "m.room.tombstone": {"body": "x", "replacement_room": "!a"},
    "m.space.child": {"via": ["test.local"], "order": "a", "suggested": True},
    "m.room.third_party_invite": {"display_name": "x", "public_keys": [{"public_key": "x"}]},
    "m.room.member": {"membership": "join", "displayname": "x", "avatar_url": "mxc://a/b", "reason": "x"},
    "m.room.power_levels": {
        "users": {"@a:test.local": 0},
        "events": {"m.room.name": 50},
        "ban": 50,
        "users_default": 0,
        "notifications": {"room": 50},
    },
    "m.room.create": {"room_version": "12", "creator": "@a:test.local", "predecessor": {"room_id": "!a"}},
}
"""State that the server itself looks at, the most harmful last."""

ACCOUNT_DATA: dict[str, Any] = {
    "m.direct": {"@a:test.local": ["!a"]},
    "m.ignored_user_list": {"ignored_users": {"@a:test.local": {}}},
    "m.invite_permission_config": {"default_action": "allow"},
    "m.push_rules": {"global": {"override": []}},
    "m.fully_read": {"event_id": "$a"},
    "m.tag": {"tags": {"u.a": {"order": 0.5}}},
    "m.marked_unread": {"unread": True},
    "org.example.note": {"text": "note"},
}


def mutations(body: Any) -> Iterator[Any]:
    """`body` with each of its parts, at any depth, in turn left out or replaced by each of `WRONG`."""
    yield from WRONG
    for path in _paths(body):
        for wrong in WRONG:
            changed = copy.deepcopy(body)
            _at(changed, path[:-1])[path[-1]] = wrong
            yield changed
        changed = copy.deepcopy(body)
        del _at(changed, path[:-1])[path[-1]]
        yield changed
        if isinstance(_at(body, path), dict):
            for odd in ("", "\x00", "x" * 300, "@", "\U0001f335", "a.b"):
                changed = copy.deepcopy(body)
                _at(changed, path)[odd] = 1
                yield changed


def _paths(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inside:
        yield (*at, key)
        yield from _paths(value, (*at, key))


def _at(body: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        body = body[key]
    return body


def encode(body: Any) -> bytes:
    return json.dumps(body).replace(json.dumps(HUGE), "1e400").encode()
