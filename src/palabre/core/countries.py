"""The names of countries and territories, in the languages that people read."""

import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "fr")


@cache
def country_names() -> dict[str, dict[str, str]]:
    """Language -> ISO 3166-1 alpha-2 code -> name, of everything that has a calling code."""
    names: dict[str, list[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {language: {code: both[column] for code, both in names.items()} for column, language in enumerate(LANGUAGES)}


def country_name(code: str, language: str) -> str:
    """In English where the language is not ours; of an unknown country its code."""
    return country_names().get(language, country_names()["en"]).get(code, code)
