"""Client-server API, sections "Receipts" and "Fully read markers"."""

from typing import Any

import msgspec

from ...core import errors
from ...http.endpoint import endpoint
from ...http.request import Request
from .models import FULLY_READ, MAIN, PRIVATE, READ, UNTHREADED
from .service import RECEIPT_TYPES, ReceiptService

_TAGS = ("Room participation",)


class ReceiptBody(msgspec.Struct):
    thread_id: str | None = None


class MarkersBody(msgspec.Struct):
    fully_read: str | None = msgspec.field(name=FULLY_READ, default=None)
    read: str | None = msgspec.field(name=READ, default=None)
    private: str | None = msgspec.field(name=PRIVATE, default=None)


class ReceiptRoutes:
    def __init__(self, receipts: ReceiptService) -> None:
        self._receipts = receipts

    @endpoint(
        "POST",
        "/_matrix/client/v3/rooms/{room_id}/receipt/{type}/{event_id}",
        access="read",
        guest=True,
        body=ReceiptBody,
        optional_body=True,
        tags=_TAGS,
    )
    async def post_receipt(self, request: Request, body: ReceiptBody) -> dict[str, Any]:
        type_, event_id = request.params["type"], request.params["event_id"]
        if type_ not in RECEIPT_TYPES:
            raise errors.invalid_param("A receipt is m.read, m.read.private or m.fully_read.")
        thread_id = UNTHREADED
        if body.thread_id is not None:
            thread_id = body.thread_id
            if type_ == FULLY_READ or not (thread_id == MAIN or thread_id.startswith("$")):
                raise errors.invalid_param("thread_id is main or the event a thread began with, for read receipts.")
        await self._receipts.mark(request.user_id, request.params["room_id"], {type_: event_id}, thread_id)
        return {}

    @endpoint(
        "POST",
        "/_matrix/client/v3/rooms/{room_id}/read_markers",
        access="read",
        guest=True,
        body=MarkersBody,
        tags=_TAGS,
    )
    async def post_read_markers(self, request: Request, body: MarkersBody) -> dict[str, Any]:
        marks = {FULLY_READ: body.fully_read, READ: body.read, PRIVATE: body.private}
        wanted = {type_: event_id for type_, event_id in marks.items() if event_id is not None}
        await self._receipts.mark(request.user_id, request.params["room_id"], wanted)
        return {}
