"""The rules of rooms: making them, sending to them, and coming and going.

Every change is one piece of work on the writer: it reads the room as it is at that instant, so two people who act at
once are always judged one after the other.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from ...core import errors
from ...core.clock import Clock
from ...core.json import JsonObject
from ...http.request import Session
from ...storage.database import Database, Refused, Transaction
from . import store
from .auth import Draft, authorise, power_in
from .create import CreateRoom, empty_room, is_user_id, plan
from .models import Content, Event, Room, StateKey
from .registry import RoomRegistry
from .timeline import Timeline


class Preferences(Protocol):
    """What a person has set that decides about invitations; given by account data."""

    async def blocks_invites_from(self, user_id: str, sender: str) -> bool:
        """Whether `user_id` refuses invitations from `sender` (`m.invite_permission_config`, ignored users)."""
        ...

    async def add_direct(self, tx: Transaction, user_id: str, other: str, room_id: str) -> None:
        """Put the room into the person's `m.direct` account data."""
        ...


class People(Protocol):
    """What rooms need of accounts."""

    async def exists(self, user_id: str) -> bool: ...

    async def is_guest(self, user_id: str, tx: Transaction | None = None) -> bool: ...

    async def member_profile(self, user_id: str) -> JsonObject:
        """`displayname` and `avatar_url` as they go into a member event; absent when not set."""
        ...


_SPONSOR = "join_authorised_via_users_server"


