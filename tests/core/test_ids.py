"""Identifiers."""

import uuid

from palabre.core import ids


def test_uuids_are_random_ones_of_version_4() -> None:
    made = [ids.uuid() for _ in range(1000)]
    assert len(set(made)) == 1000
    parsed = [uuid.UUID(one) for one in made]
    assert {one.version for one in parsed} == {4}
    assert {one.variant for one in parsed} == {uuid.RFC_4122}
    assert [str(one) for one in parsed] == made
    for digit in (0, 9, 14, 15, 19, 20, 24, 35):
        assert len({one[digit] for one in made}) == (4 if digit == 19 else 1 if digit == 14 else 16)
