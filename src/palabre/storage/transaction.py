"""What a piece of work writes with, and how its failure is kept to itself."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import structlog

from .cache import NOTHING, CommitCache

T = TypeVar("T")
Row = Sequence[Any]

log = structlog.get_logger()

SAVEPOINT = "SAVEPOINT work"
ROLLBACK = "ROLLBACK TO SAVEPOINT work"
RELEASE = "RELEASE SAVEPOINT work"


class StorageError(Exception):
    """The database cannot be used as it is; the message says what to do about it."""


class Refused(StorageError):  # noqa: N818 (a state, not a mistake)
    """The database does not take what this work wrote: a unique value that exists, a value of the wrong kind."""


class Unavailable(StorageError):  # noqa: N818 (as above)
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
        return NOTHING if found is None else found[1]

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
            try:
                await self._flush(self._deferred)
            except Exception as error:
                raise Refused(str(error)) from error

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
            guarded(call)


def guarded(call: Callable[..., None], *args: Any) -> None:
    """What follows a commit must not make it look failed."""
    try:
        call(*args)
    except Exception:
        log.exception("a listener failed")
