"""The backend for several processes: PostgreSQL, one writer at a time, reads from a pool.

The writer's transaction begins by locking the one row of `log_position`, and holds it until the commit:
positions become visible in order, and works of all processes run one after another. What a batch costs is
round trips, so statements are prepared once, deferred rows travel together, and the log and its counter are
one statement.

What other processes commit is read from the log: on a hint from the bus, once a second anyway, and always at
the start of this process's own transactions, before any work runs.
"""

import asyncio
import contextlib
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import structlog

from ..bus import Bus
from .database import Database, Entry, Queued, Row, StorageError, Transaction, Unavailable
from .schema import VERSION, is_current
from .transaction import RELEASE, guarded

log = structlog.get_logger()

POLL_SECONDS = 1.0
_READERS = 8
_LOG_CHUNK = 10_000
_CONNECT_SECONDS = 10
_BACKOFF_SECONDS = (0.1, 5.0)

_SETTINGS = {"application_name": "palabre", "jit": "off", "statement_timeout": "60s"}
_READER_SETTINGS = _SETTINGS | {"default_transaction_read_only": "on"}
_WRITER_SETTINGS = _SETTINGS | {
    # A process that is stopped or cut off while it holds the log's row must not stop the others for good: the
    # first two free the row, the last turns waiting for it into an error that clients can retry.
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "10",
    "lock_timeout": "20s",
}

_NEWS = "SELECT pos, stream, key FROM log WHERE pos > $1 ORDER BY pos LIMIT $2"
_POSITION = "SELECT pos FROM log_position"
_LOCK = f"{_POSITION} FOR UPDATE"
_PRUNE = "DELETE FROM log WHERE pos < $1"
_LOG = """
    WITH counter AS (UPDATE log_position SET pos = $4)
    INSERT INTO log (pos, stream, key) SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])
"""

_LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""Errors that say nothing about the statement: the server is away, going away, out of room, or a standby by now."""


def _is_lost(error: BaseException) -> bool:
    """`asyncpg.DataError` is an InterfaceError too, and is the statement's fault."""
    return isinstance(error, _LOST) and not isinstance(error, asyncpg.DataError)


class PostgresTransaction(Transaction):
    def __init__(self, connection: asyncpg.Connection, position: int) -> None:
        super().__init__(position)
        self._connection = connection
        self._release_first = False

    async def _run(self, sql: str, args: tuple[Any, ...]) -> list[Row]:
        rows: list[Row] = await self._connection.fetch(sql, *args)
        return rows

    async def _run_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        if len(rows) == 1:
            await self._connection.fetch(sql, *rows[0])
        else:
            await self._connection.executemany(sql, rows)

    async def _control(self, command: str) -> None:
        """A release waits for the next savepoint, and travels with it; the commit releases the last."""
        if command == RELEASE:
            self._release_first = True
            return
        if self._release_first:
            self._release_first = False
            command = f"{RELEASE}; {command}"
        await self._connection.execute(command)


