"""Telling people: one message a step, on their first sync after the date and not before.

Client-Server API, module "Server Notices".
"""

import asyncio

from ...accounts.people.service import People
from ...core import errors, json
from ...core.clock import Clock
from ...core.dates import day_in_words
from ...core.json import JsonObject
from ...core.text import Texts
from ...policy.catalogue.service import Catalogues
from ...policy.decisions.service import DecisionService
from ...policy.gate.service import CACHED_PEOPLE, Gate
from ...policy.status import Place
from ...storage.database import CommitCache, Database, Transaction
from ..account_data.models import NOTICES
from ..account_data.service import AccountDataService
from ..rooms import store as room_store
from ..rooms.auth import Draft
from ..rooms.create import CreateRoom, empty_room, plan
from ..rooms.registry import RoomRegistry
from ..rooms.timeline import Timeline
from . import store
from .due import due
from .models import Notice

AT_ONCE = 4
"""Deliveries on the writer at any time: when a roll-out begins everybody is told, and others still want to send."""

_NOTICE_POWER: JsonObject = {"events_default": 50, "invite": 100, "state_default": 100, "users_default": -10}


class Notices:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        registry: RoomRegistry,
        timeline: Timeline,
        account_data: AccountDataService,
        people: People,
        gate: Gate,
        catalogues: Catalogues,
        decisions: DecisionService,
        texts: Texts,
        server_name: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._registry = registry
        self._timeline = timeline
        self._account_data = account_data
        self._people = people
        self._gate = gate
        self._catalogues = catalogues
        self._decisions = decisions
        self._texts = texts
        self._server_name = server_name
        self.sender = NOTICES + server_name
        """Nobody can have this name: a localpart that people choose does not begin with `_`."""
        self._seen: CommitCache[str, Place] = CommitCache(CACHED_PEOPLE)
        """The place of a person for which everything has been said."""
        self._rooms: CommitCache[str, str] = CommitCache(CACHED_PEOPLE)
        self._turn = asyncio.Semaphore(AT_ONCE)
        database.listen(lambda entries, own: None, self._rooms.clear)

    async def room_of(self, user_id: str) -> str | None:
        """The person's notices room, if they have been told anything yet."""
        return await self._rooms.load(user_id, lambda: store.room_of(self._database, user_id))

    async def may_leave(self, user_id: str, room_id: str) -> None:
        """For rooms: raises 403 `M_CANNOT_LEAVE_SERVER_NOTICE_ROOM`."""
        if await self.room_of(user_id) == room_id:
            raise errors.ApiError(
                403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM", "You cannot leave the room in which the server writes to you."
            )

    async def deliver(self, user_id: str, place: Place) -> None:
        """Write what the person, who syncs now, has to be told now. Costs nothing when there is nothing."""
        if place.mark == 0 or self._seen.get(user_id) is place:
            return
        if await self._due(user_id):
            async with self._turn:
                await self._database.write(lambda tx: self._deliver(tx, user_id))
        self._seen.fill(user_id, place)

    async def _due(self, user_id: str, tx: Transaction | None = None) -> list[Notice]:
        catalogue = await self._catalogues.now(tx)
        standing = await self._gate.compute(user_id, tx)
        taken_back = [rollout for rollout in catalogue.rollouts.values() if rollout.state == "rolled_back"]
        if not standing.asked and not taken_back:
            return []
        return due(
            [catalogue.rollouts[rollout_id] for rollout_id in standing.asked],
            taken_back,
            await self._gate.subject(user_id, tx),
            await self._decisions.of(user_id, tx),
            await store.told(tx or self._database, user_id),
            self._clock.ms(),
        )

    async def _deliver(self, tx: Transaction, user_id: str) -> None:
        account = await self._people.require_active(user_id, tx)
        locale = account.locale or "en"
        for notice in await self._due(user_id, tx):
            room_id = await store.room_of(tx, user_id) or await self._create(tx, user_id, locale)
            await self._append(
                tx, room_id, Draft(self.sender, "m.room.message", await self._content(notice, locale, tx))
            )
            store.add(tx, user_id, notice.told, self._clock.ms(), account.region)

    async def _content(self, notice: Notice, locale: str, tx: Transaction) -> JsonObject:
        catalogue = await self._catalogues.now(tx)
        terms = notice.rollout.terms
        names = catalogue.versions[terms.policy, terms.version].document.policy.names
        body = self._texts.get(
            locale,
            f"notice.{notice.text}",
            policy=names.get(locale) or next(iter(names.values())),
            address=self._gate.consent_uri,
            deadline=day_in_words(notice.deadline, locale) if notice.deadline else "",
            deletion=day_in_words(notice.deletion, locale) if notice.deletion else "",
        )
        return {
            "msgtype": "m.server_notice",
            "server_notice_type": f"org.palabre.policy.{notice.text}",
            "body": body,
            "org.palabre.policy": {"policy": terms.policy, "version": terms.version, "step": notice.told.step},
        }

    async def _create(self, tx: Transaction, user_id: str, locale: str) -> str:
        request = CreateRoom(
            name=self._texts.get(locale, "notice.room_name", server=self._server_name),
            topic=self._texts.get(locale, "notice.room_topic"),
            power_level_content_override=_NOTICE_POWER,
        )
        chosen = plan(request, self.sender, self._server_name, encrypt_private=False, alias=None)
        room_store.add_room(tx, chosen.room_id, chosen.version.id, self.sender, False, self._clock.ms())
        await self._timeline.append(tx, empty_room(chosen), chosen.create, event_id=chosen.create_event_id)
        name = self._texts.get(locale, "notice.sender_name", server=self._server_name)
        await self._append(tx, chosen.room_id, _member(self.sender, self.sender, "join", {"displayname": name}))
        for draft in chosen.state:
            await self._append(tx, chosen.room_id, draft)
        await self._append(tx, chosen.room_id, _member(self.sender, user_id, "invite", {}))
        await self._append(tx, chosen.room_id, _member(user_id, user_id, "join", {}))
        tags = json.encode({"tags": {"m.server_notice": {}}})
        await self._account_data.put_in(tx, user_id, chosen.room_id, "m.tag", tags)
        await store.set_room(tx, user_id, chosen.room_id)
        self._rooms.put(user_id, chosen.room_id, tx)
        return chosen.room_id

    async def _append(self, tx: Transaction, room_id: str, draft: Draft) -> None:
        room = await self._registry.room(room_id, tx)
        assert room is not None
        await self._timeline.append(tx, room, draft)

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Hook of accounts: nobody is there any more to be told anything."""
        await store.forget(tx, user_id)
        self._rooms.drop(user_id, tx)


def _member(sender: str, target: str, membership: str, profile: JsonObject) -> Draft:
    return Draft(sender, "m.room.member", {**profile, "membership": membership}, target)
