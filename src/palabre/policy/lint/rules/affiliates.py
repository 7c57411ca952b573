"""What the rules on sharing within a group of companies have in common."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ...documents.models import Edition, Recipient, Row
from ..case import Case
from ..vocabulary import OBLIGATIONS, SERVICE


class Sharing(NamedTuple):
    place: str
    edition: Edition
    row: Row
    affiliates: list[Recipient]


def beyond_the_service(case: Case, somewhere_in: Iterable[str]) -> Iterator[Sharing]:
    """Rows by which companies of the group get data for something else than the service or a law's demand."""
    for place, edition, row in case.rows(somewhere_in):
        affiliates = case.recipients(row, "affiliate")
        if affiliates and row.purpose not in SERVICE | OBLIGATIONS:
            yield Sharing(place, edition, row, affiliates)
