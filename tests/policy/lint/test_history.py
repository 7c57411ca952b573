"""What is judged beside earlier versions: editorial ones, and asking again."""

import pytest

from .examples import EUROPE, EUROPEAN_LADDER, LADDER, WORLD, Broken, Edit, Fine, breaks, each, passes


def only_notices(*more: Edit) -> Edit:
    """An editorial version that is only made known, after one like it."""
    return each(
        lambda d: d.policy.update(kind="editorial"),
        lambda d: d.rollout.update(ladder=[{"step": "notice"}]),
        lambda d: d.after("2020-01-01"),
        *more,
    )


def wider(version: str, edition: str) -> str:
    return f"It permits more than version {version} did (edition {edition}), but the version is editorial."


def again(version: str, purpose: str = "dpv:PersonalisedAdvertising") -> str:
    return f"Version {version}, less than 365 days before, left {purpose} to the person: who refused is asked again."


BREAKS: Broken = [
    (
        "EDITORIAL-WIDENS",
        only_notices(lambda d: d.row("ads").update(necessity="required")),
        [(f"{EUROPE}.processing[ads]", wider("1", "europe"))],
    ),
    (
        "EDITORIAL-WIDENS",
        only_notices(
            lambda d: d.row("ads").update(id="adverts", retention="P180D"),
            lambda d: d.row("security", "world").update(retention="P91D"),
        ),
        [
            (f"{EUROPE}.processing[adverts]", wider("1", "europe")),
            (f"{WORLD}.processing[security]", wider("1", "world")),
        ],
    ),
    (
        "EDITORIAL-WIDENS",
        only_notices(lambda d: d.policy["recipients"]["sister"].update(name="Somebody else")),
        [(f"{place}.processing[ads]", wider("1", name)) for place, name in ((EUROPE, "europe"), (WORLD, "world"))],
    ),
    (
        "EDITORIAL-WIDENS",  # France gets the terms of the world, which let more be done
        only_notices(
            lambda d: d.row("ads", "world").update(covers_earlier=True),
            lambda d: d.after("2020-02-01", lambda e: e.row("ads", "world").update(covers_earlier=True)),
            lambda d: d.edition().update(countries=["DE"]),
        ),
        [(f"{WORLD}.processing[ads]", wider("2", "europe"))],
    ),
    (
        "EDITORIAL-WIDENS",  # beside the newest of them
        only_notices(lambda d: d.after("2020-02-01", lambda e: e.row("ads").update(retention="P30D"))),
        [(f"{EUROPE}.processing[ads]", wider("2", "europe"))],
    ),
    (
        "EDITORIAL-STEPS",
        each(
            lambda d: d.policy.update(kind="editorial"), lambda d: d.without("locked", "deletion_scheduled", "deleted")
        ),
        [
            (place, f"An editorial version is only made known, but the ladder has {step}.")
            for place in (EUROPEAN_LADDER, LADDER)
            for step in ("limited", "reminder")
        ],
    ),
    ("DMA-5-2-YEAR", lambda d: d.after("2020-05-16"), [(f"{EUROPE}.processing[ads]", again("1"))]),
    (
        "DMA-5-2-YEAR",  # for the same purpose, under another id
        each(lambda d: d.row("ads").update(id="adverts"), lambda d: d.after("2020-05-16")),
        [(f"{EUROPE}.processing[adverts]", again("1"))],
    ),
    (
        "DMA-5-2-YEAR",  # the same row, for another purpose
        each(lambda d: d.row("ads").update(purpose="dpv:Personalisation"), lambda d: d.after("2020-05-16")),
        [(f"{EUROPE}.processing[ads]", again("1", "dpv:Personalisation"))],
    ),
    (
        "DMA-5-2-YEAR",  # not even asked any more
        each(lambda d: d.row("ads").update(necessity="required"), lambda d: d.after("2020-05-16")),
        [(f"{EUROPE}.processing[ads]", again("1"))],
    ),
    (
        "DMA-5-2-YEAR",  # of two earlier versions, the one that is less than a year old
        each(lambda d: d.after("2019-01-01"), lambda d: d.after("2021-01-01")),
        [(f"{EUROPE}.processing[ads]", again("2"))],
    ),
    (
        "DMA-5-2-YEAR",  # people of the European Economic Area had the edition of the world before
        each(
            lambda d: d.after("2021-01-01", lambda e: e.policy.update(editions=[e.edition("world")])),
            lambda d: d.row("ads").update(necessity="required"),
        ),
        [(f"{EUROPE}.processing[ads]", again("1"))],
    ),
]
FINE: Fine = [
    ("EDITORIAL-WIDENS", only_notices()),
    ("EDITORIAL-WIDENS", only_notices(lambda d: d.row("ads").update(retention="P30D"))),
    ("EDITORIAL-WIDENS", lambda d: d.policy.update(kind="editorial")),
    (
        "EDITORIAL-WIDENS",
        each(
            only_notices(lambda d: d.row("ads").update(necessity="required")),
            lambda d: d.policy.update(kind="material"),
        ),
    ),
    ("EDITORIAL-STEPS", only_notices()),
    ("DMA-5-2-YEAR", lambda d: d.after("2020-05-15")),
    ("DMA-5-2-YEAR", lambda d: d.after("2021-01-01", kind="editorial")),
    ("DMA-5-2-YEAR", only_notices(lambda d: d.after("2021-01-01"))),
    ("DMA-5-2-YEAR", lambda d: d.after("2021-01-01", lambda e: e.row("ads").update(necessity="required"))),
    (
        "DMA-5-2-YEAR",  # what was required for the same purpose all along is asked of nobody
        each(
            lambda d: d.row("messages").update(purpose="dpv:PersonalisedAdvertising"),
            lambda d: d.edition()["processing"].remove(d.row("ads")),
            lambda d: d.after("2021-01-01", lambda e: e.row("messages").update(purpose="dpv:PersonalisedAdvertising")),
        ),
    ),
    (
        "DMA-5-2-YEAR",  # only the law of the European Economic Area
        each(lambda d: d.row("ads").update(id="tips", purpose="dpv:Personalisation"), lambda d: d.after("2021-01-01")),
    ),
]


@pytest.mark.parametrize(("code", "edit", "expected"), BREAKS)
def test_finds(code: str, edit: Edit, expected: list[tuple[str, str]]) -> None:
    breaks(code, edit, expected)


@pytest.mark.parametrize(("code", "edit"), FINE)
def test_passes(code: str, edit: Edit) -> None:
    passes(code, edit)
