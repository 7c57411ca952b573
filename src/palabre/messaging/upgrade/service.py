"""Replacing a room by one of another version. Client-server API, section "Room Upgrades"."""

from typing import Any

from ...core import errors, ids
from ...core.clock import Clock
from ...core.json import JsonObject
from ...storage.database import Database, Transaction
from ..directory import store as directory
from ..rooms import store
from ..rooms.auth import Draft, authorise, creators, power_in
from ..rooms.create import is_user_id
from ..rooms.models import Room
from ..rooms.registry import RoomRegistry
from ..rooms.timeline import Timeline
from ..rooms.versions import VERSIONS, RoomVersion

COPIED = (
    "m.room.server_acl",
    "m.room.encryption",
    "m.room.name",
    "m.room.avatar",
    "m.room.topic",
    "m.room.history_visibility",
)


class UpgradeService:
    def __init__(
        self,
        database: Database,
        registry: RoomRegistry,
        timeline: Timeline,
        clock: Clock,
        server_name: str,
    ) -> None:
        self._database = database
        self._registry = registry
        self._timeline = timeline
        self._clock = clock
        self._server_name = server_name

    async def upgrade(self, user_id: str, room_id: str, new_version: str, more_creators: list[str]) -> str:
        """Make the replacement room, and close the old one; the id of the new room.

        Raises 400 `M_UNSUPPORTED_ROOM_VERSION`, 403 `M_FORBIDDEN` for who may not send `m.room.tombstone`, 404.
        """
        version = VERSIONS.get(new_version)
        if version is None:
            raise errors.ApiError(
                400, "M_UNSUPPORTED_ROOM_VERSION", "This server makes rooms of versions 1 to 12 only."
            )
        if not all(is_user_id(one) for one in more_creators):
            raise errors.invalid_param("additional_creators must be user ids.")
        create_id, tombstone_id = ids.event_id(), ids.event_id()
        new_id = "!" + create_id[1:] if version.privileged_creators else ids.room_id(self._server_name)
        content = {"body": "This room has been replaced.", "replacement_room": new_id}
        tombstone = Draft(user_id, "m.room.tombstone", content, "")

        async def work(tx: Transaction) -> None:
            old = await self._registry.room(room_id, tx)
            if old is None:
                raise errors.not_found("There is no such room.")
            authorise(old, tombstone)
            await self._timeline.append(tx, old, tombstone, event_id=tombstone_id)
            published = bool(await directory.published(tx, room_id))
            store.add_room(tx, new_id, version.id, user_id, published, self._clock.ms())
            create = Draft(user_id, "m.room.create", _create(old, user_id, version, more_creators, tombstone_id), "")
            empty = Room(new_id, version, {}, frozenset(), 0)
            await self._timeline.append(tx, empty, create, event_id=create_id)
            for draft in _copies(old, version, user_id):
                await self._append(tx, new_id, draft)
            await directory.publish(tx, room_id, False)
            await self._move_aliases(tx, old, new_id, user_id)
            power = await self._power_levels(tx, old, new_id, user_id)
            if power is not None:
                await self._append(tx, new_id, Draft(user_id, "m.room.power_levels", power, ""))
            await self._silence(tx, room_id, user_id)

        await self._database.write(work)
        return new_id

    async def _append(self, tx: Transaction, room_id: str, draft: Draft) -> None:
        room = await self._registry.room(room_id, tx)
        assert room is not None
        await self._timeline.append(tx, room, draft)

    async def _move_aliases(self, tx: Transaction, old: Room, new_id: str, user_id: str) -> None:
        await directory.move_aliases(tx, old.room_id, new_id)
        content = old.content("m.room.canonical_alias")
        if content:
            await self._append(tx, new_id, Draft(user_id, "m.room.canonical_alias", content, ""))
            await self._try(tx, old.room_id, Draft(user_id, "m.room.canonical_alias", {}, ""))

    async def _power_levels(self, tx: Transaction, old: Room, new_id: str, user_id: str) -> JsonObject | None:
        """The old power levels as the new version has them: its creators are not listed, or have at least 100."""
        event = old.get("m.room.power_levels")
        new = await self._registry.room(new_id, tx)
        if event is None or new is None:
            return None
        content: dict[str, Any] = dict(event.content)
        users = dict(content.get("users") or {})
        if new.version.privileged_creators:
            for creator in creators(new):
                users.pop(creator, None)
            events = dict(content.get("events") or {})
            events["m.room.tombstone"] = max(150, power_in(old).event("m.room.tombstone", True))
            content["events"] = events
        elif old.version.privileged_creators:
            users.update(dict.fromkeys(creators(old), 100))
        content["users"] = users
        if new.version.integer_power_levels and not old.version.integer_power_levels:
            content = _whole(content)
        return content

    async def _silence(self, tx: Transaction, room_id: str, user_id: str) -> None:
        """Nobody but moderators writes in the old room or invites to it any more."""
        old = await self._registry.room(room_id, tx)
        event = old.get("m.room.power_levels") if old is not None else None
        if old is None or event is None:
            return
        power = power_in(old)
        floor = max(50, power.named("users_default") + 1)
        raised = {name: max(floor, power.named(name)) for name in ("events_default", "invite")}
        await self._try(tx, room_id, Draft(user_id, "m.room.power_levels", {**event.content, **raised}, ""))

    async def _try(self, tx: Transaction, room_id: str, draft: Draft) -> None:
        """Append what the person may append, and leave what they may not."""
        room = await self._registry.room(room_id, tx)
        assert room is not None
        try:
            authorise(room, draft)
        except errors.ApiError:
            return
        await self._timeline.append(tx, room, draft)


