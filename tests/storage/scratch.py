"""A table of its own for the tests of storage, so that they do not depend on any domain's schema."""

from palabre.storage.database import Database, Transaction

INSERT = "INSERT INTO scratch (id, text) VALUES ($1, $2)"


async def create(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await tx.execute("CREATE TABLE scratch (id BIGINT PRIMARY KEY, text TEXT, data BYTEA)")

    await database.write(work)


async def ids(database: Database) -> list[int]:
    return [row[0] for row in await database.fetch("SELECT id FROM scratch ORDER BY id")]


async def put(database: Database, id_: int, text: str = "") -> int:
    """Insert a row with a line in the log; returns its position."""

    async def work(tx: Transaction) -> int:
        tx.defer(INSERT, id_, text)
        return tx.advance("scratch", str(id_))

    return await database.write(work)
