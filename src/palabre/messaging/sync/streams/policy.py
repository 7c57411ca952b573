"""Where the person stands with the terms, as global account data that nobody ever wrote.

A sync token holds a mark of the status that was shown last (`Token.policy`), so that a date which passes, and writes
nothing, is news all the same.
"""

from ....core import json
from ....policy.status import ACCOUNT_DATA_TYPE, Place, PolicyStatus
from ..models import Json, Window


class PolicyStream:
    def __init__(self, status: PolicyStatus) -> None:
        self._status = status

    async def place(self, user_id: str) -> Place:
        return await self._status.place(user_id)

    async def changed(self, window: Window, place: Place) -> list[Json]:
        """The status, if it is another than the one that the client has."""
        shown = 0 if window.since is None else window.since.policy
        if shown == place.mark or not window.filter.account_data.wants(ACCOUNT_DATA_TYPE):
            return []
        event = {"type": ACCOUNT_DATA_TYPE, "content": await self._status.of(window.user_id)}
        return [Json(json.encode(event))]
