"""What relates to an event, in numbers and in names."""

from typing import Any, Literal

import msgspec

Direction = Literal["b", "f"]
"""`b`: newest first; `f`: oldest first."""

Bundle = dict[str, dict[str, Any]]
"""Event id to its bundled aggregations: what goes into `unsigned.m.relations`."""

BUNDLED = ("m.replace", "m.thread", "m.reference")


class Summary(msgspec.Struct, frozen=True):
    """The children of one event that have one relationship type."""

    parent_id: str
    rel_type: str
    count: int
    latest: int
    """Position of the newest."""
    participated: bool
    """Whether the reader sent one of them."""


class Page(msgspec.Struct, frozen=True):
    """Which part of a list is asked for: positions with `after < pos <= upto`."""

    after: int
    upto: int
    limit: int
    direction: Direction = "b"