class RoomService:
    def __init__(
        self,
        database: Database,
        registry: RoomRegistry,
        timeline: Timeline,
        people: People,
        preferences: Preferences,
        clock: Clock,
        server_name: str,
        *,
        encrypt_private: bool = True,
    ) -> None:
        self._database = database
        self._registry = registry
        self._timeline = timeline
        self._people = people
        self._preferences = preferences
        self._clock = clock
        self._server_name = server_name
        self._encrypt_private = encrypt_private
        self.may_leave: list[Callable[[str, str], Awaitable[None]]] = []
        """`(user_id, room_id)`: raises where somebody must stay."""
        self.on_forgotten: list[Callable[[Transaction, str, str], Awaitable[None]]] = []

    # reading

    async def room(self, room_id: str, tx: Transaction | None = None) -> Room:
        """Raises 404 `M_NOT_FOUND` when there is no such room."""
        room = await self._registry.room(room_id, tx)
        if room is None:
            raise errors.not_found("There is no such room.")
        return room

    async def joined_room(self, room_id: str, user_id: str, tx: Transaction | None = None) -> Room:
        """The room, for somebody in it. Raises 403 `M_FORBIDDEN` also for a room that does not exist."""
        room = await self._registry.room(room_id, tx)
        if room is None or user_id not in room.joined:
            raise errors.forbidden("You are not in this room.")
        return room

    async def joined_rooms(self, user_id: str) -> list[str]:
        return await self._registry.joined_rooms(user_id)

    async def readable_state(self, room_id: str, user_id: str) -> dict[StateKey, Event]:
        """The state that the person may read: now for who is in the room (or where the world may read it), and as it
        was when they left for who is not any more. Raises 403 `M_FORBIDDEN`.
        """
        room = await self._registry.room(room_id)
        if room is not None:
            if user_id in room.joined or room.history_visibility == "world_readable":
                return room.state
            mine = (await self._registry.rooms_of(user_id)).get(room_id)
            if mine is not None and not mine.forgotten and mine.membership in ("leave", "ban"):
                was_in = await store.state_history(self._database, room_id, "m.room.member", user_id)
                if any(event.membership == "join" for event in was_in):
                    events = await store.state_at(self._database, room_id, mine.since)
                    return {(event.type, event.state_key or ""): event for event in events}
        raise errors.forbidden("You are not in this room.")

    # making

    async def create(self, user_id: str, request: CreateRoom) -> str:
        """Make a room and return its id. Client-server API, `POST /createRoom`."""
        invited = list(dict.fromkeys(user for user in request.invite if user != user_id))
        await self._check_invitees(user_id, invited)
        alias = self._alias(request.room_alias_name)
        chosen = plan(request, user_id, self._server_name, encrypt_private=self._encrypt_private, alias=alias)
        profile = await self._people.member_profile(user_id)
        direct = request.is_direct and len(invited) == 1
        profiles = {user: await self._people.member_profile(user) for user in invited}

        async def work(tx: Transaction) -> None:
            if alias is not None:
                await store.claim_alias(tx, alias, chosen.room_id, user_id)
            published = request.visibility == "public"
            store.add_room(tx, chosen.room_id, chosen.version.id, user_id, published, self._clock.ms())
            first = empty_room(chosen)
            await self._timeline.append(tx, first, chosen.create, event_id=chosen.create_event_id)
            await self._append(tx, chosen.room_id, _member(user_id, user_id, "join", profile))
            for draft in chosen.state:
                await self._append(tx, chosen.room_id, draft)
            for other in invited:
                content = dict(profiles[other])
                if request.is_direct:
                    content["is_direct"] = True
                await self._append(tx, chosen.room_id, _member(user_id, other, "invite", content))
                if direct:
                    await self._append(tx, chosen.room_id, _member(other, other, "join", profiles[other]))
                    await self._preferences.add_direct(tx, other, user_id, chosen.room_id)

        await self._database.write(work)
        return chosen.room_id

    async def _check_invitees(self, sender: str, invited: list[str]) -> None:
        for other in invited:
            await self._check_invitee(sender, other)

    async def _check_invitee(self, sender: str, other: str) -> None:
        if not is_user_id(other):
            raise errors.invalid_param("An invitation needs a user id.")
        if not await self._people.exists(other):
            raise errors.not_found("There is no such person on this server.")
        if await self._preferences.blocks_invites_from(other, sender):
            raise errors.ApiError(403, "M_INVITE_BLOCKED", "This person does not take invitations.")

    def _alias(self, name: str | None) -> str | None:
        if name is None:
            return None
        if not name or any(sign in name for sign in ":#\x00") or name != name.strip():
            raise errors.invalid_param("A room alias has no colon, hash sign or space around it.")
        alias = f"#{name}:{self._server_name}"
        if len(alias.encode()) > 255:
            raise errors.invalid_param("The room alias is longer than 255 bytes.")
        return alias

    async def _append(self, tx: Transaction, room_id: str, draft: Draft) -> Event:
        return await self._timeline.append(tx, await self.room(room_id, tx), draft)

    # sending

    async def send(
        self,
        session: Session,
        room_id: str,
        event_type: str,
        content: Content,
        txn_id: str | None,
        ts: int | None = None,
    ) -> str:
        """Send a message event; the event id. The same transaction id gives the same event, for ever."""
        if event_type == "m.room.redaction":
            target = content.get("redacts")
            if not isinstance(target, str):
                raise errors.bad_json("A redaction needs redacts, the event id.")
            return await self.redact(session, room_id, target, content, txn_id)
        return await self._once(
            session,
            room_id,
            event_type,
            txn_id,
            lambda tx: self._send(tx, session, room_id, Draft(session.user_id, event_type, content, ts=ts), txn_id),
        )

    async def _send(self, tx: Transaction, session: Session, room_id: str, draft: Draft, txn_id: str | None) -> str:
        room = await self._registry.room(room_id, tx)
        if room is None:
            raise errors.forbidden("You are not in this room.")
        if txn_id is not None:
            draft.device_id, draft.txn_id = session.device_id, txn_id
        return (await self._timeline.append(tx, room, draft)).event_id

    async def _once(
        self,
        session: Session,
        room_id: str,
        event_type: str,
        txn_id: str | None,
        work: Callable[[Transaction], Awaitable[str]],
    ) -> str:
        """Run `work` unless the device already did it under this transaction id.

        The unique index on events decides; looking first only saves the trouble.
        """
        if txn_id is None:
            return await self._database.write(work)
        made = await self._made(session, room_id, event_type, txn_id)
        if made is not None:
            return made
        try:
            return await self._database.write(work)
        except (Refused, errors.ApiError):
            made = await self._made(session, room_id, event_type, txn_id)
            if made is None:
                raise
            return made

    async def _made(self, session: Session, room_id: str, event_type: str, txn_id: str) -> str | None:
        return await store.event_of_transaction(
            self._database, session.user_id, session.device_id, txn_id, room_id, event_type
        )

    async def send_state(
        self, session: Session, room_id: str, event_type: str, state_key: str, content: Content, ts: int | None = None
    ) -> str:
        """Set a piece of state; the event id. Setting what is already so makes no new event."""
        if event_type == "m.room.member":
            return await self._send_member(session, room_id, state_key, content)
        if event_type == "m.room.canonical_alias":
            await self._check_aliases(room_id, content)
        without_guests = event_type == "m.room.guest_access" and content.get("guest_access") != "can_join"
        known = await self._guests(room_id) if without_guests else {}

        async def work(tx: Transaction) -> str:
            room = await self._registry.room(room_id, tx)
            if room is None:
                raise errors.forbidden("You are not in this room.")
            draft = Draft(session.user_id, event_type, content, state_key, ts=ts)
            before = room.get(event_type, state_key)
            if before is not None and before.sender == session.user_id and before.content == content:
                authorise(room, draft)
                return before.event_id
            event = await self._timeline.append(tx, room, draft)
            if without_guests:
                await self._dismiss_guests(tx, room, known)
            return event.event_id

        return await self._database.write(work)

    async def _guests(self, room_id: str) -> dict[str, bool]:
        """Who of the room is a guest, found out before the writer is held up by it."""
        room = await self._registry.room(room_id)
        return {user_id: await self._people.is_guest(user_id) for user_id in room.joined} if room is not None else {}

    async def _dismiss_guests(self, tx: Transaction, room: Room, known: dict[str, bool]) -> None:
        """Section "Guest Access": who is in the room as a guest leaves it when it takes none any more."""
        for user_id in room.joined:
            is_guest = known[user_id] if user_id in known else await self._people.is_guest(user_id, tx)
            if is_guest:
                await self._append(tx, room.room_id, _member(user_id, user_id, "leave", {}))

    async def _send_member(self, session: Session, room_id: str, target: str, content: Content) -> str:
        """A membership set as state goes the same ways, and past the same checks, as its own endpoint."""
        body = {name: value for name, value in content.items() if name != _SPONSOR}
        if body.get("membership") == "invite":
            await self._check_invitee(session.user_id, target)
        elif body.get("membership") == "join" and target == session.user_id:
            return await self._join(target, room_id, body)
        elif body.get("membership") == "leave" and target == session.user_id:
            await self._check_leaving(target, room_id)
        return await self._database.write(
            lambda tx: self._member_event(tx, room_id, Draft(session.user_id, "m.room.member", body, target))
        )

    async def _check_aliases(self, room_id: str, content: Content) -> None:
        """Section "m.room.canonical_alias": every alias listed must exist and point to the room."""
        room = await self.room(room_id)
        before = room.content("m.room.canonical_alias")
        others = before.get("alt_aliases")
        known = [before.get("alias"), *(others if isinstance(others, list) else [])]
        listed = content.get("alt_aliases", [])
        if not isinstance(listed, list):
            raise errors.bad_json("alt_aliases must be a list.")
        for alias in [content.get("alias"), *listed]:
            if alias is None or alias == "" or alias in known:
                continue
            if not isinstance(alias, str) or not alias.startswith("#") or ":" not in alias:
                raise errors.invalid_param("This is not a room alias.")
            if await store.room_of_alias(self._database, alias) != room_id:
                raise errors.ApiError(400, "M_BAD_ALIAS", f"{alias} does not point to this room.")

    async def redact(self, session: Session, room_id: str, event_id: str, content: Content, txn_id: str | None) -> str:
        """Redact an event: one's own, or with the power to redact (section "Redactions")."""

        async def work(tx: Transaction) -> str:
            room = await self.room(room_id, tx)
            target = await store.event(tx, room_id, event_id)
            if target is None:
                if await store.room_of_event(tx, event_id) is not None:
                    raise errors.invalid_param("This event is in another room.")
                raise errors.not_found("There is no such event.")
            power = power_in(room)
            if target.sender != session.user_id and power.user(session.user_id) < power.named("redact"):
                raise errors.forbidden("You do not have the power to redact other people's events here.")
            if target.type == "m.room.create":
                raise errors.forbidden("The creation of a room cannot be redacted.")
            in_content = room.version.redacts_in_content
            body = (
                {**content, "redacts": event_id} if in_content else {k: v for k, v in content.items() if k != "redacts"}
            )
            draft = Draft(session.user_id, "m.room.redaction", body, redacts=event_id)
            if txn_id is not None:
                draft.device_id, draft.txn_id = session.device_id, txn_id
            redaction = await self._timeline.append(tx, room, draft)
            await self._timeline.redact(tx, room, target, redaction)
            return redaction.event_id

        return await self._once(session, room_id, "m.room.redaction", txn_id, work)

    # coming and going

    async def join(self, user_id: str, room_id: str, content: Content | None = None) -> None:
        """Join a room (section "Joining rooms"), by invitation, by its join rule, or where one already is."""
        room = await self.room(room_id)
        if user_id not in room.joined:
            await self._join(user_id, room_id, {**(content or {}), **await self._people.member_profile(user_id)})

    async def _join(self, user_id: str, room_id: str, content: Content) -> str:
        """Who authorised the join of a restricted room is the server's to say, not the client's."""
        body = {name: value for name, value in content.items() if name != _SPONSOR}
        body["membership"] = "join"
        guest = await self._people.is_guest(user_id)

        async def work(tx: Transaction) -> str:
            room = await self.room(room_id, tx)
            if guest and room.text("m.room.guest_access", "guest_access") != "can_join":
                raise errors.ApiError(403, "M_GUEST_ACCESS_FORBIDDEN", "This room does not take guests.")
            sponsor = await self._sponsor(tx, room, user_id) if user_id not in room.joined else None
            with_sponsor = body if sponsor is None else {**body, _SPONSOR: sponsor}
            return await self._member_event(tx, room_id, Draft(user_id, "m.room.member", with_sponsor, user_id))

        return await self._database.write(work)

    async def _sponsor(self, tx: Transaction, room: Room, user_id: str) -> str | None:
        """For a restricted room: somebody in it with the power to invite, when the person meets a condition."""
        if room.join_rule not in ("restricted", "knock_restricted") or room.membership(user_id) == "invite":
            return None
        mine = await self._registry.rooms_of(user_id, tx)
        allow = room.content("m.room.join_rules").get("allow")
        for condition in allow if isinstance(allow, list) else []:
            if not isinstance(condition, dict) or condition.get("type") != "m.room_membership":
                continue
            member = mine.get(str(condition.get("room_id")))
            if member is not None and member.membership == "join":
                power = power_in(room)
                needed = power.named("invite")
                return next((one for one in room.joined if power.user(one) >= needed), None)
        return None

    async def invite(self, sender: str, room_id: str, target: str, reason: str | None = None) -> None:
        await self._check_invitee(sender, target)
        content = await self._people.member_profile(target)
        await self._set_member(room_id, _member(sender, target, "invite", content, reason))

    async def knock(self, user_id: str, room_id: str, reason: str | None = None) -> None:
        content = await self._people.member_profile(user_id)
        await self._set_member(room_id, _member(user_id, user_id, "knock", content, reason))

    async def leave(self, user_id: str, room_id: str, reason: str | None = None) -> None:
        """Leave, or refuse an invitation, or take back a knock. Having left already is no error."""
        await self._check_leaving(user_id, room_id)

        async def work(tx: Transaction) -> None:
            room = await self._registry.room(room_id, tx)
            mine = (await self._registry.rooms_of(user_id, tx)).get(room_id)
            if room is None or mine is None:
                raise errors.forbidden("You are not in this room.")
            if mine.membership != "leave":
                await self._timeline.append(tx, room, _member(user_id, user_id, "leave", {}, reason))

        await self._database.write(work)

    async def _check_leaving(self, user_id: str, room_id: str) -> None:
        for check in self.may_leave:
            await check(user_id, room_id)

    async def kick(self, sender: str, room_id: str, target: str, reason: str | None = None) -> None:
        async def work(tx: Transaction) -> None:
            room = await self.room(room_id, tx)
            if room.membership(target) not in ("join", "invite", "knock"):
                raise errors.forbidden("This person is not in the room.")
            await self._timeline.append(tx, room, _member(sender, target, "leave", {}, reason))

        await self._database.write(work)

    async def ban(self, sender: str, room_id: str, target: str, reason: str | None = None) -> None:
        if not is_user_id(target):
            raise errors.invalid_param("A ban needs a user id.")
        await self._set_member(room_id, _member(sender, target, "ban", {}, reason))

    async def unban(self, sender: str, room_id: str, target: str, reason: str | None = None) -> None:
        async def work(tx: Transaction) -> None:
            room = await self.room(room_id, tx)
            if room.membership(target) != "ban":
                raise errors.forbidden("This person is not banned.")
            await self._timeline.append(tx, room, _member(sender, target, "leave", {}, reason))

        await self._database.write(work)

    async def _set_member(self, room_id: str, draft: Draft) -> None:
        await self._database.write(lambda tx: self._member_event(tx, room_id, draft))

    async def _member_event(self, tx: Transaction, room_id: str, draft: Draft) -> str:
        room = await self.room(room_id, tx)
        before = room.get("m.room.member", draft.state_key or "")
        if before is not None and before.sender == draft.sender and before.content == draft.content:
            authorise(room, draft)
            return before.event_id
        return (await self._timeline.append(tx, room, draft)).event_id

    async def forget(self, user_id: str, room_id: str) -> None:
        """Drop a left room from the person's history (section "Leaving rooms")."""

        async def work(tx: Transaction) -> None:
            await self.room(room_id, tx)
            mine = (await self._registry.rooms_of(user_id, tx)).get(room_id)
            if mine is not None and mine.membership in ("join", "invite", "knock"):
                raise errors.ApiError(400, "M_UNKNOWN", "Leave the room before you forget it.")
            if mine is not None:
                await self._registry.forget(user_id, room_id, mine, tx)
                for hook in self.on_forgotten:
                    await hook(tx, user_id, room_id)

        await self._database.write(work)

    # for other domains

    async def profile_changed(self, tx: Transaction, user_id: str, field: str, old: Any, new: Any) -> None:
        """Put the person's new name or picture into every room they are in (section "Profiles")."""
        if field not in ("displayname", "avatar_url"):
            return
        for room_id, mine in (await self._registry.rooms_of(user_id, tx)).items():
            if mine.membership != "join":
                continue
            room = await self.room(room_id, tx)
            kept = room.content("m.room.member", user_id)
            content = {name: value for name, value in kept.items() if name not in (field, "reason")}
            if new is not None:
                content[field] = new
            if content != kept:
                await self._timeline.append(tx, room, Draft(user_id, "m.room.member", content, user_id))

    async def leave_all(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Leave every room, refuse every invitation: the account is gone."""
        for room_id, mine in (await self._registry.rooms_of(user_id, tx)).items():
            if mine.membership in ("join", "invite", "knock"):
                await self._append(tx, room_id, _member(user_id, user_id, "leave", {}))


def _member(sender: str, target: str, membership: str, profile: JsonObject, reason: str | None = None) -> Draft:
    content: JsonObject = {**profile, "membership": membership}
    if reason is not None:
        content["reason"] = reason
    return Draft(sender, "m.room.member", content, target)
