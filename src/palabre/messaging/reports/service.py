"""Reports of messages, rooms and people, kept for the operator. Client-server API, section "Reporting Content"."""

from ...core import errors, ids
from ...core.clock import Clock
from ...storage.database import Database, Transaction
from ..rooms import store as rooms
from ..rooms.registry import RoomRegistry
from ..rooms.service import People
from . import store
from .models import Report

MAX_REASON = 2000


class ReportService:
    def __init__(self, database: Database, registry: RoomRegistry, people: People, clock: Clock) -> None:
        self._database = database
        self._registry = registry
        self._people = people
        self._clock = clock

    async def event(self, reporter: str, room_id: str, event_id: str, reason: str | None, score: int | None) -> None:
        """Raises 404 `M_NOT_FOUND` unless the person is in the room and the event is there."""
        room = await self._registry.room(room_id)
        event = await rooms.event(self._database, room_id, event_id)
        if room is None or reporter not in room.joined or event is None:
            raise errors.not_found("There is no such event, or you are not in the room it is in.")
        if score is not None and not -100 <= score <= 0:
            raise errors.invalid_param("score must be between -100 and 0.")
        await self._add(reporter, room_id, event_id, event.sender, reason, score)

    async def room(self, reporter: str, room_id: str, reason: str) -> None:
        if await self._registry.room(room_id) is None:
            raise errors.not_found("There is no such room.")
        await self._add(reporter, room_id, None, None, reason)

    async def user(self, reporter: str, user_id: str, reason: str) -> None:
        if not await self._people.exists(user_id):
            raise errors.not_found("There is no such person on this server.")
        await self._add(reporter, None, None, user_id, reason)

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Hook of accounts."""
        if erase:
            await store.forget_reporter(tx, user_id)

    async def newest(self, before: int | None, limit: int) -> list[Report]:
        """The newest reports made before `before` (milliseconds; None: now)."""
        return await store.newest(self._database, self._clock.ms() + 1 if before is None else before, limit)

    async def _add(
        self,
        reporter: str,
        room_id: str | None,
        event_id: str | None,
        user_id: str | None,
        reason: str | None,
        score: int | None = None,
    ) -> None:
        if reason is not None and len(reason) > MAX_REASON:
            raise errors.invalid_param(f"A reason is at most {MAX_REASON} characters.")
        report = Report(ids.localpart(), reporter, self._clock.ms(), room_id, event_id, user_id, reason, score)

        async def work(tx: Transaction) -> None:
            store.add(tx, report)

        await self._database.write(work)
