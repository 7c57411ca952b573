"""`GET /sync`: client-server API, section "Syncing"."""

from typing import get_args

from ...core import errors
from ...http.endpoint import endpoint
from ...http.request import Request
from ..filters.service import FilterService
from ..presence.models import State
from .models import SyncRequest, SyncResponse
from .service import SyncService
from .token import Token

MAX_TIMEOUT_MS = 300_000


class SyncRoutes:
    def __init__(self, sync: SyncService, filters: FilterService) -> None:
        self._sync = sync
        self._filters = filters

    @endpoint(
        "GET",
        "/_matrix/client/v3/sync",
        access="account",
        guest=True,
        tags=("Room participation",),
        returns=SyncResponse,
    )
    async def get_sync(self, request: Request) -> SyncResponse:
        wanted = SyncRequest(
            request.user_id,
            request.device_id,
            _since(request),
            await self._filters.resolve(request.user_id, request.query.get("filter")),
            request.query_bool("full_state"),
            _use_state_after(request),
        )
        timeout, presence = request.query_int("timeout", 0, high=MAX_TIMEOUT_MS), _presence(request)
        request.release()
        return await self._sync.sync(wanted, timeout, presence)


def _since(request: Request) -> Token | None:
    text = request.query.get("since")
    return Token.parse(text) if text else None


def _use_state_after(request: Request) -> bool:
    """Also by the name it had before version 1.16 of the specification (MSC4222)."""
    return request.query_bool("use_state_after") or request.query_bool("org.matrix.msc4222.use_state_after")


def _presence(request: Request) -> State | None:
    text = request.query.get("set_presence")
    if text is None:
        return None
    for state in get_args(State):
        if state == text:
            found: State = state
            return found
    raise errors.invalid_param("set_presence is offline, online or unavailable.")
