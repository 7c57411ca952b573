"""`rollout.yaml`: how an operator plans to bring a version to everyone, before it has begun."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from ..documents.models import Part, Slug

Duration = Annotated[str, Meta(pattern=r"^P(\d+W)?(\d+D)?(T\d+H)?$", min_length=3)]
"""ISO 8601, in weeks, days and hours: a month is no fixed time. `P30D`, `P2W`, `PT12H`."""
StepName = Literal["notice", "reminder", "limited", "locked", "deletion_scheduled", "deleted"]


class PlannedStep(Part, frozen=True, kw_only=True):
    """A step, at exactly one of the four; `notice` may have none (the announcement), `limited` too (the deadline)."""

    step: StepName
    at: datetime | None = None
    after_announce: Duration | None = None
    before_deadline: Duration | None = None
    after_deadline: Duration | None = None


class EditionPlan(Part, frozen=True, kw_only=True):
    """What is different for the people of one edition."""

    deadline: datetime | None = None
    ladder: list[PlannedStep] | None = None


class PlannedWave(Part, frozen=True, kw_only=True):
    """Whom the roll-out reaches from a moment on. Without waves it reaches everybody at the announcement."""

    percent: Annotated[int, Meta(ge=1, le=100)] = 100
    countries: list[Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]] | None = None
    at: datetime | None = None
    after_announce: Duration | None = None


class Plan(Part, frozen=True, kw_only=True):
    announce: datetime | None = None
    """None: when the roll-out is started."""
    deadline: datetime
    """Nothing restricts before it."""
    notice_period: Duration = "P30D"
    """What everybody has at least, however late they are told."""
    ladder: list[PlannedStep]
    editions: dict[Slug, EditionPlan] = field(default_factory=dict)
    waves: list[PlannedWave] = field(default_factory=list)
    sms_reminders: int = 0
    """Text messages that one person may get for this roll-out."""
    web_push_reminders: int = 0
    """The same for push messages, which come first where the person takes them."""
