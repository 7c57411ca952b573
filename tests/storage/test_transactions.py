"""What a transaction promises, on both backends."""

from palabre.storage.database import Database, Transaction


async def test_write_is_read_back(database: Database) -> None:
    async def work(tx: Transaction) -> int:
        return tx.advance("room", "!a")

    assert await database.write(work) == 1
    assert await database.fetch("SELECT pos, stream, key FROM log") == [(1, "room", "!a")]
