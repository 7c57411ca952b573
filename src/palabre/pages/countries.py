"""The list of countries that the phone number form offers."""

import unicodedata

import phonenumbers

from ..core.countries import country_names


class Countries:
    """Names and calling codes, sorted as people of each language look for them."""

    def __init__(self) -> None:
        self._lists = {
            language: sorted(
                (
                    (region, f"{name} (+{phonenumbers.country_code_for_region(region)})")
                    for region, name in names.items()
                ),
                key=lambda entry: _plain(entry[1]),
            )
            for language, names in country_names().items()
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
