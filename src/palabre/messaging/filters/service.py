"""Keeping filters, and turning what a request names into one."""

import hashlib
from collections import OrderedDict
from typing import Any

import msgspec

from ...core import errors, json
from ...storage.database import Database, Transaction
from . import store
from .models import NO_FILTER, Filter, FilterBody

MAX_CACHED = 10_000


class FilterService:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: OrderedDict[tuple[str, str], Filter] = OrderedDict()
        """(user id, filter id) or ("", JSON text) to filter; both never change."""

    async def add(self, user_id: str, body: dict[str, Any]) -> str:
        """Store a filter and return its id; the same filter gets the same id. Raises `M_BAD_JSON`."""
        encoded = json.encode(body)
        check(json.decode(encoded, FilterBody))
        filter_id = hashlib.sha256(json.canonical(body)).hexdigest()[:16]
        if await store.get(self._database, user_id, filter_id) is None:

            async def work(tx: Any) -> None:
                store.put(tx, user_id, filter_id, encoded)

            await self._database.write(work)
        return filter_id

    async def get(self, user_id: str, filter_id: str) -> msgspec.Raw:
        """The filter as it was stored. Raises 404 `M_NOT_FOUND`."""
        body = await store.get(self._database, user_id, filter_id)
        if body is None:
            raise errors.not_found("There is no such filter.")
        return msgspec.Raw(body)

    async def resolve(self, user_id: str, text: str | None) -> Filter:
        """The filter of a request's `filter` parameter: JSON, the id of a stored one, or none.

        Raises 400: `M_INVALID_PARAM` for an id that is not known, `M_NOT_JSON` or `M_BAD_JSON` for what is no filter.
        """
        if not text:
            return NO_FILTER
        key = ("", text) if text.startswith("{") else (user_id, text)
        found = self._cache.get(key)
        if found is not None:
            self._cache.move_to_end(key)
            return found
        found = Filter(await self._body(*key))
        if len(text) < 4096:
            self._cache[key] = found
        if len(self._cache) > MAX_CACHED:
            self._cache.popitem(last=False)
        return found

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Hook of accounts."""
        await store.forget(tx, user_id)

    async def _body(self, user_id: str, text: str) -> FilterBody:
        if user_id == "":
            json.check(text.encode("utf-8", "replace"))
            body: FilterBody = json.decode(text.encode("utf-8", "replace"), FilterBody)
        else:
            stored = await store.get(self._database, user_id, text)
            if stored is None:
                raise errors.invalid_param("There is no filter with this id.")
            body = json.decode(stored, FilterBody)
        check(body)
        return body


def check(body: FilterBody) -> None:
    """Refuse ids that can never match: a room id starts with `!`, a user id with `@`."""
    room = body.room
    for part in (body.presence, body.account_data, room.timeline, room.state, room.ephemeral, room.account_data):
        _check_ids("@", part.senders, part.not_senders)
    for rooms in (room, room.timeline, room.state, room.ephemeral, room.account_data):
        _check_ids("!", rooms.rooms, rooms.not_rooms)


def _check_ids(sigil: str, *lists: list[str] | None) -> None:
    for ids in lists:
        if ids is not None and not all(text.startswith(sigil) for text in ids):
            raise errors.bad_json(f"An id in this filter does not start with {sigil}.")
