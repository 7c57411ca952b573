"""When what last changed, in memory, so that asking "is there anything new?" costs no query."""

from collections.abc import Iterable

from ...storage.database import Database, Entry

MAX_KEYS = 500_000
_EVERYTHING = 2**62


class LastChange:
    """Of each key the position of its newest change.

    A key that is missing last changed at or before `floor`: nothing more is known of it.
    """

    __slots__ = ("floor", "last", "newest")

    def __init__(self, floor: int = _EVERYTHING) -> None:
        self.floor = self.newest = floor
        self.last: dict[str, int] = {}

    def put(self, key: str, pos: int) -> None:
        last = self.last
        last.pop(key, None)
        last[key] = self.newest = pos
        while len(last) > MAX_KEYS:
            oldest = next(iter(last))
            self.floor = max(self.floor, last.pop(oldest))

    def since(self, key: str, pos: int) -> bool:
        """Whether `key` may have changed after `pos`; false is certain."""
        return self.last.get(key, self.floor) > pos

    def among(self, keys: Iterable[str], pos: int) -> set[str]:
        """Those of `keys` that may have changed after `pos`."""
        if pos >= self.newest:
            return set()
        last, floor = self.last.get, self.floor
        return {key for key in keys if last(key, floor) > pos}


class Tracker:
    """Follows the log from the moment it is made. Room streams are keyed by room id, the others by user id."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.rooms = LastChange()
        """Any event."""
        self.state = LastChange()
        """State events only."""
        self.receipts = LastChange()
        self.memberships = LastChange()
        self.account_data = LastChange()
        self._streams: dict[str, tuple[LastChange, ...]] = {
            "room": (self.rooms,),
            "state": (self.rooms, self.state),
            "receipt": (self.receipts,),
            "membership": (self.memberships,),
            "account_data": (self.account_data,),
        }
        self._begun = False
        database.listen(self._on_commit, self._forget)

    @property
    def position(self) -> int:
        """The end of the log as everything in memory shows it."""
        if not self._begun:
            self._begin(self._database.position)
        return self._database.position

    def _begin(self, floor: int) -> None:
        """Everything after `floor` is seen, and nothing is known of what was before."""
        self._begun = True
        for changes in (self.rooms, self.state, self.receipts, self.memberships, self.account_data):
            changes.last.clear()
            changes.floor = changes.newest = floor

    def _forget(self) -> None:
        self._begin(self._database.position)

    def _on_commit(self, entries: list[Entry], own: bool) -> None:
        if not self._begun and entries:
            self._begin(entries[0].pos - 1)
        for pos, stream, key in entries:
            for changes in self._streams.get(stream, ()):
                changes.put(key, pos)
