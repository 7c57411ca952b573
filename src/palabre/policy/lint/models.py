"""What a rule is and what it finds."""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

import msgspec

from .case import Case

Severity = Literal["error", "warning"]
About = Literal["policy", "rollout", "history"]
"""What a rule needs to see: the document alone, a plan for its roll-out, or earlier versions."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong, in one place."""

    code: str
    severity: Severity
    duty: str
    """The article, with what regulators did on this very case."""
    place: str
    """`policy.yaml: editions[europe].processing[number-to-facebook]`"""
    message: str
    mend: str
    acknowledged: str | None = None
    """The reason that the policy gives for a warning; None while nobody has acknowledged it."""
    edition: str | None = None
    """The edition it is about, if it is about one."""


class Found(NamedTuple):
    """What a rule's function yields: where, and what the rule's words are filled in with."""

    place: str
    edition: str | None
    values: dict[str, object]


class Rule(NamedTuple):
    code: str
    severity: Severity
    duty: str
    says: str
    """The message, with the names of values in braces."""
    mend: str
    find: Callable[[Case], Iterable[Found]]
    about: About = "policy"


def found(place: str, edition: str | None = None, /, **values: object) -> Found:
    return Found(place, edition, values)
