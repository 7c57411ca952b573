"""What a scenario is: a name, its figures with their targets, and the coroutine that measures them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from bench.matrix import Matrix
from bench.servers import Server

T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """`at_least` or `at_most` a value in the figure's unit, or at least `times` what Synapse does."""

    kind: Literal["at_least", "at_most", "times"]
    value: float

    def met(self, palabre: float, synapse: float | None) -> bool | None:
        """None when it cannot be said: the target is relative and Synapse was not measured."""
        if self.kind == "at_least":
            return palabre >= self.value
        if self.kind == "at_most":
            return palabre <= self.value
        return None if synapse is None else palabre >= self.value * synapse

    def __str__(self) -> str:
        return {"at_least": "≥ {:,g}", "at_most": "≤ {:,g}", "times": "≥ {:g} × Synapse"}[self.kind].format(self.value)


@dataclass(frozen=True)
class Figure:
    """One number that a scenario yields. Without a target it is context for those that have one."""

    key: str
    label: str
    unit: str
    target: Target | None = None


@dataclass(frozen=True)
class Run:
    """One scenario against one server that is up and empty."""

    server: Server
    matrix: Matrix
    quick: bool

    def size(self, palabre: T, synapse: T, quick: T) -> T:
        """How much of something this run takes: Synapse gets less where it would take hours."""
        if self.quick:
            return quick
        return synapse if self.server.name == "synapse" else palabre


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    how: str
    """For the report: what is done and how it is counted, in a few sentences."""
    figures: tuple[Figure, ...]
    measure: Callable[[Run], Awaitable[dict[str, float]]]
    """Yields a value for every figure's key."""
    alone: bool = False
    """Nothing that Synapse has could be measured beside it."""
