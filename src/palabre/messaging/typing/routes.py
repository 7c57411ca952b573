"""`PUT /rooms/{roomId}/typing/{userId}`: client-server API, section "Typing Notifications"."""

from typing import Annotated, Any

import msgspec

from ...http.endpoint import endpoint
from ...http.request import Request
from .service import DEFAULT_MS, TypingService


class TypingBody(msgspec.Struct):
    typing: bool
    timeout: Annotated[int, msgspec.Meta(ge=0)] = DEFAULT_MS
    """Milliseconds."""


class TypingRoutes:
    def __init__(self, typing: TypingService) -> None:
        self._typing = typing

    @endpoint(
        "PUT",
        "/_matrix/client/v3/rooms/{room_id}/typing/{user_id}",
        access="send",
        guest=True,
        body=TypingBody,
        tags=("Room participation",),
    )
    async def put_typing(self, request: Request, body: TypingBody) -> dict[str, Any]:
        request.require_self(request.params["user_id"])
        await self._typing.put(request.user_id, request.params["room_id"], body.typing, body.timeout)
        return {}
