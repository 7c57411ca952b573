"""What a notice is about."""

from typing import NamedTuple

import msgspec

from ...policy.rollouts.models import Rollout


class Told(NamedTuple):
    """One thing that a person was told: once for each step, and again when its dates have moved."""

    rollout_id: str
    step: str
    """The name of a step, or `rolled_back`."""
    due: int = 0
    """When the step comes on the common ladder, ms since 1970."""
    deadline: int = 0
    """The common deadline at that time."""


class Notice(msgspec.Struct, frozen=True):
    """A message to write."""

    told: Told
    rollout: Rollout
    text: str
    """Key of the text, in `[notice]`."""
    deadline: int | None
    """The person's own, ms since 1970; None: nothing will be taken from them."""
    deletion: int | None = None
