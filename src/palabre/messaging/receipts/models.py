"""One receipt, and what a person's receipts in a room add up to."""

from collections.abc import Iterable
from typing import NamedTuple

from ...core import json

READ, PRIVATE, FULLY_READ = "m.read", "m.read.private", "m.fully_read"
UNTHREADED = ""
MAIN = "main"


class Receipt(NamedTuple):
    """`user_id` has read up to `event_id`, in one thread or (`UNTHREADED`) in all of the room."""

    pos: int
    user_id: str
    type: str
    thread_id: str
    event_id: str
    event_pos: int
    ts: int


class Mine(NamedTuple):
    """One person's receipts in one room, as they were at position `as_of`."""

    as_of: int
    receipts: tuple[Receipt, ...]

    def find(self, type_: str, thread_id: str) -> Receipt | None:
        for receipt in self.receipts:
            if receipt.type == type_ and receipt.thread_id == thread_id:
                return receipt
        return None

    def with_receipt(self, receipt: Receipt) -> "Mine":
        rest = [old for old in self.receipts if (old.type, old.thread_id) != (receipt.type, receipt.thread_id)]
        return Mine(receipt.pos, (*rest, receipt))

    def read_up_to(self) -> tuple[int, dict[str, int]]:
        """Positions of the last events read: in the whole room, and further ones by thread (`main` among them).

        Public and private receipts count alike: the one that is ahead (section "Marking notifications as read").
        """
        everywhere = 0
        threads: dict[str, int] = {}
        for receipt in self.receipts:
            if receipt.thread_id == UNTHREADED:
                everywhere = max(everywhere, receipt.event_pos)
            else:
                threads[receipt.thread_id] = max(threads.get(receipt.thread_id, 0), receipt.event_pos)
        return everywhere, threads


def render(receipts: Iterable[Receipt], reader: str) -> list[bytes]:
    """The `m.receipt` events with those receipts that `reader` may see.

    Usually one. The content has room for one receipt of a person, type and event only, so somebody who marked the same
    event in the whole room and in its thread takes a second one.
    """
    contents: list[dict[str, dict[str, dict[str, dict[str, int | str]]]]] = []
    for receipt in receipts:
        if receipt.type == PRIVATE and receipt.user_id != reader:
            continue
        told: dict[str, int | str] = {"ts": receipt.ts}
        if receipt.thread_id != UNTHREADED:
            told["thread_id"] = receipt.thread_id
        for content in contents:
            if receipt.user_id not in content.get(receipt.event_id, {}).get(receipt.type, {}):
                break
        else:
            content = {}
            contents.append(content)
        content.setdefault(receipt.event_id, {}).setdefault(receipt.type, {})[receipt.user_id] = told
    return [json.encode({"type": "m.receipt", "content": content}) for content in contents]
