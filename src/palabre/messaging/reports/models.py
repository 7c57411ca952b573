"""What people report."""

import msgspec


class EventReport(msgspec.Struct):
    """Body of `POST /rooms/{roomId}/report/{eventId}`."""

    reason: str | None = None
    score: int | None = None
    """From -100 (most offensive) to 0; clients before version 1.18 send it."""


class ReasonBody(msgspec.Struct):
    """Body of `POST /rooms/{roomId}/report` and `POST /users/{userId}/report`."""

    reason: str


class Report(msgspec.Struct, frozen=True):
    """One report as operators see it."""

    report_id: str
    reporter: str
    ts: int
    """Milliseconds."""
    room_id: str | None = None
    event_id: str | None = None
    user_id: str | None = None
    """Who is reported: for an event, its sender."""
    reason: str | None = None
    score: int | None = None
