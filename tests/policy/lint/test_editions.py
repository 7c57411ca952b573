"""Everybody has exactly one edition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre.policy.lint.vocabulary import COUNTRIES

from .examples import EUROPE, WORLD, Broken, Draft, Edit, Fine, breaks, passes

BREAKS: Broken = [
    (
        "EDITION-OVERLAP",
        lambda d: d.edition("world").update(countries=["*", "IN", "FR", "DE"]),
        [
            ("policy.yaml: editions", "DE is named more than once: europe, world."),
            ("policy.yaml: editions", "FR is named more than once: europe, world."),
        ],
    ),
    (
        "EDITION-OVERLAP",
        lambda d: d.edition().update(countries=["FR", "FR"]),
        [("policy.yaml: editions", "FR is named more than once: europe.")],
    ),
    (
        "EDITION-REST",
        lambda d: d.edition("world").update(countries=["IN"]),
        [("policy.yaml: editions", "0 times `*` (every other country): it must be there exactly once.")],
    ),
    (
        "EDITION-REST",
        lambda d: d.edition().update(countries=["FR", "*"]),
        [("policy.yaml: editions", "2 times `*` (every other country): it must be there exactly once.")],
    ),
    (
        "COUNTRY-UNKNOWN",
        lambda d: d.edition().update(countries=["UK", "FR", "XX"]),
        [(f"{EUROPE}.countries", "UK is no country."), (f"{EUROPE}.countries", "XX is no country.")],
    ),
    (
        "COUNTRY-UNKNOWN",
        lambda d: d.policy["recipients"]["shop"].update(country="EU"),
        [("policy.yaml: recipients.shop.country", "EU is no country.")],
    ),
    (
        "COUNTRY-UNKNOWN",
        lambda d: d.row("hosting", "world")["transfer"].update(countries=["US", "ZZ"]),
        [(f"{WORLD}.processing[hosting].transfer.countries", "ZZ is no country.")],
    ),
]
FINE: Fine = [
    ("EDITION-OVERLAP", lambda d: d.edition("world").update(countries=["*", "IN"])),
    ("COUNTRY-UNKNOWN", lambda d: d.edition("world").update(countries=["*", "GB", "XK", "AQ"])),
]


@pytest.mark.parametrize(("code", "edit", "expected"), BREAKS)
def test_finds(code: str, edit: Edit, expected: list[tuple[str, str]]) -> None:
    breaks(code, edit, expected)


@pytest.mark.parametrize(("code", "edit"), FINE)
def test_passes(code: str, edit: Edit) -> None:
    passes(code, edit)


codes = st.lists(st.sampled_from(["*", "FR", "IN", "US", "QQ"]), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(codes, codes)
def test_without_these_errors_everybody_has_exactly_one_edition(first: list[str], second: list[str]) -> None:
    draft = Draft()
    draft.edition("europe")["countries"] = first
    draft.edition("world")["countries"] = second
    clean = not {"EDITION-OVERLAP", "EDITION-REST", "COUNTRY-UNKNOWN"} & {one.code for one in draft.check()}
    named = [*first, *second]
    partition = all(
        named.count(country) == 1 or (country not in named and named.count("*") == 1) for country in sorted(COUNTRIES)
    )
    assert clean == (partition and named.count("*") == 1 and "QQ" not in named)
