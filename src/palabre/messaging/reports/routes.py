"""Reports over HTTP: people send them, operators read them. Client-server API, section "Reporting Content"."""

from ...core.json import JsonObject
from ...http.endpoint import endpoint
from ...http.request import Request
from .models import EventReport, ReasonBody
from .service import ReportService

_V3 = "/_matrix/client/v3"


class ReportRoutes:
    def __init__(self, reports: ReportService) -> None:
        self._reports = reports

    @endpoint(
        "POST",
        f"{_V3}/rooms/{{room_id}}/report/{{event_id}}",
        access="account",
        body=EventReport,
        optional_body=True,
        limit="reports",
    )
    async def report_event(self, request: Request, body: EventReport) -> JsonObject:
        params = request.params
        await self._reports.event(request.user_id, params["room_id"], params["event_id"], body.reason, body.score)
        return {}

    @endpoint("POST", f"{_V3}/rooms/{{room_id}}/report", access="account", body=ReasonBody, limit="reports")
    async def report_room(self, request: Request, body: ReasonBody) -> JsonObject:
        await self._reports.room(request.user_id, request.params["room_id"], body.reason)
        return {}

    @endpoint("POST", f"{_V3}/users/{{user_id}}/report", access="account", body=ReasonBody, limit="reports")
    async def report_user(self, request: Request, body: ReasonBody) -> JsonObject:
        await self._reports.user(request.user_id, request.params["user_id"], body.reason)
        return {}

    @endpoint("GET", "/_palabre/admin/v1/reports", access="operator")
    async def reports(self, request: Request) -> JsonObject:
        """The newest reports; `before` (milliseconds) and `limit` page through them."""
        before = request.query_int("before", 0) or None
        found = await self._reports.newest(before, request.query_int("limit", 100, low=1, high=1000))
        return {"reports": found}
