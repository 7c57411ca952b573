"""Phone numbers: from what a person types to E.164 and a region."""

import msgspec
import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from ..core import errors

NOT_FOR_PEOPLE = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.TOLL_FREE}
"""Numbers that earn money for whoever is sent to, or that nobody receives messages on."""

WORLD = "001"
"""CLDR's region for numbers that belong to no country."""


class Number(msgspec.Struct, frozen=True):
    e164: str
    """`+` and 7 to 15 digits."""
    region: str
    """ISO 3166-1 alpha-2, or `001`."""


def parse(text: str, region_hint: str | None = None, *, fictional: bool = False) -> Number:
    """The number in `text`, read as dialled in `region_hint` when it has no country code.

    With `fictional`, numbers that fit the numbering plan without being assigned are taken too (test mode). Raises 400
    `M_INVALID_PARAM` otherwise.
    """
    if len(text) > 40:
        raise errors.invalid_param("This is too long for a phone number.")
    region = region_hint.upper() if region_hint else None
    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        raise errors.invalid_param("The country must be a two-letter code such as FR.")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise errors.invalid_param(
            "This is not a phone number. Write it with its country code: +33 6 12 34 56 78."
        ) from None
    if not _usable(number, fictional):
        raise errors.invalid_param("This phone number does not exist. Check its digits and the country code.")
    return Number(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), region_of(number))


def parse_msisdn(address: str, *, fictional: bool = False) -> Number:
    """The canonical form Matrix uses for `msisdn` addresses: E.164 without the plus."""
    return parse("+" + address.removeprefix("+"), fictional=fictional)


def region_of(number: PhoneNumber) -> str:
    return phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
        number.country_code or 0
    )


def _usable(number: PhoneNumber, fictional: bool) -> bool:
    if fictional:
        return phonenumbers.is_possible_number(number)
    return phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) not in NOT_FOR_PEOPLE
