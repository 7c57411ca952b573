"""The rules of account data, and what the server itself reads out of it."""

from typing import Any

from ...core import errors, json
from ...core.json import JsonObject
from ...storage.database import CommitCache, Database, Entry, Reader, Transaction
from . import store
from .models import DELETED, GLOBAL, AccountData, Item

MAX_PEOPLE = 50_000
_NOTHING = AccountData({})


class AccountDataService:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: CommitCache[str, AccountData] = CommitCache(MAX_PEOPLE)
        database.listen(self._on_commit, self._cache.clear)

    async def of(self, user_id: str, tx: Transaction | None = None) -> AccountData:
        """All of one person's account data, as committed (as the transaction sees it, inside one)."""
        found = self._cache.get(user_id, tx)
        if found is not None:
            return found
        return await self._cache.load(user_id, lambda: self._read(user_id, tx or self._database), tx) or _NOTHING

    @staticmethod
    async def _read(user_id: str, reader: Reader) -> AccountData:
        return AccountData(await store.load(reader, user_id))

    def at_hand(self, user_id: str) -> AccountData | None:
        """The same where it is in memory."""
        return self._cache.get(user_id)

    async def put(self, user_id: str, room_id: str, type_: str, content: JsonObject) -> None:
        encoded = json.encode(content)
        await self._database.write(lambda tx: self.put_in(tx, user_id, room_id, type_, encoded))

    async def put_in(self, tx: Transaction, user_id: str, room_id: str, type_: str, content: bytes) -> None:
        data = await self.of(user_id, tx)
        key, item = (room_id, type_), Item(tx.advance("account_data", user_id), content)
        store.put(tx, user_id, key, item)
        self._cache.put(user_id, data.with_item(key, item), tx)

    async def get(self, user_id: str, room_id: str, type_: str) -> bytes:
        """The content. Raises 404 `M_NOT_FOUND`."""
        found = (await self.of(user_id)).get(type_, room_id)
        if found is None:
            raise errors.not_found("There is no account data of this type.")
        return found

    async def delete(self, user_id: str, room_id: str, type_: str) -> None:
        """MSC3391. Deleting what is not there does nothing."""
        if (await self.of(user_id)).get(type_, room_id) is not None:
            await self._database.write(lambda tx: self.put_in(tx, user_id, room_id, type_, DELETED))

    # tags (section "Room Tagging")

    async def tags(self, user_id: str, room_id: str) -> dict[str, Any]:
        found = (await self.of(user_id)).content("m.tag", room_id).get("tags")
        return found if isinstance(found, dict) else {}

    async def set_tag(self, user_id: str, room_id: str, tag: str, content: JsonObject | None) -> None:
        """Set a tag, or remove it where `content` is None."""

        async def work(tx: Transaction) -> None:
            old = (await self.of(user_id, tx)).content("m.tag", room_id).get("tags")
            tags = dict(old) if isinstance(old, dict) else {}
            if content is None:
                tags.pop(tag, None)
            else:
                tags[tag] = content
            await self.put_in(tx, user_id, room_id, "m.tag", json.encode({"tags": tags}))

        await self._database.write(work)

    # for rooms

    async def blocks_invites_from(self, user_id: str, sender: str) -> bool:
        """Whether the person refuses invitations from `sender`: `m.invite_permission_config`, and who is ignored."""
        data = await self.of(user_id)
        if sender in data.ignored:
            return True
        return data.content("m.invite_permission_config").get("default_action") == "block"

    async def add_direct(self, tx: Transaction, user_id: str, other: str, room_id: str) -> None:
        """Note in `m.direct` that the room is a direct chat with `other` (section "Direct Messaging")."""
        direct = (await self.of(user_id, tx)).content("m.direct")
        rooms = direct.get(other)
        listed = rooms if isinstance(rooms, list) else []
        if room_id not in listed:
            content = json.encode({**direct, other: [*listed, room_id]})
            await self.put_in(tx, user_id, GLOBAL, "m.direct", content)

    async def carry_over(self, tx: Transaction, user_id: str, old_room: str, new_room: str) -> None:
        """The person followed an upgrade: their tags, and that it is a direct chat, hold for the new room too."""
        data = await self.of(user_id, tx)
        tags = data.get("m.tag", old_room)
        if tags is not None and data.get("m.tag", new_room) is None:
            await self.put_in(tx, user_id, new_room, "m.tag", tags)
        for other, rooms in data.content("m.direct").items():
            if isinstance(rooms, list) and old_room in rooms:
                await self.add_direct(tx, user_id, other, new_room)

    async def forget_room(self, tx: Transaction, user_id: str, room_id: str) -> None:
        """Hook of rooms: the person forgot a room they had left."""
        await store.forget_room(tx, user_id, room_id)
        tx.advance("account_data", user_id)
        data = await self.of(user_id, tx)
        rest = {key: item for key, item in data.items.items() if key[0] != room_id}
        self._cache.put(user_id, AccountData(rest), tx)

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Hook of accounts: the account is gone."""
        await store.forget(tx, user_id)
        tx.advance("account_data", user_id)
        self._cache.put(user_id, _NOTHING, tx)

    def _on_commit(self, entries: list[Entry], own: bool) -> None:
        if not own:
            for _, stream, key in entries:
                if stream == "account_data":
                    self._cache.forget(key)
