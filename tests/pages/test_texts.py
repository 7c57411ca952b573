"""The two catalogues say the same things."""

import re
from pathlib import Path

import pytest

from palabre.core.text import Texts
from palabre.pages.compose import TEXTS
from palabre.pages.countries import Countries, readable

PAGES = TEXTS.parent
ENGLISH_WORDS = re.compile(r"\b(the|your|and|with|this)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts.load(TEXTS)


def test_both_languages_have_the_same_keys_and_placeholders(texts: Texts) -> None:
    assert texts.keys("en") == texts.keys("fr")


def test_nothing_is_left_in_the_other_language(texts: Texts) -> None:
    for key in texts.keys("fr"):
        assert not ENGLISH_WORDS.search(texts.get("fr", key, **dict.fromkeys(texts.keys("fr")[key], ""))), key


def test_every_text_that_a_page_names_exists(texts: Texts) -> None:
    sources = [path.read_text() for path in _files("*.html") + _files("*.py")]
    named = {key for source in sources for key in re.findall(r"""\bt\("([a-z_]+\.[A-Za-z_]+)"[,) ]""", source)}
    assert len(named) > 100
    assert named <= set(texts.keys("en"))
    counted = {key for source in sources for key in re.findall(r'\bcount\("([a-z_.]+)"', source)}
    assert {f"{key}.{form}" for key in counted for form in ("one", "other")} <= set(texts.keys("en"))


def test_every_text_is_used(texts: Texts) -> None:
    source = "\n".join(path.read_text() for path in _files("*.html") + _files("*.py"))
    for key in texts.keys("en"):
        stem = key.removesuffix(".one").removesuffix(".other")
        by_name = ("errors", "confirm", "done", "account", "console_named")
        assert f'"{key}"' in source or f'"{stem}"' in source or stem.split(".")[0] in by_name, key


def test_counting_follows_each_language(texts: Texts) -> None:
    assert texts.count("en", "account.devices_count", 0).startswith("0 devices")
    assert texts.count("fr", "account.devices_count", 0).startswith("0 appareil ")
    assert texts.count("en", "account.devices_count", 1).startswith("1 device ")
    assert texts.count("fr", "account.devices_count", 2).startswith("2 appareils")


def test_french_punctuation_never_begins_a_line(texts: Texts) -> None:
    assert texts.get("fr", "home.name").endswith("\u202f?")
    assert texts.get("fr", "frame.error").endswith("\u00a0:")


def test_a_missing_placeholder_is_an_error(texts: Texts) -> None:
    with pytest.raises(KeyError):
        texts.get("en", "sign_in.code_lead")


def test_placeholders_are_not_formats(texts: Texts) -> None:
    assert "{0.__class__} {x}" in texts.get("en", "consent.title", app="{0.__class__} {x}")


def test_countries_are_sorted_as_people_look_for_them() -> None:
    countries = Countries()
    names = [name for _, name in countries.options("fr")]
    assert names.index("Équateur (+593)") < names.index("Espagne (+34)") < names.index("Suisse (+41)")
    assert dict(countries.options("en"))["CI"] == "Côte d'Ivoire (+225)"


def test_numbers_are_written_for_people() -> None:
    assert readable("+33612345678").replace("\u00a0", " ") == "+33 6 12 34 56 78"


def _files(pattern: str) -> list[Path]:
    return sorted(PAGES.rglob(pattern))
