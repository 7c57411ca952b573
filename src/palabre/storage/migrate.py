"""Running the Alembic migrations, on either backend. Loaded only when there are any to run: see `storage.schema`."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine

from .schema import MIGRATIONS

Then = Callable[[Any], Awaitable[None]]

_ADVISORY_LOCK = 0x70616C6162726500
"""Held while migrating, so that of two processes that start together the second finds nothing to do."""


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Bring the schema behind `connection` to `revision`, in the caller's transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def migrate_sqlite(path: Path, revision: str = "head") -> None:
    # Its owner's only, and so are the files that SQLite lays beside it.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        upgrade(connection, revision)
    engine.dispose()


async def migrate_postgres(dsn: str, revision: str = "head", then: Then | None = None) -> None:
    """`then` runs in the same transaction, once the schema is there."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn), poolclass=sa.pool.NullPool
    )
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
        await connection.run_sync(upgrade, revision)
        if then is not None:
            raw = await connection.get_raw_connection()
            await then(raw.driver_connection)
    await engine.dispose()
