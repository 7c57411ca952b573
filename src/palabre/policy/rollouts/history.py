"""What was done to a roll-out, by whom, and why."""

from typing import Any, Literal

import msgspec

from .models import Rollout

OperationName = Literal["create", "revise", "start", "hold", "resume", "extend", "drop", "roll_back"]


class Operation(msgspec.Struct, frozen=True):
    rollout_id: str
    number: int
    """1 for the roll-out's making, and so on."""
    operation: OperationName
    actor: str
    reason: str
    at: int
    """Milliseconds since 1970."""
    details: dict[str, Any]
    """What was asked for: the new deadline, the step, the plan."""
    before: Rollout | None
    after: Rollout
