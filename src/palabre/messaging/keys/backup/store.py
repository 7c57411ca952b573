"""The SQL of key backups."""

from ....core.json import decode, encode
from ....storage.database import Reader, Row, Transaction
from .models import KeyData, Place, Version

_VERSION = "version, algorithm, auth_data, etag, count"
_KEY = "room_id, session_id, first_message_index, forwarded_count, is_verified, session_data"
_ADD_VERSION = """
INSERT INTO key_backups (user_id, version, algorithm, auth_data, etag, count, deleted)
VALUES ($1, $2, $3, $4, 0, 0, 0)
"""
_SET_KEY = """
INSERT INTO backed_up_keys (user_id, version, room_id, session_id,
    first_message_index, forwarded_count, is_verified, session_data)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (user_id, version, room_id, session_id) DO UPDATE SET
    first_message_index = excluded.first_message_index, forwarded_count = excluded.forwarded_count,
    is_verified = excluded.is_verified, session_data = excluded.session_data
"""


def _version(row: Row | None) -> Version | None:
    if row is None:
        return None
    return Version(str(row[0]), row[1], decode(bytes(row[2]), object), str(row[3]), row[4])


def _keys(rows: list[Row]) -> dict[tuple[str, str], KeyData]:
    return {(row[0], row[1]): KeyData(row[2], row[3], bool(row[4]), decode(bytes(row[5]), dict | str)) for row in rows}


async def version(reader: Reader, user_id: str, number: int) -> Version | None:
    return _version(
        await reader.fetchrow(
            f"SELECT {_VERSION} FROM key_backups WHERE user_id = $1 AND version = $2 AND deleted = 0", user_id, number
        )
    )


async def current_version(reader: Reader, user_id: str) -> Version | None:
    """The newest that is not deleted."""
    return _version(
        await reader.fetchrow(
            f"SELECT {_VERSION} FROM key_backups WHERE user_id = $1 AND deleted = 0 ORDER BY version DESC LIMIT 1",
            user_id,
        )
    )


async def last_number(reader: Reader, user_id: str) -> int:
    """The highest version number the person ever had, deleted ones too."""
    number: int | None = await reader.fetchval("SELECT MAX(version) FROM key_backups WHERE user_id = $1", user_id)
    return number or 0


async def add_version(tx: Transaction, user_id: str, number: int, algorithm: str, auth_data: object) -> None:
    await tx.execute(_ADD_VERSION, user_id, number, algorithm, encode(auth_data))


async def set_auth_data(tx: Transaction, user_id: str, number: int, auth_data: object) -> None:
    await tx.execute(
        "UPDATE key_backups SET auth_data = $3 WHERE user_id = $1 AND version = $2", user_id, number, encode(auth_data)
    )


async def set_count(tx: Transaction, user_id: str, number: int, count: int, etag: int) -> None:
    await tx.execute(
        "UPDATE key_backups SET count = $3, etag = $4 WHERE user_id = $1 AND version = $2", user_id, number, count, etag
    )


async def delete_version(tx: Transaction, user_id: str, number: int) -> None:
    """Its number stays taken, so that no client mistakes a later backup for it."""
    await tx.execute(
        "UPDATE key_backups SET deleted = 1, auth_data = $3, count = 0 WHERE user_id = $1 AND version = $2",
        user_id,
        number,
        b"{}",
    )
    await delete_keys(tx, user_id, number, Place())


async def keys_at(reader: Reader, user_id: str, number: int, place: Place) -> dict[tuple[str, str], KeyData]:
    """(room id, session id) to key."""
    where, args = _where(place)
    return _keys(
        await reader.fetch(
            f"SELECT {_KEY} FROM backed_up_keys WHERE user_id = $1 AND version = $2{where}", user_id, number, *args
        )
    )


async def keys_among(
    reader: Reader, user_id: str, number: int, names: list[tuple[str, str]]
) -> dict[tuple[str, str], KeyData]:
    """At least those of the keys named by (room id, session id) that are there."""
    return _keys(
        await reader.fetch(
            f"""
            SELECT {_KEY} FROM backed_up_keys
            WHERE user_id = $1 AND version = $2 AND room_id = ANY($3) AND session_id = ANY($4)
            """,
            user_id,
            number,
            list({room_id for room_id, _ in names}),
            list({session_id for _, session_id in names}),
        )
    )


def set_key(tx: Transaction, user_id: str, number: int, room_id: str, session_id: str, key: KeyData) -> None:
    tx.defer(
        _SET_KEY,
        user_id,
        number,
        room_id,
        session_id,
        key.first_message_index,
        key.forwarded_count,
        int(key.is_verified),
        encode(key.session_data),
    )


async def delete_keys(tx: Transaction, user_id: str, number: int, place: Place) -> int:
    """Returns how many there were."""
    where, args = _where(place)
    rows = await tx.fetch(
        f"DELETE FROM backed_up_keys WHERE user_id = $1 AND version = $2{where} RETURNING session_id",
        user_id,
        number,
        *args,
    )
    return len(rows)


async def forget_person(tx: Transaction, user_id: str) -> None:
    await tx.execute("DELETE FROM backed_up_keys WHERE user_id = $1", user_id)
    await tx.execute("DELETE FROM key_backups WHERE user_id = $1", user_id)


def _where(place: Place) -> tuple[str, list[str]]:
    if place.room_id is None:
        return "", []
    if place.session_id is None:
        return " AND room_id = $3", [place.room_id]
    return " AND room_id = $3 AND session_id = $4", [place.room_id, place.session_id]
