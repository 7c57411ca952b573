"""The list of countries that the phone number form offers."""

import tomllib
import unicodedata
from pathlib import Path

import phonenumbers

_FILE = Path(__file__).parent / "texts" / "countries.toml"
_COLUMN = {"en": 0, "fr": 1}


class Countries:
    """Names and calling codes, sorted as people of each language look for them."""

    def __init__(self) -> None:
        names: dict[str, list[str]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
        self._lists = {
            language: sorted(
                (
                    (region, f"{both[column]} (+{phonenumbers.country_code_for_region(region)})")
                    for region, both in names.items()
                ),
                key=lambda entry: _plain(entry[1]),
            )
            for language, column in _COLUMN.items()
        }

    def options(self, language: str) -> list[tuple[str, str]]:
        """(ISO 3166-1 code, "France (+33)") of every country with a calling code."""
        return self._lists[language]


def _plain(name: str) -> str:
    """Without accents, so that É stands at E."""
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c)).casefold()


def readable(e164: str) -> str:
    """A number as people write it, with spaces at which a line must not break."""
    number = phonenumbers.parse(e164)
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return text.replace(" ", "\u00a0").replace("-", "\u2011")
