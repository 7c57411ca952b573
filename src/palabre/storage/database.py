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
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import structlog

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
Row = Sequence[Any]

log = structlog.get_logger()

MAX_BATCH = 512

SAVEPOINT = "SAVEPOINT work"
ROLLBACK = "ROLLBACK TO SAVEPOINT work"
RELEASE = "RELEASE SAVEPOINT work"


class StorageError(Exception):
    """The database cannot be used as it is; the message says what to do about it."""


class Unavailable(StorageError):  # noqa: N818 (a state, named as HTTP names it)
    """The database is out of reach for now, and whether a write was carried out is not known. Try again."""


class Entry(NamedTuple):
    """One line of the log: at `pos`, something of kind `stream` changed for `key` (a room or user id)."""

    pos: int
    stream: str
    key: str


class Reader(ABC):
    """Something that answers queries: the database (committed data) or a transaction (its own view)."""

    @abstractmethod
    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        """All rows, as sequences in column order."""

    async def fetchrow(self, sql: str, *args: Any) -> Row | None:
        rows = await self.fetch(sql, *args)
        return rows[0] if rows else None

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row, or None."""
        rows = await self.fetch(sql, *args)
        return rows[0][0] if rows else None


class CommitCache(Generic[K, V]):
    """A least-recently-used cache that shows exactly what is committed.

    `put` and `drop` inside a transaction are seen by that transaction at once and by everybody else after the
    commit; a rolled-back piece of work leaves no trace. Values are treated as immutable: replace, never
    mutate.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[K, V] = OrderedDict()
        self._loading: dict[K, object] = {}

    def get(self, key: K, tx: "Transaction | None" = None) -> V | None:
        if tx is not None:
            staged = tx.staged(self, key)
            if staged is not _NOTHING:
                return staged  # type: ignore[no-any-return]
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: K, value: V, tx: "Transaction") -> None:
        tx.stage(self, key, value)

    def drop(self, key: K, tx: "Transaction") -> None:
        tx.stage(self, key, None)

    async def load(self, key: K, read: Callable[[], Awaitable[V | None]], tx: "Transaction | None" = None) -> V | None:
        """What `get` has, else what `read()` finds, remembered unless a commit changed it while it was being
        read.
        """
        value = self.get(key, tx)
        if value is not None or (tx is not None and tx.staged(self, key) is not _NOTHING):
            return value
        mark = self._loading[key] = object()
        try:
            value = await read()
        finally:
            unchanged = self._loading.get(key) is mark
            if unchanged:
                del self._loading[key]
        if unchanged and value is not None:
            self.fill(key, value)
        return value

    def fill(self, key: K, value: V) -> None:
        """Remember something read from committed data (never from inside a transaction that changed it).

        Nothing may have been awaited since the value was current, or a commit could be overwritten: see
        `load`.
        """
        self._loading.pop(key, None)
        self._entries[key] = value
        self._entries.move_to_end(key)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def forget(self, key: K) -> None:
        """Drop at once: another process changed it."""
        self._loading.pop(key, None)
        self._entries.pop(key, None)

    def clear(self) -> None:
        self._loading.clear()
        self._entries.clear()

    def settle(self, key: K, value: V | None) -> None:
        """Called by the commit."""
        if value is None:
            self.forget(key)
        else:
            self.fill(key, value)


_NOTHING: Any = object()


