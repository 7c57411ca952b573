"""Room aliases and the list of published rooms.

Client-server API, sections "Room aliases" and "Published room directory".
"""

import re

from ...core import errors
from ...storage.database import Database, Transaction
from ..history.visibility import HistoryVisibility
from ..rooms import store as rooms
from ..rooms.auth import Draft, power_in
from ..rooms.models import Room
from ..rooms.registry import RoomRegistry
from ..rooms.timeline import Timeline
from . import store
from .models import PublishedFilter, PublishedQuery, Summary, check_alias, summary

ALIAS_EVENT = "m.room.canonical_alias"
MAX_PAGE = 500


class DirectoryService:
    def __init__(
        self,
        database: Database,
        registry: RoomRegistry,
        timeline: Timeline,
        visibility: HistoryVisibility,
        server_name: str,
    ) -> None:
        self._database = database
        self._registry = registry
        self._timeline = timeline
        self._visibility = visibility
        self.server_name = server_name

    # aliases

    async def resolve(self, room_id_or_alias: str) -> str:
        """The room id. Raises 404 `M_NOT_FOUND` for an unknown alias, 400 `M_INVALID_PARAM` for what is neither."""
        if room_id_or_alias.startswith("!"):
            return room_id_or_alias
        if not room_id_or_alias.startswith("#") or ":" not in room_id_or_alias:
            raise errors.invalid_param("This is neither a room id nor a room alias.")
        found = await store.alias(self._database, room_id_or_alias)
        if found is None:
            raise errors.not_found("There is no such room alias.")
        return found[0]

    async def add_alias(self, user_id: str, alias: str, room_id: str) -> None:
        """Raises 409 when the alias is taken, 403 for who is not in the room."""
        check_alias(alias, self.server_name)

        async def work(tx: Transaction) -> None:
            await self._joined(user_id, room_id, tx)
            if await store.alias(tx, alias) is not None:
                raise errors.ApiError(409, "M_UNKNOWN", "This room alias is taken.")
            await rooms.claim_alias(tx, alias, room_id, user_id)

        await self._database.write(work)

    async def drop_alias(self, user_id: str, alias: str) -> None:
        """For who made the alias, and for who has the power to set the room's canonical alias. Raises 404, 403."""

        async def work(tx: Transaction) -> None:
            found = await store.alias(tx, alias)
            if found is None:
                raise errors.not_found("There is no such room alias.")
            room_id, creator = found
            room = await self._registry.room(room_id, tx)
            powerful = room is not None and _may_set_alias(room, user_id)
            if user_id != creator and not powerful:
                raise errors.forbidden("You did not make this alias, and you do not have the power to remove it.")
            await store.drop_alias(tx, alias)
            if room is not None and powerful:
                await self._forget_alias(tx, room, user_id, alias)

        await self._database.write(work)

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Hook of accounts, after the person has left their rooms: the aliases they made go, but for those of rooms in
        which others are. These belong to the others now, and no longer say who made them.
        """
        if not erase:
            return
        for alias, room_id in await store.aliases_by(tx, user_id):
            room = await self._registry.room(room_id, tx)
            if room is None or not room.joined:
                await store.drop_alias(tx, alias)
                await store.publish(tx, room_id, False)
        await store.disown_aliases(tx, user_id)

    async def _forget_alias(self, tx: Transaction, room: Room, user_id: str, alias: str) -> None:
        """Take a removed alias out of the room's canonical alias event."""
        content = room.content(ALIAS_EVENT)
        kept = {name: value for name, value in content.items() if not (name == "alias" and value == alias)}
        others = content.get("alt_aliases")
        if isinstance(others, list) and alias in others:
            kept["alt_aliases"] = [other for other in others if other != alias]
        if kept != content:
            await self._timeline.append(tx, room, Draft(user_id, ALIAS_EVENT, kept, ""))

    async def aliases_of(self, user_id: str, room_id: str) -> list[str]:
        """For who is in the room, or anybody where its history is world readable. Raises 403."""
        access = await self._visibility.access(user_id, room_id)
        if not access.joined and access.room.history_visibility != "world_readable":
            raise errors.forbidden("You are not in this room.")
        return await store.aliases_of(self._database, room_id)

    # published rooms

    async def published(self, room_id: str) -> bool:
        """Raises 404 `M_NOT_FOUND`."""
        found = await store.published(self._database, room_id)
        if found is None:
            raise errors.not_found("There is no such room.")
        return found

    async def publish(self, user_id: str, room_id: str, published: bool) -> None:
        """Needs the power to set the room's canonical alias. Raises 403, 404."""

        async def work(tx: Transaction) -> None:
            room = await self._registry.room(room_id, tx)
            if room is None:
                raise errors.not_found("There is no such room.")
            if not _may_set_alias(room, user_id):
                raise errors.forbidden("You do not have the power to publish this room.")
            await store.publish(tx, room_id, published)

        await self._database.write(work)

    async def list(self, query: PublishedQuery) -> tuple[list[Summary], int, int, int]:
        """One page of the published rooms, the largest first; where it starts, where the next starts, and how many
        there are in all."""
        found: list[Summary] = []
        for room_id in await store.published_rooms(self._database):
            room = await self._registry.room(room_id)
            if room is not None and room.joined:
                entry = summary(room)
                if _matches(entry, query.filter):
                    found.append(entry)
        found.sort(key=lambda entry: (-entry["num_joined_members"], entry["room_id"]))
        start = _offset(query.since)
        limit = min(query.limit or MAX_PAGE, MAX_PAGE)
        return found[start : start + limit], start, start + limit, len(found)

    async def _joined(self, user_id: str, room_id: str, tx: Transaction) -> None:
        room = await self._registry.room(room_id, tx)
        if room is None or user_id not in room.joined:
            raise errors.forbidden("You are not in this room.")


def _may_set_alias(room: Room, user_id: str) -> bool:
    power = power_in(room)
    return user_id in room.joined and power.user(user_id) >= power.event(ALIAS_EVENT, True)


def _matches(entry: Summary, wanted: PublishedFilter) -> bool:
    if wanted.room_types is not None and entry.get("room_type") not in wanted.room_types:
        return False
    if not wanted.generic_search_term:
        return True
    term = wanted.generic_search_term.casefold()
    return any(term in str(entry.get(name, "")).casefold() for name in ("name", "topic", "canonical_alias"))


def token(offset: int) -> str:
    """A place in the list. It begins with a letter because some clients take `0` for no token."""
    return f"p{offset}"


def _offset(since: str | None) -> int:
    if not since:
        return 0
    match = re.fullmatch("p([0-9]{1,12})", since)
    if match is None:
        raise errors.invalid_param("since is not a token of this server.")
    return int(match[1])
