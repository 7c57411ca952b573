"""Who has to fetch whose keys anew: Client-Server API, "Tracking the device list for a user"."""

from collections import deque
from itertools import takewhile

from ....storage.database import Database, Entry, Transaction
from ..protocols import SharedRooms
from . import store
from .models import NO_CHANGES, DeviceLists

MAX_RECENT = 4096
EVERYBODY = "device_list"
PRIVATE = "private_device_list"


class DeviceListService:
    """Marks changes, and says which of them concern a person.

    A change that everybody may see takes a position in the log stream `device_list` (key: whose keys changed); one
    that only one person sees (their own user-signing key, their signature on somebody's master key) one in
    `private_device_list` (key: who sees it). The newest entries of both are kept in memory, so that asking costs next
    to nothing while nothing changes.
    """

    def __init__(self, database: Database, shared_rooms: SharedRooms) -> None:
        self._database = database
        self._shared_rooms = shared_rooms
        self._recent: deque[Entry] = deque()
        self._floor: int | None = None
        """`_recent` is complete for every position after this; None until the first commit is seen."""
        database.listen(self._on_commit, self._forget)

    # writing

    def mark(self, tx: Transaction, user_id: str) -> None:
        """The devices or cross-signing keys of `user_id` changed."""
        store.set_changed(tx, user_id, tx.advance(EVERYBODY, user_id))

    def mark_for(self, tx: Transaction, viewer_id: str, user_id: str) -> None:
        """Something in the keys of `user_id` changed that only `viewer_id` sees."""
        store.set_changed_for(tx, viewer_id, user_id, tx.advance(PRIVATE, viewer_id))

    async def on_device_changed(self, tx: Transaction, user_id: str, device_id: str) -> None:
        """Hook of `accounts`: a device was added, renamed or deleted."""
        self.mark(tx, user_id)

    async def on_deactivated(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """Hook of `accounts`."""
        await store.forget_viewer(tx, user_id)

    # reading

    async def changed_between(self, since: int, upto: int) -> list[str]:
        """People whose keys changed in (since, upto]. From far back it may also name some who changed later."""
        recent = self._between(since, upto)
        if recent is None:
            return await store.changed_after(self._database, since)
        return list({entry.key for entry in recent if entry.stream == EVERYBODY})

    async def changes(self, user_id: str, since: int, upto: int) -> DeviceLists:
        """What the clients of `user_id` have to be told for (since, upto].

        `changed`: people they share a room with (and themselves) whose keys changed, and people who newly share a
        room; `left`: people who no longer share any. Naming somebody too often is harmless.
        """
        recent = self._between(since, upto)
        came, went = await self._shared_rooms.moved(user_id, since, upto)
        if recent is not None and not (recent or came or went):
            return NO_CHANGES
        shared = await self._shared_rooms.share_rooms_with(user_id) | {user_id}
        if recent is None:
            candidates = {*await store.changed_among(self._database, list(shared), since)}
        else:
            candidates = {entry.key for entry in recent if entry.stream == EVERYBODY}
        changed = (candidates | came) & shared
        if recent is None or any(entry.stream == PRIVATE and entry.key == user_id for entry in recent):
            changed.update(await store.changed_for_after(self._database, user_id, since))
        return DeviceLists(sorted(changed), sorted(went - shared))

    # the window

    def _between(self, since: int, upto: int) -> list[Entry] | None:
        """Entries of our streams with `since < pos <= upto`; None where the window does not reach back to `since`."""
        if self._floor is None:
            return None if since < self._database.position else []
        if since < self._floor:
            return None
        newest_first = takewhile(lambda entry: entry.pos > since, reversed(self._recent))
        return [entry for entry in newest_first if entry.pos <= upto]

    def _forget(self) -> None:
        self._recent.clear()
        self._floor = self._database.position

    def _on_commit(self, entries: list[Entry], own: bool) -> None:
        if self._floor is None and entries:
            self._floor = entries[0].pos - 1
        for entry in entries:
            if entry.stream == EVERYBODY or entry.stream == PRIVATE:
                self._recent.append(entry)
                if len(self._recent) > MAX_RECENT:
                    self._floor = self._recent.popleft().pos
