"""`/_palabre/v1/account/policy`: where I stand with the terms."""

from ..core.json import JsonObject
from ..http.endpoint import endpoint
from ..http.request import Request
from .status import PolicyStatus


class StatusRoutes:
    def __init__(self, status: PolicyStatus) -> None:
        self._status = status

    @endpoint("GET", "/_palabre/v1/account/policy", access="account", tags=("Policy",))
    async def status(self, request: Request) -> JsonObject:
        """The version I accepted, the one I am asked for, my level, every date, and what changes.

        The same as the global account data `org.palabre.policy`. Times are milliseconds since 1970.
        """
        return await self._status.of(request.user_id)
