"""The rules of receipts: they only move forward, and a private one is seen by its owner alone."""

from collections import OrderedDict, deque

from ...core import errors, json
from ...core.clock import Clock
from ...storage.database import CommitCache, Database, Entry, Transaction
from ..account_data.service import AccountDataService
from ..rooms.registry import RoomRegistry
from . import store
from .models import FULLY_READ, PRIVATE, READ, UNTHREADED, Mine, Receipt

MAX_MINE = 200_000
MAX_TAILS = 20_000
TAIL = 256


class _Tail:
    """The receipts of a room that moved last: complete for every position after `start`."""

    __slots__ = ("receipts", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.receipts: deque[Receipt] = deque()


class ReceiptService:
    def __init__(
        self, database: Database, registry: RoomRegistry, account_data: AccountDataService, clock: Clock
    ) -> None:
        self._database = database
        self._registry = registry
        self._account_data = account_data
        self._clock = clock
        self._mine: CommitCache[tuple[str, str], Mine] = CommitCache(MAX_MINE)
        self._tails: OrderedDict[str, _Tail] = OrderedDict()
        self._foreign: dict[str, int] = {}
        """Room id to when another process last wrote a receipt there."""
        database.listen(self._on_commit, self._forget)

    # writing

    async def mark(self, user_id: str, room_id: str, marks: dict[str, str], thread_id: str = UNTHREADED) -> None:
        """Move receipts of the person: `marks` is the event for each type (`m.read`, `m.read.private`, `m.fully_read`).

        Raises 403 `M_FORBIDDEN` for somebody not in the room, 404 `M_NOT_FOUND` for an event that is not in it.
        """
        room = await self._registry.room(room_id)
        if room is None or user_id not in room.joined:
            raise errors.forbidden("You are not in this room.")
        places: dict[str, int] = {}
        for event_id in set(marks.values()):
            place = await store.place_of(self._database, room_id, event_id)
            if place is None:
                raise errors.not_found("There is no such event in this room.")
            places[event_id] = place
        mine = await self.of(user_id, room_id)
        receipts = {type_: event_id for type_, event_id in marks.items() if type_ != FULLY_READ}
        if FULLY_READ not in marks and not any(
            _moves(mine, type_, thread_id, places[event_id]) for type_, event_id in receipts.items()
        ):
            return

        async def work(tx: Transaction) -> None:
            for type_, event_id in receipts.items():
                await self._move(tx, user_id, room_id, type_, thread_id, event_id, places[event_id])
            if FULLY_READ in marks:
                await self._fully_read(tx, user_id, room_id, marks[FULLY_READ], places[marks[FULLY_READ]])

        await self._database.write(work)

    async def _move(
        self, tx: Transaction, user_id: str, room_id: str, type_: str, thread_id: str, event_id: str, event_pos: int
    ) -> None:
        mine = await self.of(user_id, room_id, tx)
        if not _moves(mine, type_, thread_id, event_pos):
            return
        pos = tx.advance("receipt", room_id)
        receipt = Receipt(pos, user_id, type_, thread_id, event_id, event_pos, self._clock.ms())
        store.put(tx, room_id, receipt)
        self._mine.put((user_id, room_id), mine.with_receipt(receipt), tx)
        tx.after_commit(lambda: self._append(room_id, receipt))

    async def _fully_read(self, tx: Transaction, user_id: str, room_id: str, event_id: str, event_pos: int) -> None:
        data = await self._account_data.of(user_id, tx)
        before = data.content(FULLY_READ, room_id).get("event_id")
        if isinstance(before, str):
            place = await store.place_of(tx, room_id, before)
            if place is not None and place >= event_pos:
                return
        await self._account_data.put_in(tx, user_id, room_id, FULLY_READ, json.encode({"event_id": event_id}))

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Hook of accounts: how far the person had read is nobody's business any more."""
        if erase:
            await store.forget(tx, user_id)

    # reading

    async def of(self, user_id: str, room_id: str, tx: Transaction | None = None) -> Mine:
        """The person's own receipts in a room."""
        key = (user_id, room_id)
        found = self._mine.get(key, tx)
        if found is not None:
            if self._foreign.get(room_id, 0) <= found.as_of:
                return found
            self._mine.forget(key)
        return await self._mine.load(key, lambda: self._read(key, tx), tx) or Mine(0, ())

    async def _read(self, key: tuple[str, str], tx: Transaction | None) -> Mine:
        position = self._database.position
        return Mine(position, await store.of(tx or self._database, *key))

    async def preload(self, user_id: str, room_ids: list[str]) -> None:
        """Read the person's receipts in all these rooms at once, for `of`."""

        async def read() -> dict[tuple[str, str], Mine]:
            position = self._database.position
            found = await store.everywhere(self._database, user_id)
            return {(user_id, room_id): Mine(position, tuple(found.get(room_id, ()))) for room_id in room_ids}

        await self._mine.load_many([(user_id, room_id) for room_id in room_ids], read)

    async def between(self, room_id: str, after: int, upto: int) -> list[Receipt]:
        """Receipts that moved with `after < pos <= upto`, oldest first: of each only where it is now."""
        tail = self._tails.get(room_id)
        if tail is None or after < tail.start:
            return await store.between(self._database, room_id, after, upto)
        found: dict[tuple[str, str, str], Receipt] = {}
        for receipt in reversed(tail.receipts):
            if receipt.pos <= after:
                break
            if receipt.pos <= upto:
                found.setdefault((receipt.user_id, receipt.type, receipt.thread_id), receipt)
        return list(reversed(found.values()))

    def _append(self, room_id: str, receipt: Receipt) -> None:
        tail = self._tails.get(room_id)
        if tail is None:
            tail = self._tails[room_id] = _Tail(receipt.pos - 1)
            if len(self._tails) > MAX_TAILS:
                self._tails.popitem(last=False)
        tail.receipts.append(receipt)
        if len(tail.receipts) > TAIL:
            tail.start = tail.receipts.popleft().pos

    def _forget(self) -> None:
        self._mine.clear()
        self._tails.clear()
        self._foreign.clear()

    def _on_commit(self, entries: list[Entry], own: bool) -> None:
        if not own:
            for pos, stream, key in entries:
                if stream == "receipt":
                    self._tails.pop(key, None)
                    self._foreign[key] = pos
            if len(self._foreign) > MAX_TAILS:
                self._mine.clear()
                self._foreign.clear()


def _moves(mine: Mine, type_: str, thread_id: str, event_pos: int) -> bool:
    before = mine.find(type_, thread_id)
    return before is None or before.event_pos < event_pos


RECEIPT_TYPES = frozenset((READ, PRIVATE, FULLY_READ))
