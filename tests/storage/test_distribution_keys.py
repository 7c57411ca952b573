"""Every query names the one key its table would be sharded by: room, person, or for credentials and codes their own.

PostgreSQL can then be split over machines without changing a query. Statements are read from the `store.py` files, and
what crosses shards is listed here with the reason why it may.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import palabre

SOURCE = Path(palabre.__file__).parent
STORES = sorted(str(path.relative_to(SOURCE)) for path in SOURCE.rglob("store.py"))

KEYS = {"room_id", "user_id"}

OWN_KEYS = {
    "access_tokens": {"hash", "session_id", "token_id"},
    "aliases": {"alias"},
    "browser_sessions": {"hash"},
    "browser_sign_ins": {"hash"},
    "code_sends": {"e164"},
    "codes": {"sid", "e164"},
    "console_sessions": {"hash"},
    "login_tokens": {"hash"},
    "oauth_clients": {"client_id"},
    "oauth_codes": {"hash"},
    "oauth_devices": {"hash", "user_code"},
    "openid_tokens": {"token_hash"},
    "phone_numbers": {"e164"},
    "policy_jobs": {"job"},
    "policy_versions": {"policy"},
    "receipt_keys": {"kid"},
    "rollout_operations": {"rollout_id"},
    "rollouts": {"rollout_id"},
    "sessions": {"session_id", "family_hash"},
    "uia_sessions": {"session"},
    "web_push_keys": {"number"},
}
"""What is looked up before anybody knows whose it is: small tables, found by a secret, a code or a number; and what
belongs to nobody: policies and their roll-outs.
"""

_SWEEP = "housekeeping, now and then, on an index"
_EVERYBODY = "jobs and counts that go through all accounts, a page at a time"
_FEW = "a few rows, kept in memory"
_SIMULATED = "a scenario counts what it has written, on a database of its own"
_ERASED = "rare: an account is erased"

CROSSING = {
    "DELETE browser_sessions by expires": _SWEEP,
    "DELETE browser_sign_ins by expires": _SWEEP,
    "DELETE code_sends by last": _SWEEP,
    "DELETE codes by expires": _SWEEP,
    "DELETE console_sessions by expires": _SWEEP,
    "DELETE login_tokens by expires": _SWEEP,
    "DELETE oauth_codes by expires": _SWEEP,
    "DELETE oauth_devices by expires": _SWEEP,
    "DELETE openid_tokens by expires": _SWEEP,
    "DELETE to_device_transactions by sent": _SWEEP,
    "DELETE uia_sessions by expires": _SWEEP,
    "DELETE policy_decisions by policy, version, at": _SWEEP,
    "SELECT policy_decisions by policy, version, at": _SWEEP,
    "DELETE private_device_lists by viewer_id": "the viewer is the person it is kept with",
    "SELECT accounts by user_id": _EVERYBODY,
    "SELECT accounts by user_id, policy": _EVERYBODY,
    "SELECT policy_notices by user_id, step": _EVERYBODY,
    "SELECT policy_views by user_id, policy, version": _EVERYBODY,
    "SELECT policy_versions by nothing": _FEW,
    "SELECT receipt_keys by nothing": _FEW,
    "SELECT rollouts by nothing": _FEW,
    "UPDATE receipt_keys by nothing": _FEW,
    "SELECT accounts by nothing": _SIMULATED,
    "SELECT policy_decisions by nothing": _SIMULATED,
    "SELECT aliases by creator": _ERASED,
    "UPDATE aliases by creator": _ERASED,
    "UPDATE reports by reporter": _ERASED,
    "DELETE key_signatures by signer_id, signing_key": "rare: somebody replaces their cross-signing keys",
    "DELETE web_push_subscriptions by id": "rare: a browser changes hands",
    "SELECT web_push_keys by nothing": _FEW,
    "DELETE pushers by app_id, pushkey": "rare: a phone changes hands, and its pushkey leaves the other account",
    "SELECT accounts by folded, user_id": "searching the user directory",
    "SELECT device_lists by pos": "what changed since a position, for one sync after an absence",
    "SELECT events by event_id": "a deprecated endpoint names no room, and an event may be of another",
    "SELECT events by pos": "positions found by a query that named the room",
    "SELECT private_device_lists by viewer_id, pos": "the viewer is the person it is kept with",
    "SELECT reports by ts": "an operator's page",
    "SELECT rooms by nothing": "the public directory",
}
"""Shapes of statements that may ask every shard, and why."""

_SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s")
_TABLE = re.compile(r"(?:FROM|INTO|UPDATE)\s+(\w+)")
_COMPARED = re.compile(r"(?:\w+\.)?(\w+) (?:=|<|>|<=|>=|LIKE) (?:CAST\()?(?:\$\d+|ANY ?\()")
_EQUAL = re.compile(r"(?:\w+\.)?(\w+) = (?:CAST\()?(?:\$\d+|ANY ?\()")
_INSERTED = re.compile(r"INSERT INTO \w+ \(([^)]*)\)")


def statements(store: str) -> Iterator[str]:
    """The SQL in a file; what f-strings take from the module's constants is filled in."""
    module = importlib.import_module("palabre." + store.removesuffix(".py").replace("/", "."))
    tree = ast.parse((SOURCE / store).read_text())
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        text = _text(node, module) if id(node) not in inner else None
        if text is not None and _SQL.match(text) and _TABLE.search(text):
            yield " ".join(text.split())


def _text(node: ast.AST, module: ModuleType) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else _constant(part, module) for part in node.values
        )
    return None


def _constant(part: ast.expr, module: ModuleType) -> str:
    name = ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ""
    return str(getattr(module, name, "…"))


def shape(sql: str) -> tuple[str, str, set[str]]:
    """`SELECT events by event_id, type`; the table; the columns that are given as equal to something."""
    found = _TABLE.search(sql)
    assert found, sql
    table = found.group(1)
    if inserted := _INSERTED.match(sql):
        given = {column.strip() for column in inserted.group(1).split(",")}
        return f"INSERT {table}", table, given
    compared = dict.fromkeys(_COMPARED.findall(sql.partition("WHERE")[2] or sql))
    return f"{sql.split()[0]} {table} by {', '.join(compared) or 'nothing'}", table, set(_EQUAL.findall(sql))


def crossing(store: str) -> set[str]:
    """Shapes of the statements that name no key."""
    shapes = (shape(sql) for sql in statements(store))
    return {name for name, table, given in shapes if not given & (KEYS | OWN_KEYS.get(table, set()))}


@pytest.mark.parametrize("store", STORES)
def test_each_query_names_its_key(store: str) -> None:
    assert sorted(crossing(store) - CROSSING.keys()) == []


def test_no_exception_is_out_of_date() -> None:
    used = {name for store in STORES for name in crossing(store)}

    assert sorted(CROSSING.keys() - used) == []


def test_the_reader_of_statements_sees_what_matters() -> None:
    assert shape("SELECT 1 FROM events e WHERE e.room_id = $1 AND e.pos > $2")[2] == {"room_id"}
    assert shape("SELECT 1 FROM events WHERE pos > $1")[0] == "SELECT events by pos"
    assert shape("DELETE FROM receipts WHERE user_id = ANY($1)")[2] == {"user_id"}
    assert "user_id" in shape("INSERT INTO tags (room_id, user_id) VALUES ($1, $2)")[2]
    assert len(list(statements("messaging/rooms/store.py"))) > 10
