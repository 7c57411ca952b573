"""What an operator does to a roll-out: pure functions from the roll-out as it is to the roll-out as it will be.

Nobody's row is touched: standing follows from the new roll-out. A roll-out that has been started is never edited in
another way. What cannot be done is 409 `PALABRE_ROLLOUT_STATE`, with what to do instead; what makes no sense is 400.
"""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from ...core import errors
from ...core.errors import ApiError
from .drafting import check, draft, shown, sort
from .models import STEPS, Ladder, Level, Rollout, Step

__all__ = ["TOLERANCE", "draft", "drop", "extend", "hold", "resume", "roll_back", "start"]

TOLERANCE = 3_600_000
"""How far in the past an announcement may lie when the roll-out is started, in milliseconds."""

Change = Callable[[Ladder], Ladder]


def start(rollout: Rollout, now: int) -> Rollout:
    """From its announcement on, the roll-out counts. Raises 400 where that is past or leaves too little notice."""
    if rollout.state != "draft":
        raise _conflict(f"This roll-out is {rollout.phase(now).replace('_', ' ')}: it has been started already.")
    if rollout.announce < now - TOLERANCE:
        raise ApiError(
            400,
            "PALABRE_PLAN",
            f"The announcement was planned for {shown(rollout.announce)}, which is past. Revise the plan: announce on "
            f"{shown(now)} or later, or leave the date out to announce when the roll-out is started.",
        )
    check(rollout)
    return replace(rollout, state="started")


def hold(rollout: Rollout, now: int) -> Rollout:
    """Its clock stands still: nothing is asked or limited until it is resumed."""
    _require_started(rollout, "hold")
    if rollout.held_since is not None:
        raise _conflict(f"This roll-out is held already, since {shown(rollout.held_since)}. Resume it to go on.")
    return replace(rollout, state="held", held_since=now)


def resume(rollout: Rollout, now: int) -> Rollout:
    """Go on where it was held: every date moves by the length of the hold."""
    _require_started(rollout, "resume")
    if rollout.held_since is None:
        raise _conflict("This roll-out is not held: there is nothing to resume.")
    length = max(0, now - rollout.held_since)
    return replace(
        _each(rollout, lambda ladder: _moved(ladder, length, ("announce", "deadline"))),
        state="started",
        held_since=None,
        holds=(*rollout.holds, (rollout.held_since, rollout.held_since + length)),
        announce=rollout.announce + length,
        waves=tuple(replace(wave, at=wave.at + length) for wave in rollout.waves),
    )


def extend(rollout: Rollout, deadline: int, now: int, edition: str | None = None) -> Rollout:
    """A later deadline, of one edition or of all that have an earlier one: what counts from it moves along, so every
    limit and deletion that is in force or pending is off until then.

    While held, `deadline` is the date that it would be if the roll-out were resumed now. Raises 400 for a date that is
    past or earlier than the deadline in force, 409 where it is in force already.
    """
    _require_started(rollout, "extend")
    if rollout.terms.kind == "editorial":
        raise _conflict("An editorial version has no deadline that could be extended.")
    stood = max(0, now - rollout.held_since) if rollout.held_since is not None else 0
    inner = deadline - stood
    in_force = min(ladder.deadline for ladder in _ladders(rollout, edition))
    if inner == in_force:
        raise _conflict(f"The deadline is {shown(deadline)} already.")
    if inner < in_force:
        raise errors.invalid_param(
            f"The deadline in force is {shown(in_force + stood)}; an extension can only make it later."
        )
    if deadline <= now:
        raise errors.invalid_param(f"The new deadline, {shown(deadline)}, is past.")

    def later(ladder: Ladder) -> Ladder:
        return _moved(ladder, max(0, inner - ladder.deadline), ("deadline",))

    return _each(rollout, later, edition)


def drop(rollout: Rollout, step: str, now: int, edition: str | None = None) -> Rollout:
    """Take a step off the ladder, of one edition or of all. Who is on it falls back to what came before."""
    _require_started(rollout, "drop a step of")
    level = STEPS.get(step)
    if level is None:
        raise errors.invalid_param(f"{step} is no step. Steps are {', '.join(STEPS)}.")
    if level is Level.NOTICE:
        raise _conflict("The notice cannot be dropped: people would not know. Roll the roll-out back instead.")
    concerned = [ladder for ladder in _ladders(rollout, edition) if level in _levels(ladder)]
    if not concerned:
        where = f" for edition {edition}" if edition else ""
        raise _conflict(f"This roll-out has no step {step}{where}: it was never planned, or is dropped already.")
    if level is Level.DELETION_SCHEDULED and any(Level.DELETED in _levels(ladder) for ladder in concerned):
        raise _conflict("deletion_scheduled cannot be dropped while deleted remains. Drop deleted first.")

    def without(ladder: Ladder) -> Ladder:
        return replace(ladder, steps=tuple(own for own in ladder.steps if own.level is not level))

    return _each(rollout, without, edition)


def roll_back(rollout: Rollout, now: int) -> Rollout:
    """As if it had never been: the roll-out before it counts again. For good."""
    _require_started(rollout, "roll back")
    return replace(rollout, state="rolled_back", held_since=None, ended=now)


def _require_started(rollout: Rollout, doing: str) -> None:
    if rollout.state == "draft":
        raise _conflict(f"This roll-out is a draft: there is nothing to {doing}. Revise it, or start it.")
    if rollout.state == "rolled_back":
        raise _conflict("This roll-out has been rolled back, for good. Make a new one to go on.")


def _ladders(rollout: Rollout, edition: str | None) -> list[Ladder]:
    """Those that somebody is on. Raises 400 for an edition that the version does not have."""
    if edition is None:
        return [rollout.ladder_for(name) for name in rollout.terms.within]
    if edition not in rollout.terms.within:
        raise errors.invalid_param(
            f"The version has no edition {edition}; it has {', '.join(sorted(rollout.terms.within))}."
        )
    return [rollout.ladder_for(edition)]


def _each(rollout: Rollout, change: Change, edition: str | None = None) -> Rollout:
    """The roll-out with the ladders of `edition`, or all of them, changed."""
    if edition is not None:
        return replace(rollout, editions={**rollout.editions, edition: change(rollout.ladder_for(edition))})
    return replace(
        rollout,
        ladder=change(rollout.ladder),
        editions={name: change(ladder) for name, ladder in rollout.editions.items()},
    )


def _moved(ladder: Ladder, length: int, anchors: Iterable[str]) -> Ladder:
    """The deadline and the steps with these anchors later by `length` milliseconds."""
    steps = [Step(own.level, own.at + length, own.anchor) if own.anchor in anchors else own for own in ladder.steps]
    return Ladder(ladder.deadline + length, sort(steps))


def _levels(ladder: Ladder) -> set[Level]:
    return {step.level for step in ladder.steps}


def _conflict(error: str) -> ApiError:
    return ApiError(409, "PALABRE_ROLLOUT_STATE", error)
