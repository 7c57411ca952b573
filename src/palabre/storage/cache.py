"""A cache that shows exactly what is committed."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from .transaction import Transaction

K = TypeVar("K")
V = TypeVar("V")

NOTHING: Any = object()
"""What a transaction answers about a key that it did not touch; None means that the key was dropped."""


class CommitCache(Generic[K, V]):
    """A least-recently-used cache that shows exactly what is committed.

    `put` and `drop` inside a transaction are seen by that transaction at once and by everybody else after the
    commit; a rolled-back piece of work leaves no trace. Values are treated as immutable: replace, never
    mutate.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[K, V] = OrderedDict()
        self._loading: dict[K, object] = {}

    def get(self, key: K, tx: "Transaction | None" = None) -> V | None:
        if tx is not None:
            staged = tx.staged(self, key)
            if staged is not NOTHING:
                known: V | None = staged
                return known
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: K, value: V, tx: "Transaction") -> None:
        tx.stage(self, key, value)

    def drop(self, key: K, tx: "Transaction") -> None:
        tx.stage(self, key, None)

    async def load(self, key: K, read: Callable[[], Awaitable[V | None]], tx: "Transaction | None" = None) -> V | None:
        """What `get` has, else what `read()` finds, which is remembered.

        Outside a transaction, unless a commit changed the value while it was being read; readers of one key share a
        mark for that, or a crowd of them would keep each other from ever remembering anything. Inside one (`read` must
        read through it), as the transaction's view: seen by later work, shown to everybody by the commit, gone with a
        rollback.
        """
        value = self.get(key, tx)
        if value is not None:
            return value
        if tx is not None:
            value = await read()
            if value is not None:
                tx.stage(self, key, value)
            return value
        mark = self._loading.setdefault(key, object())
        try:
            value = await read()
        finally:
            unchanged = self._loading.get(key) is mark
            if unchanged:
                del self._loading[key]
        if unchanged and value is not None:
            self.fill(key, value)
        return value

    async def load_many(self, keys: Iterable[K], read: Callable[[], Awaitable[dict[K, V]]]) -> None:
        """Outside a transaction: have one `read()` for all those of `keys` that are not here, and remember what it
        finds.
        """
        marks = {key: self._loading.setdefault(key, object()) for key in keys if key not in self._entries}
        found: dict[K, V] = {}
        try:
            found = await read() if marks else found
        finally:
            for key, mark in marks.items():
                if self._loading.get(key) is mark:
                    del self._loading[key]
                    if key in found:
                        self.fill(key, found[key])

    def fill(self, key: K, value: V) -> None:
        """Remember what is known to be committed. Something that was read belongs into `load`: between a read and this,
        a commit may have come.
        """
        if self._loading:
            self._loading.pop(key, None)
        entries = self._entries
        entries[key] = value
        entries.move_to_end(key)
        if len(entries) > self._size:
            entries.popitem(last=False)

    def forget(self, key: K) -> None:
        """Drop at once: another process changed it."""
        self._loading.pop(key, None)
        self._entries.pop(key, None)

    def clear(self) -> None:
        self._loading.clear()
        self._entries.clear()

    def settle(self, key: K, value: V | None) -> None:
        """Called by the commit."""
        if value is None:
            self.forget(key)
        else:
            self.fill(key, value)
