"""The rules of key backups: module "End-to-End Encryption", section "Server-side key backups"."""

from ....core import errors
from ....core.errors import ApiError
from ....storage.database import Database, Reader, Transaction
from ..checks import require_id
from . import store
from .models import BackupKeys, KeyData, Opaque, Place, RoomKeys, Updated, Version

MAX_VERSION_DIGITS = 15


def _unknown() -> ApiError:
    return errors.not_found("There is no such backup.")


def _number(version: str) -> int:
    """Versions are numbers, but clients need not know. Raises 404 for what never was one."""
    if not (version.isascii() and version.isdigit() and len(version) <= MAX_VERSION_DIGITS):
        raise _unknown()
    return int(version)


class BackupService:
    def __init__(self, database: Database) -> None:
        self._database = database

    # versions

    async def create(self, user_id: str, algorithm: str, auth_data: Opaque) -> str:
        """Start a new backup, which becomes the current one. Returns its version."""

        async def work(tx: Transaction) -> str:
            number = await store.last_number(tx, user_id) + 1
            await store.add_version(tx, user_id, number, require_id(algorithm, "algorithm"), auth_data)
            return str(number)

        return await self._database.write(work)

    async def version(self, user_id: str, version: str | None = None) -> Version:
        """The named backup, or the current one. Raises 404 where there is none."""
        if version is None:
            found = await store.current_version(self._database, user_id)
            if found is None:
                raise errors.not_found("There is no current backup.")
            return found
        return await self._existing(self._database, user_id, _number(version))

    async def update(self, user_id: str, version: str, algorithm: str, auth_data: Opaque, named: str | None) -> None:
        """Change a backup's `auth_data`. Raises `M_INVALID_PARAM` for another algorithm, or where `named` (the version
        in the body) is another."""
        number = _number(version)

        async def work(tx: Transaction) -> None:
            old = await self._existing(tx, user_id, number)
            if named not in (None, old.version):
                raise errors.invalid_param("The version in the body is not the one in the path.")
            if algorithm != old.algorithm:
                raise errors.invalid_param("The algorithm of a backup cannot change.")
            await store.set_auth_data(tx, user_id, number, auth_data)

        await self._database.write(work)

    async def delete(self, user_id: str, version: str) -> None:
        """Delete a backup with its keys. Succeeds for one that was deleted before; 404 for one that never was."""
        number = _number(version)

        async def work(tx: Transaction) -> None:
            if not 0 < number <= await store.last_number(tx, user_id):
                raise _unknown()
            await store.delete_version(tx, user_id, number)

        await self._database.write(work)

    # keys

    async def put(self, user_id: str, version: str, keys: BackupKeys) -> Updated:
        """Store keys in the current backup; where there is one for the session already, the better is kept.

        Raises 403 `M_WRONG_ROOM_KEYS_VERSION` with `current_version` for a backup that is not the current one.
        """
        number = _number(version)
        new = {
            (require_id(room_id, "A room id"), require_id(session_id, "A session id")): key
            for room_id, room in keys.rooms.items()
            for session_id, key in room.sessions.items()
        }

        async def work(tx: Transaction) -> Updated:
            current = await store.current_version(tx, user_id)
            if current is None:
                raise _unknown()
            if current.version != str(number):
                raise ApiError(
                    403,
                    "M_WRONG_ROOM_KEYS_VERSION",
                    "Keys can only be stored in the current backup.",
                    current_version=current.version,
                )
            old = await store.keys_among(tx, user_id, number, list(new)) if new else {}
            better = {name: key for name, key in new.items() if name not in old or key.replaces(old[name])}
            for (room_id, session_id), key in better.items():
                store.set_key(tx, user_id, number, room_id, session_id, key)
            added = sum(name not in old for name in better)
            return await self._count(tx, user_id, current, added, changed=bool(better))

        return await self._database.write(work)

    async def keys(self, user_id: str, version: str, place: Place) -> dict[str, RoomKeys]:
        """Room id to keys, of what is at `place`. Raises 404 for an unknown backup."""
        number = _number(version)
        await self._existing(self._database, user_id, number)
        rooms: dict[str, dict[str, KeyData]] = {}
        for (room_id, session_id), key in (await store.keys_at(self._database, user_id, number, place)).items():
            rooms.setdefault(room_id, {})[session_id] = key
        return {room_id: RoomKeys(sessions) for room_id, sessions in rooms.items()}

    async def delete_keys(self, user_id: str, version: str, place: Place) -> Updated:
        """Delete what is at `place`, which may be nothing. Raises 404 for an unknown backup."""
        number = _number(version)

        async def work(tx: Transaction) -> Updated:
            backup = await self._existing(tx, user_id, number)
            deleted = await store.delete_keys(tx, user_id, number, place)
            return await self._count(tx, user_id, backup, -deleted, changed=deleted > 0)

        return await self._database.write(work)

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Hook of `accounts`."""
        await store.forget_person(tx, user_id)

    @staticmethod
    async def _existing(reader: Reader, user_id: str, number: int) -> Version:
        found = await store.version(reader, user_id, number)
        if found is None:
            raise _unknown()
        return found

    @staticmethod
    async def _count(tx: Transaction, user_id: str, backup: Version, added: int, *, changed: bool) -> Updated:
        if not changed:
            return Updated(backup.etag, backup.count)
        count, etag = backup.count + added, int(backup.etag) + 1
        await store.set_count(tx, user_id, int(backup.version), count, etag)
        return Updated(str(etag), count)
