"""`/_palabre/admin/v1/policy/deletions`."""

from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from .service import Deletions


class DeletionRoutes:
    def __init__(self, deletions: Deletions) -> None:
        self._deletions = deletions

    @endpoint("POST", "/_palabre/admin/v1/policy/deletions", access="operator", tags=("Operators",))
    async def run(self, request: Request) -> JsonObject:
        """Erase now every account whose deletion is due, as happens once an hour anyway. `erased` says how many."""
        return {"erased": await self._deletions.run()}
