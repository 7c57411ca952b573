"""When what last changed, in memory, so that asking "is there anything new?" costs no query."""

from ...storage.database import Database, Entry

MAX_KEYS = 500_000


class LastChange:
    """Of each key the position of its newest change.

    A key that is missing last changed at or before `floor`: nothing more is known of it.
    """

    __slots__ = ("floor", "last")

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self.last: dict[str, int] = {}

    def put(self, key: str, pos: int) -> None:
        last = self.last
        last.pop(key, None)
        last[key] = pos
        if len(last) > MAX_KEYS:
            oldest = next(iter(last))
            self.floor = max(self.floor, last.pop(oldest))

    def since(self, key: str, pos: int) -> bool:
        """Whether `key` may have changed after `pos`; false is certain."""
        return self.last.get(key, self.floor) > pos


class Tracker:
    """Follows the log. Room streams are keyed by room id, the others by user id."""

    def __init__(self, database: Database) -> None:
        self._database = database
        floor = database.position
        self.rooms = LastChange(floor)
        """Any event."""
        self.state = LastChange(floor)
        """State events only."""
        self.receipts = LastChange(floor)
        self.memberships = LastChange(floor)
        self.account_data = LastChange(floor)
        self._streams: dict[str, tuple[LastChange, ...]] = {
            "room": (self.rooms,),
            "state": (self.rooms, self.state),
            "receipt": (self.receipts,),
            "membership": (self.memberships,),
            "account_data": (self.account_data,),
        }
        database.listen(self._on_commit)

    def start(self) -> None:
        """Set the floor once the database is open: what happened before is not known here."""
        for stream in (self.rooms, self.state, self.receipts, self.memberships, self.account_data):
            stream.floor = max(stream.floor, self._database.position)

    def _on_commit(self, entries: list[Entry], own: bool) -> None:
        for pos, stream, key in entries:
            for changes in self._streams.get(stream, ()):
                changes.put(key, pos)
