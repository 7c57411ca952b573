"""`scenario.yaml`: what the operator does on which day, and who the people are."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from ..policy.documents.models import ByLocale, Part, Slug
from ..policy.rollouts.plan import StepName

Share = Annotated[float, Meta(ge=0)]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
Does = Literal["publish", "roll_out", "hold", "resume", "extend", "drop", "roll_back"]
Act = Literal["accept", "decline", "later", "leave", "withdraw", "choose", "travel"]


class Event(Part, frozen=True, kw_only=True):
    """Something that the operator does, at 08:00 UTC of a day."""

    on: date
    do: Does
    says: ByLocale
    """What and why, in the languages of the report; the English one is the reason that is recorded."""
    version: str
    folder: str | None = None
    """`publish`: the folder in `policies/`."""
    plan: dict[str, Any] | None = None
    """`roll_out`: as in `rollout.yaml`; None: the folder's."""
    deadline: date | None = None
    """`extend`: the new one, at 00:00 UTC."""
    step: StepName | None = None
    """`drop`: this one."""
    edition: Slug | None = None
    """`extend` and `drop`: only for this one."""


class Region(Part, frozen=True, kw_only=True):
    share: Share
    leaning: Slug
    """Which of the weights of an answer counts here."""
    prefix: Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{1,8}$")]
    digits: Annotated[int, Meta(ge=6, le=9)]
    """How a phone number goes on after the prefix: both together are valid numbers of this country."""
    locale: Literal["en", "fr"] = "en"


class Move(Part, frozen=True, kw_only=True):
    """One thing that a person does in their answer to a roll-out."""

    after: StepName
    """Not before this step, or a later one, has reached them."""
    do: Act
    within: Annotated[float, Meta(gt=0)]
    """Mean number of days from then on; some take much longer."""
    options: bool = False
    """`accept` and `choose`: whether the optional rows are on."""


class Answer(Part, frozen=True, kw_only=True):
    """A way to answer a roll-out: moves, one after the other. A person is drawn one by weight."""

    weights: dict[Slug, Share]
    """Leaning -> how many."""
    moves: list[Move] = field(default_factory=list)


class Habit(Part, frozen=True, kw_only=True):
    """Something that a few people do at some time, whatever the roll-out."""

    do: Act
    chance: Annotated[float, Meta(ge=0, le=1)]
    begin: date
    end: date
    options: bool = False


class Period(Part, frozen=True, kw_only=True):
    """Days that are lived one by one; between periods nothing happens."""

    begin: date
    end: date


class Scenario(Part, frozen=True, kw_only=True):
    id: Slug
    names: ByLocale
    about: ByLocale
    policy: Slug
    periods: list[Period]
    """The last one is what the report is about."""
    calendar: list[Event]
    people: Slug | None = None
    """The scenario whose `regions`, `answers` and `habits` these are, so that both have the same people."""
    regions: dict[Country, Region] = field(default_factory=dict)
    answers: dict[str, dict[str, Answer]] = field(default_factory=dict)
    """Version -> name -> answer to its roll-out."""
    habits: list[Habit] = field(default_factory=list)
    actor: str = "operator"
    compare: Slug | None = None
    """Another scenario with the same people, rehearsed for the report."""
