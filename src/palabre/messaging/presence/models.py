"""What is known of one person's presence."""

from typing import Any, Literal

import msgspec

from ...core import json

State = Literal["online", "unavailable", "offline"]


class Presence(msgspec.Struct):
    """Mutable, one for each person heard of."""

    state: State = "offline"
    status_msg: str | None = None
    last_active: float = 0.0
    """Monotonic seconds."""
    connected_until: float = 0.0
    """Monotonic seconds; past it, somebody who does not come back is offline."""
    online: dict[str, float] | None = None
    """Of each device whose last sync said `online`, until when (monotonic seconds) that holds."""
    serial: int = 0
    said: int = 0
    """Serial of the newest word on this person, whichever process it is of: newer words count, older ones do not."""
    at: str | None = None
    """The other process that answers for it that this still holds; None when this one does."""

    def content(self, now: float) -> dict[str, Any]:
        content: dict[str, Any] = {"presence": self.state}
        if self.last_active:
            content["last_active_ago"] = max(0, int((now - self.last_active) * 1000))
        if self.state == "online":
            content["currently_active"] = now - self.last_active < CURRENTLY_ACTIVE_SECONDS
        if self.status_msg is not None:
            content["status_msg"] = self.status_msg
        return content

    def event(self, user_id: str, now: float) -> bytes:
        return json.encode({"type": "m.presence", "sender": user_id, "content": self.content(now)})


CURRENTLY_ACTIVE_SECONDS = 60.0
IDLE_SECONDS = 300.0
GRACE_SECONDS = 30.0
"""How long after the end of a sync its client may take to begin the next one and still count as connected."""
