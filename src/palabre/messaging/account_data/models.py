"""Everything one person keeps, as one snapshot."""

from typing import Any, NamedTuple

from ...core import json
from ...core.json import JsonObject
from ...policy.status import ACCOUNT_DATA_TYPE as POLICY_STATUS

GLOBAL = ""
DELETED = b""
Key = tuple[str, str]
"""(room id or `GLOBAL`, type)"""

SERVER_MANAGED = frozenset(("m.fully_read", "m.push_rules", POLICY_STATUS))
NOTICES = "@_notices:"
"""How the user id begins under which the server itself writes to people. Nobody can have it."""


class Item(NamedTuple):
    pos: int
    content: bytes
    """JSON; `DELETED` for what was there once: clients that have it must hear that it went."""


class AccountData:
    """Never changed; see `with_item`. What is derived from the content is worked out once."""

    __slots__ = ("_by_room", "_ignored", "items")

    def __init__(self, items: dict[Key, Item]) -> None:
        self.items = items
        self._ignored: frozenset[str] | None = None
        self._by_room: dict[str, list[tuple[str, Item]]] | None = None

    def with_item(self, key: Key, item: Item) -> "AccountData":
        return AccountData({**self.items, key: item})

    def get(self, type_: str, room_id: str = GLOBAL) -> bytes | None:
        item = self.items.get((room_id, type_))
        return None if item is None or item.content == DELETED else item.content

    def content(self, type_: str, room_id: str = GLOBAL) -> JsonObject:
        """The content decoded; `{}` when there is none."""
        found = self.get(type_, room_id)
        return {} if found is None else json.decode(found)

    def changed(self, since: int, upto: int) -> dict[Key, Item]:
        return {key: item for key, item in self.items.items() if since < item.pos <= upto}

    def of_room(self, room_id: str) -> list[tuple[str, Item]]:
        """Type and item of each that belongs to the room."""
        if self._by_room is None:
            self._by_room = {}
            for (of_room, type_), item in self.items.items():
                self._by_room.setdefault(of_room, []).append((type_, item))
        return self._by_room.get(room_id, [])

    @property
    def ignored(self) -> frozenset[str]:
        """The people in `m.ignored_user_list` (section "Ignoring Users"). The server is none of them: it says only what
        everybody has to be told.
        """
        if self._ignored is None:
            users: Any = self.content("m.ignored_user_list").get("ignored_users")
            listed = users if isinstance(users, dict) else ()
            self._ignored = frozenset(user for user in listed if not user.startswith(NOTICES))
        return self._ignored
