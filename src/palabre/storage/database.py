"""The interface every store is written against, and the group commit behind it.

SQL is written once, in PostgreSQL's form with numbered parameters (`$1`, `$2`, `= ANY($1)` with a Python
list). The SQLite backend translates those two things and nothing else, so a statement uses only what both
understand: `ON CONFLICT … DO UPDATE`, `RETURNING`, `LIMIT`, window functions. Columns are BIGINT, TEXT and
BYTEA (0/1 for truth).

**One writer.** Work that writes is a coroutine function given to `Database.write`. The writer takes all that
is queued, opens one transaction, locks the log's counter (on PostgreSQL that row lock makes it the only
writer of all processes), catches up with what other processes committed, runs each piece of work in turn,
commits once, and only then answers them all. So inside `work` the in-memory caches are exactly current,
positions can be given out at once, and a piece of work that raises undoes only itself.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import structlog

from .cache import CommitCache
from .transaction import Entry, Reader, Refused, Row, StorageError, Transaction, Unavailable, guarded

__all__ = [
    "CommitCache",
    "Database",
    "Entry",
    "Reader",
    "Refused",
    "Row",
    "StorageError",
    "Transaction",
    "Unavailable",
]

T = TypeVar("T")

log = structlog.get_logger()

MAX_BATCH = 512
KEPT_ENTRIES = 1_000_000
"""Newest entries of the log that stay for processes that have not read them (docs/decisions/0005-log-retention.md)."""
PRUNE_EVERY = 1_000


Work = Callable[[Transaction], Awaitable[T]]
Queued = tuple[Work[Any], "asyncio.Future[Any]"]
Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]
Listener = Callable[[list[Entry], bool], None]
Forget = Callable[[], None]


class Database(Reader):
    """Durable storage with group commit.

    `position` is the last position of the log this process has seen: everything up to it is committed and has
    been told to the listeners.
    """

    def __init__(self) -> None:
        self.position = 0
        self._queue: list[Queued] = []
        self._wake = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._closing = False
        self._listeners: list[tuple[Listener, Forget]] = []

    def listen(self, listener: Listener, forget: Forget) -> None:
        """Call `listener(entries, own)` after commits, in order; `own` is false for what others committed.

        `forget()` instead when this process was away for so long that the log no longer says what it missed: anything
        may have changed up to `position`, so nothing in memory may be believed.
        """
        self._listeners.append((listener, forget))

    async def write(self, work: Work[T]) -> T:
        """Run `work(tx)` in the next transaction and return its result when that is on disk.

        What `work` raises is raised here, and undoes only this work. `work` may be run again when a
        whole transaction failed, so it must not touch anything but `tx` and what it was given. Raises
        `Refused` when deferred rows cannot be stored, and `Unavailable` when the database is out of reach; the work may
        or may not be done then.
        """
        if self._closing:
            raise Unavailable("The server is shutting down.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append((work, future))
        self._wake.set()
        return await future

    # the life of a backend

    @abstractmethod
    async def start(self) -> None:
        """Open, check durability, migrate, start the writer. Raises `StorageError` in plain words."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what is queued, then close."""

    @abstractmethod
    async def catch_up(self) -> None:
        """Tell the listeners of all that any process had committed before this call. Not for use inside work."""

    @abstractmethod
    async def _transact(self, batch: list[Queued]) -> None:
        """Run a batch in one transaction; set results only after the commit.

        Raises `StorageError` when the whole batch must fail, anything else when works are worth trying alone.
        """

    def _announce(self, entries: list[Entry], own: bool) -> None:
        if not entries:
            return
        self.position = entries[-1].pos
        for listener, _ in self._listeners:
            guarded(listener, entries, own)

    def _announce_gap(self, position: int) -> None:
        """The entries up to `position` are gone before they were read."""
        log.warning("was away for longer than the log is kept: emptying all caches", missed=position - self.position)
        self.position = position
        for _, forget in self._listeners:
            guarded(forget)

    def _prune_before(self, tx: Transaction) -> int:
        """Entries before this position leave the log together with `tx`; 0 for all but one in many transactions."""
        if tx.position // PRUNE_EVERY == self.position // PRUNE_EVERY:
            return 0
        return max(0, tx.position - KEPT_ENTRIES)

    async def _run_batch(self, tx: Transaction, batch: Iterable[Queued]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for work, future in batch:
            if future.cancelled():
                continue
            try:
                outcomes.append((future, await tx.run_unit(work), None))
            except Exception as error:
                outcomes.append((future, None, error))
            if tx.failed is not None:
                raise tx.failed
        return outcomes

    async def _write_loop(self) -> None:
        while not (self._closing and not self._queue):
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                batch, self._queue = self._queue[:MAX_BATCH], self._queue[MAX_BATCH:]
                await self._commit(batch)

    async def _commit(self, batch: list[Queued]) -> None:
        """Run a batch; when the database refuses the whole, run its halves, and so on down to the culprit."""
        try:
            await self._transact(batch)
        except StorageError as error:
            log.warning("the database is out of reach", error=str(error), works=len(batch))
            for _, future in batch:
                if not future.done():
                    future.set_exception(Unavailable(str(error)))
        except Exception as error:
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._commit(batch[:middle])
                await self._commit(batch[middle:])
                return
            _, future = batch[0]
            if not future.done():
                refused = Refused(str(error))
                refused.__cause__ = error
                future.set_exception(refused)

    async def _stop_writer(self) -> None:
        """Let the writer finish what is queued, and end it."""
        self._closing = True
        self._wake.set()
        if self._writer is not None:
            await self._writer

    @staticmethod
    def _settle(outcomes: list[Outcome]) -> None:
        for future, result, error in outcomes:
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