class PostgresDatabase(Database):
    """Storage shared by any number of processes. `dsn` is `postgresql://user:password@host:port/database`.

    `bus` must be started and closed by whoever made it.
    """

    def __init__(self, dsn: str, bus: Bus) -> None:
        super().__init__()
        self._dsn = dsn
        self._bus = bus
        self._pool: asyncpg.Pool | None = None
        self._connection: asyncpg.Connection | None = None
        self._backoff = 0.0
        self._retry_at = 0.0
        self._idle = asyncio.Event()
        self._idle.set()
        """Not set while this process holds the log's row: nobody else can commit then, and what is new is its own."""
        self._news = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None

    async def start(self) -> None:
        try:
            connection = await self._connect()
            await self._migrate(connection)
            self.position = await connection.fetchval(_POSITION)
            self._pool = await asyncpg.create_pool(
                self._dsn,
                min_size=1,
                max_size=_READERS,
                timeout=_CONNECT_SECONDS,
                server_settings=_READER_SETTINGS,
                reset=_keep,
            )
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StorageError(f"PostgreSQL at {_where(self._dsn)} cannot be used: {error or repr(error)}") from error
        self._bus.subscribe(self._hint)
        self._writer = asyncio.create_task(self._write_loop())
        self._follower = asyncio.create_task(self._follow())

    async def close(self) -> None:
        if self._writer is not None:
            await self._stop_writer()
            self._writer = None
        if self._follower is not None:
            self._follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._follower
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), 5)
            except TimeoutError:
                self._pool.terminate()
        await self._disconnect()

    async def _migrate(self, connection: asyncpg.Connection) -> None:
        try:
            version = await connection.fetchval(VERSION)
        except asyncpg.UndefinedTableError:  # a new database
            version = None
        if not is_current(version):
            from .migrate import migrate_postgres

            await migrate_postgres(self._dsn)

    # reading

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        """Raises `Unavailable` when PostgreSQL cannot be reached."""
        assert self._pool is not None
        for attempt in (1, 2):
            try:
                rows: list[Row] = await self._pool.fetch(sql, *args)
            except Exception as error:
                if not _is_lost(error):
                    raise
                # The pool's connection may have died while it lay unused, and a read can be made again.
                if attempt == 2:
                    raise Unavailable("PostgreSQL cannot be reached.") from error
            else:
                return rows
        raise AssertionError("unreachable")

    # what other processes commit

    def _hint(self, first: int, last: int) -> None:
        if last > self.position:
            self._news.set()

    async def _follow(self) -> None:
        """Catch up on a hint, and every `POLL_SECONDS` whether there was one or not."""
        reachable = True
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), POLL_SECONDS)
            self._news.clear()
            try:
                while not await self._look():
                    pass
            except Exception as error:
                if reachable:
                    log.warning("cannot read what other processes wrote", error=repr(error))
                reachable = False
                await asyncio.sleep(POLL_SECONDS)
            else:
                reachable = True

    async def catch_up(self) -> None:
        target: int = await self.fetchval(_POSITION)
        while self.position < target:
            await self._look(target)

    async def _look(self, target: int = 0) -> bool:
        """Tell what is new in the log; whether that was all of it. It reaches to `target` at least."""
        await self._idle.wait()
        rows = await self.fetch(_NEWS, self.position, _LOG_CHUNK)
        if not self._idle.is_set():
            return False
        self._announce_foreign(rows, target)
        return len(rows) < _LOG_CHUNK

    def _announce_foreign(self, rows: list[Row], target: int) -> None:
        """The writer may have been here while the rows were read: tell only what is still news.

        Positions have no holes, so what is missing before the first row, or up to `target` where there is none, was
        pruned.
        """
        entries = [Entry(*row) for row in rows if row[0] > self.position]
        if entries:
            target = entries[0].pos - 1
        if self.position < target and (entries or not rows):
            self._announce_gap(target)
        if entries:
            self._announce(entries, False)

    # writing

    async def _connect(self) -> asyncpg.Connection:
        """The writer's connection, made anew when it is lost; at growing intervals while that fails."""
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        loop = asyncio.get_running_loop()
        if loop.time() < self._retry_at:
            raise Unavailable("PostgreSQL cannot be reached.")
        least, most = _BACKOFF_SECONDS
        self._backoff = min(max(self._backoff * 2, least), most)
        self._retry_at = loop.time() + self._backoff
        await self._disconnect()
        connection = await asyncpg.connect(
            self._dsn, timeout=_CONNECT_SECONDS, server_settings=_WRITER_SETTINGS, command_timeout=90
        )
        try:
            await _check_durability(connection)
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection
        self._backoff = self._retry_at = 0.0
        return connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            try:
                await connection.close(timeout=5)
            except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError):
                connection.terminate()

    async def _transact(self, batch: list[Queued]) -> None:
        try:
            connection = await self._connect()
            await self._transact_on(connection, batch)
        except Exception as error:
            if _is_lost(error):
                # Whatever was sent last may or may not have been carried out, the commit too. Nobody is told
                # that it was; if it was, the log says so and the follower reads it there.
                if self._connection is not None:
                    self._connection.terminate()
                raise Unavailable("PostgreSQL was lost in the middle of a write. Try again.") from error
            raise

    async def _transact_on(self, connection: asyncpg.Connection, batch: list[Queued]) -> None:
        try:
            await connection.execute("BEGIN")
            position = await connection.fetchval(_LOCK)
            self._idle.clear()
            while self.position < position:
                self._announce_foreign(await connection.fetch(_NEWS, self.position, _LOG_CHUNK), position)
            tx = PostgresTransaction(connection, position)
            outcomes = await self._run_batch(tx, batch)
            await tx.finish()
            if tx.entries:
                positions, streams, keys = zip(*tx.entries, strict=True)
                await connection.execute(_LOG, positions, streams, keys, tx.position)
                if before := self._prune_before(tx):
                    await connection.execute(_PRUNE, before)
            if await connection.execute("COMMIT") != "COMMIT":
                raise RuntimeError("PostgreSQL rolled the transaction back instead of committing it")
            tx.settle()
            self._announce(tx.entries, True)
        except BaseException as error:
            if not _is_lost(error) and not connection.is_closed():
                await connection.execute("ROLLBACK")
            raise
        finally:
            self._idle.set()
        if tx.entries:
            guarded(self._bus.publish, tx.entries[0].pos, tx.entries[-1].pos)
        self._settle(outcomes)


async def _keep(connection: asyncpg.Connection) -> None:
    """Instead of the pool's clean-up after each query, a round trip: readers leave nothing behind."""


async def _check_durability(connection: asyncpg.Connection) -> None:
    """Raises `StorageError` where PostgreSQL is set to lose what it has acknowledged."""
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if await connection.fetchval("SELECT current_setting($1)", name) == "off":
            raise StorageError(f"PostgreSQL runs with {name}=off: messages could be lost. Set it to on and restart it.")


def _where(dsn: str) -> str:
    """The address without user and password, for messages."""
    parts = urlsplit(dsn)
    return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