class Transaction(Reader):
    """What a piece of work writes with. All of it is on disk when `Database.write` returns, or none of it."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.entries: list[Entry] = []
        self._deferred: dict[str, list[tuple[Any, ...]]] = {}
        self._after: list[Callable[[], None]] = []
        self._staged: dict[tuple[int, Any], tuple[CommitCache[Any, Any], Any]] = {}
        self._unit_staged: dict[tuple[int, Any], tuple[CommitCache[Any, Any], Any]] = {}
        self._savepoint = False
        self.failed: Exception | None = None
        """Set when the transaction as a whole is lost, whichever work it showed in."""

    # what work uses

    def advance(self, stream: str, key: str) -> int:
        """Take the next position of the log, for a change of kind `stream` that concerns `key`, and return
        it.
        """
        self.position += 1
        self.entries.append(Entry(self.position, stream, key))
        return self.position

    def defer(self, sql: str, *args: Any) -> None:
        """Write later in this transaction, together with all rows of the same statement: the cheap way for
        inserts.

        Deferred statements run before any direct statement of the transaction, so reads see them. Those of
        one SQL text run in order; two different texts run in the order in which each was first used, so do
        not defer an insert, a delete and an insert of the same row.
        """
        rows = self._deferred.get(sql)
        if rows is None:
            rows = self._deferred[sql] = []
        rows.append(args)

    async def execute(self, sql: str, *args: Any) -> None:
        """Write now."""
        await self._direct()
        await self._run(sql, args)

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        await self._direct()
        return await self._run(sql, args)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run `call` when all of this is on disk; not at all if the work fails."""
        self._after.append(call)

    def stage(self, cache: CommitCache[Any, Any], key: Any, value: Any) -> None:
        self._unit_staged[(id(cache), key)] = (cache, value)

    def staged(self, cache: CommitCache[Any, Any], key: Any) -> Any:
        where = (id(cache), key)
        found = self._unit_staged.get(where) or self._staged.get(where)
        return _NOTHING if found is None else found[1]

    # what the writer uses

    @abstractmethod
    async def _run(self, sql: str, args: tuple[Any, ...]) -> list[Row]: ...

    @abstractmethod
    async def _run_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None: ...

    async def _control(self, command: str) -> None:
        """`SAVEPOINT`, `ROLLBACK` or `RELEASE`."""
        await self._run(command, ())

    async def _direct(self) -> None:
        """Before a direct statement: rows deferred by earlier work go in, and the work gets its savepoint."""
        if not self._savepoint:
            if self._outer_deferred:
                try:
                    await self._flush(self._outer_deferred)
                except Exception as error:
                    self.failed = error
                    raise
            await self._control(SAVEPOINT)
            self._savepoint = True
        if self._deferred:
            await self._flush(self._deferred)

    _outer_deferred: dict[str, list[tuple[Any, ...]]]

    async def _flush(self, deferred: dict[str, list[tuple[Any, ...]]]) -> None:
        for sql, rows in deferred.items():
            await self._run_many(sql, rows)
        deferred.clear()

    async def run_unit(self, work: "Callable[[Transaction], Awaitable[T]]") -> T:
        """Run one piece of work so that its failure leaves no trace."""
        position, entries, after = self.position, len(self.entries), len(self._after)
        self._outer_deferred, self._deferred = self._deferred, {}
        self._unit_staged = {}
        self._savepoint = False
        try:
            result = await work(self)
        except BaseException:
            self.position = position
            del self.entries[entries:]
            del self._after[after:]
            if self._savepoint:
                await self._control(ROLLBACK)
                await self._control(RELEASE)
            self._deferred = self._outer_deferred
            self._unit_staged = {}
            raise
        if self._savepoint:
            await self._control(RELEASE)
        for sql, rows in self._deferred.items():
            self._outer_deferred.setdefault(sql, []).extend(rows)
        self._deferred = self._outer_deferred
        self._staged.update(self._unit_staged)
        self._unit_staged = {}
        return result

    async def finish(self) -> None:
        """Write what is still deferred. The backend then advances the counter and commits."""
        await self._flush(self._deferred)

    def settle(self) -> None:
        """After the commit: caches show the new values, then listeners run. Never raises: all is on disk."""
        for (_, key), (cache, value) in self._staged.items():
            cache.settle(key, value)
        for call in self._after:
            _guarded(call)


def _guarded(call: Callable[..., None], *args: Any) -> None:
    """What follows a commit must not make it look failed."""
    try:
        call(*args)
    except Exception:
        log.exception("a listener failed")


Work = Callable[[Transaction], Awaitable[T]]
Queued = tuple[Work[Any], "asyncio.Future[Any]"]
Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]
Listener = Callable[[list[Entry], bool], None]


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
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call `listener(entries, own)` after commits, in order; `own` is false for what others committed."""
        self._listeners.append(listener)

    async def write(self, work: Work[T]) -> T:
        """Run `work(tx)` in the next transaction and return its result when that is on disk.

        What `work` raises is raised here, and undoes only this work. `work` may be run a second time when a
        whole transaction failed, so it must not touch anything but `tx` and what it was given. Raises
        `Unavailable` when the database is out of reach; the work may or may not be done then.
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
        """Read what other processes have committed and tell the listeners. Does nothing on SQLite."""

    @abstractmethod
    async def _transact(self, batch: list[Queued]) -> None:
        """Run a batch in one transaction; set results only after the commit.

        Raises `StorageError` when the whole batch must fail, anything else when works are worth trying alone.
        """

    def _announce(self, entries: list[Entry], own: bool) -> None:
        if not entries:
            return
        self.position = entries[-1].pos
        for listener in self._listeners:
            _guarded(listener, entries, own)

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
        """Run a batch; when the database refuses the whole, run its works one by one to find the culprit."""
        try:
            await self._transact(batch)
        except StorageError as error:
            log.warning("the database is out of reach", error=str(error), works=len(batch))
            for _, future in batch:
                if not future.done():
                    future.set_exception(type(error)(str(error)))
        except Exception as error:
            if len(batch) > 1:
                for queued in batch:
                    await self._commit([queued])
                return
            log.exception("transaction failed")
            _, future = batch[0]
            if not future.done():
                future.set_exception(error)

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