def _create(old: Room, user_id: str, version: RoomVersion, more_creators: list[str], last: str) -> JsonObject:
    dropped = ("creator", "room_version", "predecessor", "additional_creators")
    content = {name: value for name, value in old.content("m.room.create").items() if name not in dropped}
    content["room_version"] = version.id
    content["predecessor"] = {"room_id": old.room_id, "event_id": last}
    if not version.implicit_creator:
        content["creator"] = user_id
    others = [one for one in dict.fromkeys(more_creators) if one != user_id]
    if version.privileged_creators and others:
        content["additional_creators"] = others
    return content


def _copies(old: Room, version: RoomVersion, user_id: str) -> list[Draft]:
    """The new room's first events after its creation: who upgrades joins, then the state that is carried over."""
    own = {name: value for name, value in old.content("m.room.member", user_id).items() if name != "reason"}
    own.pop("join_authorised_via_users_server", None)
    drafts = [Draft(user_id, "m.room.member", {**own, "membership": "join"}, user_id)]
    drafts += [Draft(user_id, kind, old.content(kind), "") for kind in COPIED if old.get(kind) is not None]
    guests = old.content("m.room.guest_access") or {"guest_access": "forbidden"}
    drafts.append(Draft(user_id, "m.room.guest_access", guests, ""))
    rules = old.content("m.room.join_rules")
    if rules:
        drafts.append(Draft(user_id, "m.room.join_rules", _join_rules(rules, version), ""))
    for (kind, key), event in old.state.items():
        child = kind == "m.space.child" and bool(event.content)
        if child or (kind == "m.room.member" and event.membership == "ban"):
            drafts.append(Draft(user_id, kind, event.content, key))
    return drafts


def _join_rules(rules: JsonObject, version: RoomVersion) -> JsonObject:
    """A rule that the version does not have becomes `invite`."""
    known = {
        "knock": version.knocking,
        "restricted": version.restricted_joins,
        "knock_restricted": version.knock_restricted,
    }
    return rules if known.get(str(rules.get("join_rule")), True) else {"join_rule": "invite"}


def _whole(value: Any) -> Any:
    """Power levels that are written as text, as numbers."""
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    return int(value) if isinstance(value, str) else value
